import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from './main.mjs';
import { PROJECT_ROOT } from './paths.mjs';

/** The packages of this tree, and the folder with the version and the changelog of each. */
const FOLDERS = {
	'n8n-nodes-document-runs': '.',
	'n8n-nodes-extend': 'releases/n8n-nodes-extend',
	'n8n-nodes-retab': 'releases/n8n-nodes-retab',
};

export interface Release {
	dir: string;
	packageJson: { name: string; version: string };
}

export async function readReleases(): Promise<Release[]> {
	return await Promise.all(
		Object.values(FOLDERS).map(async (folder) => {
			const dir = path.join(PROJECT_ROOT, folder);
			const text = await readFile(path.join(dir, 'package.json'), 'utf8');
			return { dir, packageJson: JSON.parse(text) as Release['packageJson'] };
		}),
	);
}

/** The packages that a tag publishes: `v1.2.3` all of them, `n8n-nodes-retab@1.2.3` one. Each must have this version. */
export function releasesOf(tag: string, releases: Release[]): Release[] {
	const { name, version } = /^(?:v|(?<name>[a-z\d-]+)@)(?<version>\d+\.\d+\.\d+.*)$/.exec(tag)?.groups ?? {};
	const tagged = releases.filter(({ packageJson }) => name === undefined || packageJson.name === name);
	if (version === undefined || tagged.length === 0) {
		throw new Failure(`The tag ${tag} names no package.`, {
			hint: `Tag all packages with v<version>, or one with <package>@<version>: ${Object.keys(FOLDERS).join(', ')}.`,
		});
	}
	const others = tagged.filter(({ packageJson }) => packageJson.version !== version);
	if (others.length > 0) {
		const found = others.map(({ packageJson }) => `${packageJson.name} is ${packageJson.version}`).join(', ');
		throw new Failure(`The tag ${tag} does not fit: ${found}.`, {
			hint: 'Run `npm run release`, commit what it writes, and tag that commit.',
		});
	}
	return tagged;
}
