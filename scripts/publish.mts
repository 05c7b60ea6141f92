import { mkdtemp, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { extract } from 'tar';
import { Failure } from './lib/main.mjs';
import { removeFolder } from './lib/n8n-install.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run } from './lib/process.mjs';
import { hasSection, readReleases, releasesOf, type Release } from './lib/releases.mjs';

/** Publishes nothing, and needs neither a network nor a login. */
const DRY_RUN = '--dry-run';

const archiveOf = ({ packageJson: { name, version } }: Release): string =>
	path.join(PROJECT_ROOT, 'packages', `${name}-${version}.tgz`);

/** What is wrong with a tarball of `npm run pack`. */
async function problemsOf(release: Release): Promise<string[]> {
	const { name, version } = release.packageJson;
	const archive = archiveOf(release);
	if (!existsSync(archive)) return [`${path.basename(archive)} is missing: run \`npm run pack\``];
	const folder = await mkdtemp(path.join(os.tmpdir(), 'document-runs-publish-'));
	try {
		await extract({ file: archive, cwd: folder, strip: 1 });
		const text = async (file: string) => await readFile(path.join(folder, file), 'utf8').catch(() => '');
		const packed = JSON.parse((await text('package.json')) || '{}') as Partial<Release['packageJson']>;
		const rules: Array<[isMet: boolean, problem: string]> = [
			[packed.name === name && packed.version === version, `it is ${packed.name}@${packed.version}`],
			[hasSection(await text('CHANGELOG.md'), version), `its CHANGELOG.md has no section ${version}`],
		];
		return rules.flatMap(([isMet, problem]) => (isMet ? [] : [`${path.basename(archive)}: ${problem}`]));
	} finally {
		await removeFolder(folder);
	}
}

/**
 * `npm run publish:tag -- <tag>`: publishes the tarballs of `npm run pack` that a tag names, with provenance.
 * `npm run publish:dry` does all but that; without a tag for each package, as if it had the tag of its version.
 */
export async function main(args: string[]): Promise<void> {
	const dryRun = args.includes(DRY_RUN);
	const [tag] = args.filter((arg) => arg !== DRY_RUN);
	if (tag === undefined && !dryRun) throw new Failure('Which tag is to be published?');
	const all = await readReleases();
	const releases = tag === undefined ? all : releasesOf(tag, all);
	const problems = (await Promise.all(releases.map(problemsOf))).flat();
	if (problems.length > 0) throw new Failure(problems.join('\n'));
	for (const release of releases) {
		const options = ['--provenance', '--access', 'public', ...(dryRun ? [DRY_RUN, '--offline'] : [])];
		await run('npm', ['publish', archiveOf(release), ...options]);
		console.log(
			`${release.packageJson.name}@${release.packageJson.version}${dryRun ? ' could be published' : ''}`,
		);
	}
}
