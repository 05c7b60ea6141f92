import endToEnd from '../e2e/jest.config.mjs';

/** @type {import('jest').Config} */
export default {
	...endToEnd,
	// Processes of n8n take up to half a minute to start on a busy machine, and the loss of one is noticed after another half.
	testTimeout: 240_000,
};
