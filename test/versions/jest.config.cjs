const shared = require('../../jest.config.js');

/** The tests of nodes, with the built package and with n8n's engine from the folder `N8N_ENGINE`. */

/** @type {import('jest').Config} */
module.exports = {
	...shared,
	rootDir: '../..',
	roots: ['<rootDir>/test/nodes'],
	resolver: '<rootDir>/test/versions/resolver.cjs',
	// ECMAScript modules that the engine of n8n 2.0 loads with `require`, as Node.js itself would.
	transformIgnorePatterns: ['/node_modules/(?!(?:is-network-error|p-retry)/)', '<rootDir>/dist/'],
};
