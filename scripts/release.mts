import applyReleasePlan from '@changesets/apply-release-plan';
import assembleReleasePlan from '@changesets/assemble-release-plan';
import { read as readConfig } from '@changesets/config';
import readChangesets from '@changesets/read';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run } from './lib/process.mjs';
import { readReleases } from './lib/releases.mjs';

/** A module as Node.js gives it that was compiled to CommonJS with a default export. */
const defaultOf = <T,>(module: T): T => (module as { default?: T }).default ?? module;

/**
 * `npm run release`: turns the files of `.changeset` into versions and changelogs. The three packages are made out of one tree
 * and are no workspaces, so that the command of changesets does not find them: its libraries take them as a list.
 */
export async function main(): Promise<void> {
	const root = { dir: PROJECT_ROOT, packageJson: { name: 'root', version: '0.0.0' } };
	const packages = { tool: 'root' as const, root, packages: await readReleases() };
	const config = await readConfig(PROJECT_ROOT, packages);
	const changesets = await defaultOf(readChangesets)(PROJECT_ROOT);
	const plan = defaultOf(assembleReleasePlan)(changesets, packages, config, undefined);
	await defaultOf(applyReleasePlan)(plan, packages, config, undefined, PROJECT_ROOT);
	// The lock file names the version as well.
	await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--offline']);
	for (const { name, newVersion } of plan.releases) console.log(`${name}@${newVersion}`);
	if (plan.releases.length === 0) console.log('Nothing to release: .changeset has no changes.');
}
