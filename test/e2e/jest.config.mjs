/** @type {import('jest').Config} */
export default {
	testEnvironment: 'node',
	testMatch: ['**/*.test.ts'],
	// The tests share the REST client with the scripts, which are ECMAScript modules.
	extensionsToTreatAsEsm: ['.ts'],
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
	testTimeout: 120_000,
};
