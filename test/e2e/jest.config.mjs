/** @type {import('jest').Config} */
export default {
	testEnvironment: 'node',
	testMatch: ['**/*.test.ts'],
	// The tests share the REST client with the scripts, which are ECMAScript modules.
	extensionsToTreatAsEsm: ['.ts', '.mts'],
	// As TypeScript resolves imports: `x.mjs` is `x.mts` where that exists.
	moduleNameMapper: {
		'^(\\..*)\\.mjs$': ['$1.mts', '$1.mjs'],
		'^(\\..*/(?:sandbox/server|packages)/.*)\\.js$': '$1.ts',
	},
	transform: {
		'^.+\\.m?ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
	},
	testTimeout: 120_000,
};
