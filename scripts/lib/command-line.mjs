import { Command, InvalidArgumentError } from 'commander';

/** @param {string} text */
export function port(text) {
	const number = Number(text);
	if (/^\d+$/.test(text) && number >= 1 && number <= 65_535) return number;
	throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
}

/**
 * The command line of a script that runs n8n.
 *
 * @param {string} name
 * @param {string} description
 */
export function n8nCommandLine(name, description) {
	return new Command(`npm run ${name} --`)
		.description(description)
		.option('--port <number>', 'port of n8n (default: 5678 or the next free one)', port)
		.option('--sandbox-port <number>', 'port of the local API (default: 4010 or the next free one)', port);
}
