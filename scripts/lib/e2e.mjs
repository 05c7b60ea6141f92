import http from 'node:http';
import path from 'node:path';
import { findBrowser } from './browser.mjs';
import { PROJECT_ROOT } from './paths.mjs';
import { LOOPBACK } from './ports.mjs';
import { onExit, run } from './process.mjs';
import { Progress } from './progress.mjs';
import { startStack } from './stack.mjs';

/**
 * What the tests get to know of what runs, as JSON in the environment variable `E2E_STACK`.
 *
 * @typedef {object} E2eStack
 * @property {string} n8nUrl
 * @property {string} sandboxUrl
 * @property {string} controlUrl `POST /restart` there restarts n8n on its database and answers when it is ready.
 * @property {string} browser Path of Chromium.
 * @property {import('./real-n8n.mjs').Credential[]} credentials
 * @property {string | undefined} images Where pictures for the documentation go; nothing means that none are taken.
 */

/**
 * Starts everything and runs the end-to-end tests against it. Processes belong to this program and not to the tests,
 * so that they end with it whatever happens to the tests.
 *
 * @param {object} options
 * @param {string[]} options.jestArguments
 * @param {string} [options.images]
 * @returns {Promise<number>} jest's exit code.
 */
export async function runE2e({ jestArguments, images }) {
	const browser = findBrowser();
	const progress = new Progress();
	const { n8n, sandbox, credentials } = await startStack(progress);
	const controlUrl = await startControl(() => n8n.restart());
	/** @type {E2eStack} */
	const stack = { n8nUrl: n8n.url, sandboxUrl: sandbox.url, controlUrl, browser, credentials, images };
	const jest = path.join(PROJECT_ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
	const config = path.join(PROJECT_ROOT, 'test', 'e2e', 'jest.config.mjs');
	// The tests import these scripts, which are ECMAScript modules: jest needs Node.js's flag for that.
	const args = ['--experimental-vm-modules', '--no-warnings', jest, '--config', config, '--runInBand'];
	const { code } = await run(process.execPath, [...args, ...jestArguments], {
		cwd: PROJECT_ROOT,
		output: 'inherit',
		env: { E2E_STACK: JSON.stringify(stack) },
	});
	if (code !== 0) progress.say(`\nThe last lines of n8n:\n${n8n.tail()}`);
	return code;
}

/**
 * @param {() => Promise<void>} restart
 * @returns {Promise<string>} Its origin.
 */
async function startControl(restart) {
	const server = http.createServer((request, response) => {
		if (request.method !== 'POST' || request.url !== '/restart') {
			response.writeHead(404).end();
			return;
		}
		restart().then(
			() => response.writeHead(204).end(),
			(error) => response.writeHead(500).end(String(error)),
		);
	});
	await new Promise((resolve) => server.listen(0, LOOPBACK, () => resolve(undefined)));
	onExit(() => server.close());
	const address = /** @type {import('node:net').AddressInfo} */ (server.address());
	return `http://${LOOPBACK}:${address.port}`;
}
