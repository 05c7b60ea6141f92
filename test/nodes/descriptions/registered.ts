import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { ICredentialType, INodeType } from 'n8n-workflow';

export const PROJECT = path.resolve(__dirname, '..', '..', '..');

/** The package under test: the sources, or an unpacked one, where the built files are. */
const { PACKAGE_DIR } = process.env;

/** Where its nodes and credentials are, and how their files end. */
export const UNDER_TEST = PACKAGE_DIR
	? { folder: path.join(PACKAGE_DIR, 'dist'), ending: '.js' }
	: { folder: PROJECT, ending: '.ts' };

export interface Registered<T> {
	className: string;
	type: new () => T;
	/** Source file, from the project folder, such as `nodes/Retab/Retab.node.ts`. */
	file: string;
	/** The folder that is loaded, with its icons and codex file. */
	folder: string;
	instance: T;
}

interface Manifest {
	name: string;
	n8n: { nodes: string[]; credentials: string[] };
}

export const manifest = JSON.parse(
	readFileSync(path.join(PACKAGE_DIR ?? PROJECT, 'package.json'), 'utf8'),
) as Manifest;

/** The classes that n8n finds through a list of package.json, loaded from their sources or as they were built. */
function load<T>(built: readonly string[]): Array<Registered<T>> {
	return built.map((entry) => {
		const file = entry.replace(/^dist\//, '').replace(/\.js$/, '.ts');
		const loaded = path.join(UNDER_TEST.folder, file.replace(/\.ts$/, UNDER_TEST.ending));
		if (!existsSync(loaded)) throw new Error(`package.json names ${entry}, without a source`);
		const className = path.basename(file).split('.')[0] ?? '';
		const classes = jest.requireActual<Record<string, new () => T>>(loaded);
		const type = classes[className];
		// As n8n does: the class is looked up by the name of its file.
		if (!type) throw new Error(`${file} exports no class ${className}`);
		return { className, type, file, folder: path.dirname(loaded), instance: new type() };
	});
}

export const nodes = load<INodeType>(manifest.n8n.nodes);

export const credentials = load<ICredentialType>(manifest.n8n.credentials);
