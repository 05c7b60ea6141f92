import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { serve } from '@hono/node-server';
import { Launcher } from 'chrome-launcher';
import getPort from 'get-port';
import { Hono } from 'hono';
import { Failure } from './lib/main.mjs';
import { N8N, N8N_1 } from './lib/n8n-install.mjs';
import { IMAGES } from './lib/paths.mjs';
import { show } from './lib/process.mjs';
import { LOOPBACK, installedIn, withStack } from './lib/stack.mjs';
import { hasFfmpeg, makeVideos } from './lib/video.mjs';
import { PACKAGES as PLANS, onlyProvider } from './packages/plan.js';

/**
 * What the tests get to know of what runs, as JSON in the environment variable `E2E_STACK`.
 *
 * @typedef {object} E2eStack
 * @property {boolean} isN8n1 Whether that is n8n 1, whose editor differs in places.
 * @property {string} n8nUrl
 * @property {string} sandboxUrl
 * @property {string} controlUrl `POST /restart` there restarts n8n on its database and answers when it is ready.
 * @property {string} browser Path of Chromium.
 * @property {string} profile Folder for what Chromium keeps: the login, and the cache of what the editor loads.
 * @property {import('./lib/n8n-client.mjs').Credential[]} credentials
 * @property {string[]} packages Folders of the installed packages for one service.
 * @property {string | undefined} images Where pictures for the documentation go; nothing means that none are taken.
 * @property {string | undefined} recording Where the frames of a recording go.
 */

/**
 * The flag of `npm run screenshots`: takes the pictures of docs/images anew while the editor is tested; of some tests alone with
 * further arguments of jest.
 */
const SCREENSHOTS = '--screenshots';

/** The flag that tests how the packages for one service install, each alone and all together, instead of the package for all. */
const PACKAGES = '--packages';

/** The flag of the load test of webhooks. */
const LOAD = '--load';

/**
 * n8n's default engine for expressions makes an isolate for each call of a webhook and each execution: on two cores it takes
 * a few calls a second, and the load would measure that engine.
 */
const LOAD_ENV = { N8N_EXPRESSION_ENGINE: 'legacy' };

/** The flag that tests in the newest n8n 1 instead of the newest n8n. */
const OLD_N8N = '--n8n-1';

/** The flag of `npm run recording`: films the editor instead of testing it. */
const RECORDING = '--recording';

/**
 * `npm run test:e2e`: the examples in a real n8n, by REST and by clicking through its editor. Processes belong to this
 * program and not to the tests, so that they end with it whatever happens to the tests.
 *
 * @param {string[]} args
 */
export async function main(args) {
	const images = args.includes(SCREENSHOTS) ? IMAGES : undefined;
	if (images) await mkdir(images, { recursive: true });
	const isFilmed = args.includes(RECORDING);
	if (isFilmed && !(await hasFfmpeg())) {
		console.log('No recording: ffmpeg is not installed (on Debian: apt-get install ffmpeg).');
		return 0;
	}
	const install = args.includes(OLD_N8N) ? N8N_1 : N8N;
	if (args.includes(LOAD))
		return await testIn(['--testMatch', '**/webhooks.load.ts'], { install, env: LOAD_ENV });
	const flags = [SCREENSHOTS, RECORDING, OLD_N8N];
	const rest = args.filter((one) => !flags.includes(one));
	const all = images ? ['editor', 'newcomer'] : [];
	const chosen = rest.length > 0 ? rest : all;
	const jestArguments = isFilmed ? ['--testMatch', '**/recording.take.ts'] : chosen;
	if (!args.includes(PACKAGES)) return await testIn(jestArguments, { install, images, isFilmed });
	const small = PLANS.filter(onlyProvider).map(({ name }) => name);
	let code = 0;
	for (const packages of [...small.map((name) => [name]), small]) {
		console.log(`\nA fresh n8n with ${packages.join(' and ')}`);
		code = (await testIn(['--testMatch', '**/packages.install.ts'], { install, packages })) || code;
	}
	return code;
}

/**
 * Runs the tests in a fresh n8n.
 *
 * @param {string[]} jestArguments
 * @param {{
 * 	install: import('./lib/n8n-install.mjs').N8nInstall,
 * 	images?: string | undefined,
 * 	isFilmed?: boolean,
 * 	packages?: string[],
 * 	env?: NodeJS.ProcessEnv,
 * }} choices
 */
async function testIn(jestArguments, { install, images, isFilmed = false, packages, env = {} }) {
	const browser = process.env['CHROMIUM_PATH'] ?? findBrowser();
	const options = packages ? { install, env, packages } : { install, env };
	return await withStack(options, async ({ n8n, sandbox, credentials, folder }) => {
		const port = await getPort({ host: LOOPBACK });
		const { fetch } = new Hono().post('/restart', async (context) => {
			await n8n.restart();
			return context.body(null, 204);
		});
		serve({ fetch, hostname: LOOPBACK, port });
		/** @type {E2eStack} */
		const stack = {
			isN8n1: install === N8N_1,
			n8nUrl: n8n.url,
			sandboxUrl: sandbox.url,
			controlUrl: `http://${LOOPBACK}:${port}`,
			browser,
			profile: path.join(folder, 'browser'),
			credentials,
			packages: (packages ?? []).map((name) => path.join(installedIn(folder), name)),
			images,
			recording: isFilmed ? path.join(folder, 'recording') : undefined,
		};
		// The tests import these scripts, which are ECMAScript modules: jest needs Node.js's flag for that.
		const jest = [
			'--experimental-vm-modules',
			'--no-warnings',
			'node_modules/jest/bin/jest.js',
			'--runInBand',
		];
		const code = await show([...jest, '--config', 'test/e2e/jest.config.mjs', ...jestArguments], {
			env: { E2E_STACK: JSON.stringify(stack) },
		});
		if (code !== 0) console.error(`\nThe last lines of n8n:\n${await n8n.tail()}`);
		else if (stack.recording) await makeVideos(stack.recording);
		return code;
	});
}

function findBrowser() {
	try {
		const [found] = Launcher.getInstallations();
		if (found) return found;
	} catch {
		// It throws where it finds none.
	}
	throw new Failure('No Chromium or Chrome was found for the end-to-end tests.', {
		hint: 'Install one (on Debian: apt-get install chromium) or set CHROMIUM_PATH.',
	});
}
