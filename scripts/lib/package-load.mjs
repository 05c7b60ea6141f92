import { createRequire } from 'node:module';
import path from 'node:path';

// Loads every node and credential of an installed package as n8n does: the class is named like its file. Prints what it
// found as JSON, and must end by itself afterwards.
//
// usage: package-load.mjs <folder of the installed package>

const folder = process.argv[2] ?? '';
const load = createRequire(path.join(folder, 'package.json'));
const { n8n } = load('./package.json');

/** @param {string} file */
function instanceOf(file) {
	const className = path.basename(file).split('.')[0] ?? '';
	return new (load(`./${file}`)[className])();
}

/** @param {string} file */
function nodeName(file) {
	const { description, execute, poll, trigger, webhook } = instanceOf(file);
	if (![execute, poll, trigger, webhook].some((method) => typeof method === 'function')) {
		throw new Error(`${file} has nothing to execute`);
	}
	return description.name;
}

/** @param {string} file */
function credentialName(file) {
	const { name, properties } = instanceOf(file);
	if (!Array.isArray(properties)) throw new Error(`${file} has no properties`);
	return name;
}

const names = [...n8n.nodes.map(nodeName), ...n8n.credentials.map(credentialName)];
process.stdout.write(`${JSON.stringify(names)}\n`);
