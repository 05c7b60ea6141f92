import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_ROOT } from './lib/paths.mjs';

// `npm run links`: `repository.url` in package.json is the one place that names the repository. Everything else that leads
// there (homepage, the author's address, links of nodes, credentials and texts) is rewritten from it. The homepage is
// what was written last, so it says what to replace. test/unit/repository.test.ts tells when this has to be run.

const MANIFEST = 'package.json';

/** @param {string} file */
const pathOf = (file) => path.join(PROJECT_ROOT, file);

/** @param {string} address */
const ownerOf = (address) => new URL(address).pathname.split('/')[1] ?? '';

/** Files that lead to the repository. */
async function places() {
	const below = await Promise.all(
		['nodes', 'credentials', 'docs'].map(async (folder) =>
			(await readdir(pathOf(folder), { recursive: true })).map((name) => path.join(folder, name)),
		),
	);
	const texts = below.flat().filter((name) => /\.(?:json|md|ts)$/.test(name));
	return [MANIFEST, 'CHANGELOG.md', 'README.md', ...texts];
}

/** @type {{ homepage: string, repository: { url: string } }} */
const { homepage, repository } = JSON.parse(await readFile(pathOf(MANIFEST), 'utf8'));
const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
if (home !== homepage) {
	for (const file of await places()) {
		const text = await readFile(pathOf(file), 'utf8');
		const mail = '@users.noreply.github.com';
		const changed = text
			.replaceAll(homepage, home)
			.replaceAll(`"${ownerOf(homepage)}${mail}"`, `"${ownerOf(home)}${mail}"`);
		if (changed === text) continue;
		await writeFile(pathOf(file), changed);
		console.log(file);
	}
}
