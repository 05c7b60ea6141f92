import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PACKAGES } from '../packages/plan.js';
import { Failure } from './main.mjs';
import { PROJECT_ROOT } from './paths.mjs';

/** A package and its version. */
export interface Release {
	/** The folder with its version and changelog: that of the project for the package of all services. */
	dir: string;
	packageJson: { name: string; version: string };
}

export async function readRelease(name: string): Promise<Release> {
	const dir = path.join(PROJECT_ROOT, PACKAGES[0]?.name === name ? '.' : `releases/${name}`);
	const text = await readFile(path.join(dir, 'package.json'), 'utf8');
	return { dir, packageJson: JSON.parse(text) as Release['packageJson'] };
}

export async function readReleases(): Promise<Release[]> {
	return await Promise.all(PACKAGES.map(async ({ name }) => await readRelease(name)));
}

/** Whether a changelog says what is new in a version. */
export function hasSection(changelog: string, version: string): boolean {
	const heads = [`## ${version}`, `## [${version}]`];
	return changelog.split('\n').some((line) => heads.some((head) => line.startsWith(head)));
}

/** The packages that a tag publishes: `v1.2.3` all of them, `n8n-nodes-retab@1.2.3` one. Each must have this version. */
export function releasesOf(tag: string, releases: Release[]): Release[] {
	const { name, version } = /^(?:v|(?<name>[a-z\d-]+)@)(?<version>\d+\.\d+\.\d+.*)$/.exec(tag)?.groups ?? {};
	const tagged = releases.filter(({ packageJson }) => name === undefined || packageJson.name === name);
	if (version === undefined || tagged.length === 0) {
		throw new Failure(`The tag ${tag} names no package.`, {
			hint: `Tag all packages with v<version>, or one with <package>@<version>: ${releases.map(({ packageJson }) => packageJson.name).join(', ')}.`,
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
