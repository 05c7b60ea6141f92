import js from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { defineConfig, globalIgnores } from 'eslint/config';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';

const SOURCES = '**/*.{ts,mts}';
const NODES = 'nodes/**/*.ts';
const CREDENTIALS = 'credentials/**/*.ts';
const CODEX = 'nodes/**/*.json';
const MANIFEST = 'package.json';
const TESTS = 'test/**/*.ts';

/**
 * Pairs of n8n's own rules that no text can satisfy at once. On sources the newer plugin wins, as in n8n's own
 * configurations (node CLI, package scan), which leave the three on the left out. On what the sources build it is the other
 * way round: there `NodeConnectionTypes.Main` has become the 'main' that the older rules look for.
 */
const CONTRADICTED_IN_SOURCES = new Set([
	// Wants `camelCase`, "only applicable to nodes in the main repository"; `documentation-url-not-http-url` wants a URL.
	'n8n-nodes-base/cred-class-field-documentation-url-miscased',
	// Want the literal 'main'; `node-connection-type-literal` wants `NodeConnectionTypes.Main`.
	'n8n-nodes-base/node-class-description-inputs-wrong-regular-node',
	'n8n-nodes-base/node-class-description-outputs-wrong',
]);
const CONTRADICTED_IN_BUILT = new Set([
	'n8n-nodes-base/cred-class-field-documentation-url-miscased',
	'@n8n/community-nodes/node-connection-type-literal',
	// Looks for methods, which are not written out there.
	'@n8n/community-nodes/webhook-lifecycle-complete',
]);

/** Rules of typescript-eslint that tests cannot follow. */
const MADE_FOR_NO_TEST = new Set([
	// The stand-in for n8n's HTTP Request node calls the deprecated helper that the original calls.
	'@typescript-eslint/no-deprecated',
	// The matchers of jest, `expect.any(String)` and its like, have the type `any`.
	'@typescript-eslint/no-unsafe-assignment',
	// Test doubles are asynchronous because what they stand for is, and often have nothing to wait for.
	'@typescript-eslint/require-await',
]);

/** The strict rules of typescript-eslint, without some. */
function strict(without = new Set()) {
	return tseslint.configs.strictTypeChecked.map((config) => ({
		...config,
		...(config.rules && {
			rules: Object.fromEntries(Object.entries(config.rules).filter(([name]) => !without.has(name))),
		}),
	}));
}

const plugins = { '@n8n/community-nodes': n8nCommunityNodesPlugin, 'n8n-nodes-base': n8nNodesBase };

/** All rules of n8n's two plugins, as errors, each for the kind of file it is made for. */
function n8nRules(contradicted) {
	const asErrors = (names) =>
		Object.fromEntries(names.filter((name) => !contradicted.has(name)).map((name) => [name, 'error']));
	const nodesBase = (ruleSet) => asErrors(Object.keys(n8nNodesBase.configs[ruleSet].rules));
	const community = Object.keys(n8nCommunityNodesPlugin.rules).map((name) => `@n8n/community-nodes/${name}`);
	return [
		{ files: [NODES, CREDENTIALS, CODEX, MANIFEST], plugins, rules: asErrors(community) },
		{ files: [NODES], rules: nodesBase('nodes') },
		{ files: [CREDENTIALS], rules: nodesBase('credentials') },
		{ files: [MANIFEST], rules: nodesBase('community') },
	];
}

/**
 * For the descriptions as n8n gets them: much of ours is built by functions, which rules that read sources cannot follow.
 * test/nodes/descriptions.test.ts writes them out as literals and checks those with this configuration.
 */
export const builtDescriptions = [
	{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } },
	...n8nRules(CONTRADICTED_IN_BUILT),
];

export default defineConfig(
	globalIgnores(['**/node_modules/', 'dist/', 'coverage/']),
	{
		// n8n's package scan does not honour comments that switch rules off, so they have no effect here either.
		linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
	},
	{
		files: ['**/*.{js,mjs}'],
		extends: [js.configs.recommended],
		languageOptions: {
			globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
		},
	},
	{
		files: ['*.js'],
		languageOptions: {
			sourceType: 'commonjs',
			globals: { exports: 'readonly', module: 'writable', require: 'readonly' },
		},
	},
	{
		files: [SOURCES],
		extends: [js.configs.recommended],
		languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
	},
	{ files: [SOURCES], ignores: [TESTS], extends: strict() },
	{ files: [TESTS], extends: strict(MADE_FOR_NO_TEST) },
	{
		files: [SOURCES],
		rules: {
			'@typescript-eslint/no-explicit-any': 'error',
			'@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
			// The reason of an AbortSignal has no type; `only-throw-error` lets it pass by default, this one must be told.
			'@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true }],
			// `(id) => seen.add(id)` and `${count} runs` are plain; everything else these rules find is an error.
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
		},
	},
	...n8nRules(CONTRADICTED_IN_SOURCES),
	{ files: [NODES, CREDENTIALS], rules: { 'no-console': 'error' } },
	// As in n8n's scan: its rules read JSON as the object literal that it is.
	{ files: [CODEX, MANIFEST], languageOptions: { parser: tseslint.parser } },
);
