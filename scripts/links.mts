import { readFile, writeFile } from 'node:fs/promises';
import { glob } from 'tinyglobby';

const PLACES = ['package.json', 'CHANGELOG.md', 'README.md', '{nodes,credentials,docs}/**/*.{json,md,ts}'];

const ownerOf = (address: string): string => new URL(address).pathname.split('/')[1] ?? '';

/**
 * `npm run links`: rewrites all links to the repository after `repository.url` in package.json was changed. The homepage still
 * has the address of the last time, which is what is replaced. test/unit/repository.test.ts fails when this has to be run.
 */
export async function main(): Promise<void> {
	const { homepage, repository } = JSON.parse(await readFile('package.json', 'utf8')) as {
		homepage: string;
		repository: { url: string };
	};
	const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
	const [before, after] = [homepage, home].map((address) => `"${ownerOf(address)}@users.noreply.github.com"`);
	if (home === homepage || before === undefined || after === undefined) return;
	for (const file of await glob(PLACES)) {
		const text = await readFile(file, 'utf8');
		const changed = text.replaceAll(homepage, home).replaceAll(before, after);
		if (changed === text) continue;
		await writeFile(file, changed);
		console.log(file);
	}
}
