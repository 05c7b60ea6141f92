import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';

/** Where Chromium and its relatives usually are, by `process.platform`. */
const USUAL_PLACES = {
	linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
	darwin: [
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
		'/Applications/Chromium.app/Contents/MacOS/Chromium',
		'/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
	],
	win32: [process.env['PROGRAMFILES'], process.env['PROGRAMFILES(X86)'], process.env['LOCALAPPDATA']].flatMap(
		(folder) =>
			folder === undefined
				? []
				: [
						path.join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
						path.join(folder, 'Chromium', 'Application', 'chrome.exe'),
						path.join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
					],
	),
};

/**
 * The browser for the end-to-end tests.
 *
 * @returns {string} Path of its program.
 * @throws {Failure} When there is none.
 */
export function findBrowser() {
	const chosen = process.env['CHROMIUM_PATH'];
	if (chosen) {
		if (existsSync(chosen)) return chosen;
		throw new Failure(`CHROMIUM_PATH names ${chosen}, which does not exist.`);
	}
	const places = Object.entries(USUAL_PLACES).find(([platform]) => platform === process.platform)?.[1] ?? [];
	const found = places.find((place) => existsSync(place));
	if (found) return found;
	throw new Failure('No Chromium or Chrome was found for the end-to-end tests.', {
		hint: `Install one (on Debian: apt-get install chromium) or set CHROMIUM_PATH. Looked at: ${places.join(', ') || 'nothing'}.`,
	});
}

/** Flags for a browser that runs unattended, also as root in a container, and asks nobody on the internet. */
export const BROWSER_FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];
