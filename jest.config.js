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
	// A worker ends its work at once, with nothing left open. Giving back a heap with n8n in it takes longer than jest's
	// default of 500 ms on a busy machine, which jest would report as a leak.
	workerGracefulExitTimeout: 10_000,
	testTimeout: 30_000,
};
