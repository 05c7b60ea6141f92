import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { ICredentialType, INodeType } from 'n8n-workflow';

export const PROJECT = path.resolve(__dirname, '..', '..', '..');

export interface Registered<T> {
	className: string;
	/** Source file, from the project folder, such as `nodes/Retab/Retab.node.ts`. */
	file: string;
	instance: T;
}

interface Manifest {
	name: string;
	n8n: { nodes: string[]; credentials: string[] };
}

export const manifest = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as Manifest;

/** The classes that n8n finds through a list of package.json, loaded from their sources. */
function load<T>(built: readonly string[]): Array<Registered<T>> {
	return built.map((entry) => {
		const file = entry.replace(/^dist\//, '').replace(/\.js$/, '.ts');
		if (!existsSync(path.join(PROJECT, file)))
			throw new Error(`package.json names ${entry}, without a source`);
		const className = path.basename(file).split('.')[0] ?? '';
		const classes = jest.requireActual<Record<string, new () => T>>(path.join(PROJECT, file));
		const type = classes[className];
		// As n8n does: the class is looked up by the name of its file.
		if (!type) throw new Error(`${file} exports no class ${className}`);
		return { className, file, instance: new type() };
	});
}

export const nodes = load<INodeType>(manifest.n8n.nodes);

export const credentials = load<ICredentialType>(manifest.n8n.credentials);
