/** @type {import('jest').Config} */
module.exports = {
	testEnvironment: 'node',
	roots: ['<rootDir>/test'],
	testMatch: ['**/*.test.ts'],
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
	testPathIgnorePatterns: ['/node_modules/', '/test/e2e/'],
	maxWorkers: 2,
	testTimeout: 30_000,
};
