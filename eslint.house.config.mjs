import { defineConfig } from 'eslint/config';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** The layers of nodes/shared, from the bottom up: each may import from those below it only. */
const CORE = './nodes/shared/core';
const PROVIDERS = './nodes/shared/providers';
const N8N = './nodes/shared/n8n';

/** The rooms of one provider. Only the registry, its own node and its own credential know them. */
const ROOMS = ['retab', 'extend'].map((room) => `${PROVIDERS}/${room}`);

const zones = [
	{
		target: CORE,
		from: [PROVIDERS, N8N, './credentials'],
		message: 'Core knows no vendor and no n8n: pass it in, or move the line up to providers or n8n.',
	},
	{
		target: PROVIDERS,
		from: [N8N, './credentials'],
		message: 'Providers do not know n8n: what needs n8n belongs into nodes/shared/n8n.',
	},
	{
		target: [N8N, './nodes/TimeoutCancel', './nodes/RunTrigger', `${PROVIDERS}/client`, `${PROVIDERS}/lists`],
		from: ROOMS,
		message:
			'Only providers/index.ts knows which providers there are: add a field to the tables (providers/types.ts) instead.',
	},
	{
		target: './nodes/shared',
		from: [
			'./nodes/Retab',
			'./nodes/Extend',
			'./nodes/ExtendTrigger',
			'./nodes/TimeoutCancel',
			'./nodes/RunTrigger',
			'./credentials',
		],
		message: 'Shared code knows no node: move what is shared down into nodes/shared.',
	},
];

/** Rules of this project beside n8n's own (eslint.config.mjs): which layer may import from which, and how large a room gets. */
export default defineConfig(
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		languageOptions: { parser: tseslint.parser },
		linterOptions: { noInlineConfig: true },
		plugins: { 'import-x': importX },
		settings: {
			'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
			'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts'] })],
		},
		rules: {
			'import-x/no-cycle': 'error',
			'import-x/no-duplicates': 'error',
			'import-x/no-restricted-paths': ['error', { zones }],
			'max-lines': ['error', 350],
			'max-lines-per-function': ['error', 50],
			'no-restricted-syntax': [
				'error',
				{
					// The constructor and 14 members.
					selector: 'ClassBody > :nth-child(16)',
					message: 'A class has fewer than 15 members: give a piece of its state an owner of its own.',
				},
			],
		},
	},
	{
		files: ['nodes/shared/core/**/*.ts', 'nodes/shared/providers/**/*.ts'],
		rules: {
			'no-restricted-imports': [
				'error',
				{ name: 'n8n-workflow', message: 'What needs n8n belongs into nodes/shared/n8n.' },
			],
		},
	},
	// One row a resource: a table of resources is as long as the API.
	{ files: ['nodes/shared/providers/*/{resources,create}.ts'], rules: { 'max-lines': 'off' } },
);
