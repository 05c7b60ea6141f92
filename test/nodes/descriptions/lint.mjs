import path from 'node:path';
import { text } from 'node:stream/consumers';

import { Linter } from 'eslint';

import { builtDescriptions } from '../../../eslint.config.mjs';

/**
 * Reads `[{ filename, code }]` from standard input and writes what n8n's rules find, one text each, as a JSON array.
 *
 * A program of its own because n8n's newer plugin is an ES module and its older one acts differently where it finds
 * `NODE_ENV=test`: neither goes well with jest.
 */
const linter = new Linter({ configType: 'flat', cwd: process.cwd() });
const sources = JSON.parse(await text(process.stdin));
const findings = sources.flatMap(({ filename, code }) => {
	const lines = code.split('\n');
	return linter
		.verify(code, builtDescriptions, { filename: path.resolve(filename) })
		.map(({ ruleId, message, line }) => `${filename}: ${ruleId}: ${message} (at ${lines[line - 1]?.trim()})`);
});
process.stdout.write(JSON.stringify(findings));
