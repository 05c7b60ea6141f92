/** `npm run test:packages` sets it to an unpacked package, which then takes the place of the sources. */
const { PACKAGE_DIR } = process.env;

const packed = PACKAGE_DIR && {
	moduleNameMapper: {
		'^(?:\\.\\./)+((?:nodes/(?:[A-Z]\\w*|shared)|credentials)/.+)$': `${PACKAGE_DIR}/dist/$1`,
	},
	// What n8n provides.
	modulePaths: ['<rootDir>/node_modules'],
};

/** @type {import('jest').Config} */
module.exports = {
	testEnvironment: 'node',
	roots: ['<rootDir>/test'],
	testMatch: ['**/*.test.ts'],
	transform: {
		'^.+\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
	},
	// Written as ECMAScript modules only.
	transformIgnorePatterns: ['/node_modules/(?!(?:github-slugger|markdown-table)/)'],
	// tsx finds `Retab.node.ts` as `Retab.node.js`: without an ending it would take `Retab.node.json`. The scripts, which are
	// ECMAScript modules, want an ending where the tables of a provider import its code.
	moduleNameMapper: { '^(\\..*(?:\\.node|/code))\\.js$': '$1' },
	testPathIgnorePatterns: ['/node_modules/', '/test/e2e/', '/test/queue/'],
	maxWorkers: 2,
	// A worker ends its work at once, with nothing left open. Giving back a heap with n8n in it takes longer than jest's
	// default of 500 ms on a busy machine, which jest would report as a leak.
	workerGracefulExitTimeout: 10_000,
	testTimeout: 30_000,
	...packed,
};
