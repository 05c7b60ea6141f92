import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the package comes from is said once, in `repository.url` of package.json. Whatever else leads there has to agree:
 * `npm run links` rewrites it.
 */

const ROOT = join(__dirname, '../..');

interface Manifest {
	author: { email: string };
	homepage: string;
	repository: { url: string };
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const HOME = manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

const FILES = [
	'package.json',
	'README.md',
	'CHANGELOG.md',
	...['nodes', 'credentials', 'docs'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
	),
].filter((file) => /\.(?:json|md|ts)$/.test(file));

test('the homepage is the repository, and npm derives where to report bugs', () => {
	expect(HOME).toMatch(/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+$/);
	expect(manifest.homepage).toBe(HOME);
	expect(manifest).not.toHaveProperty('bugs');
});

test("n8n's rules want an address of the author: GitHub's own for the owner, no invented domain", () => {
	expect(manifest.author.email).toBe(`${HOME.split('/')[3] ?? ''}@users.noreply.github.com`);
});

test('every link to GitHub leads to the repository', () => {
	const links = FILES.flatMap((file) => {
		const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/git\+(https:[^"]+)\.git/g, '$1');
		return [...text.matchAll(/https:\/\/github\.com\/[^\s"')\]]+/g)].map(([link]) => `${file}: ${link}`);
	});
	expect(links.length).toBeGreaterThan(10);
	const elsewhere = links.filter((link) => {
		const rest = link.slice(link.indexOf(': ') + 2).split(HOME);
		return rest.length !== 2 || rest[0] !== '' || !/^(?:[/#].*)?$/.test(rest[1] ?? '');
	});
	expect(elsewhere).toEqual([]);
});
