/** @type {import('jest').Config} */
module.exports = {
	testEnvironment: 'node',
	roots: ['<rootDir>/test'],
	testMatch: ['**/*.test.ts'],
	transform: {
		'^.+\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
	},
	// Written as an ECMAScript module only.
	transformIgnorePatterns: ['/node_modules/(?!markdown-table/)'],
	testPathIgnorePatterns: ['/node_modules/', '/test/e2e/'],
	maxWorkers: 2,
	testTimeout: 30_000,
};
