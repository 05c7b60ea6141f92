import { Command, InvalidArgumentError } from 'commander';

/** Options of such a command line; `undefined` where not given. */
export interface Ports {
	port?: number;
	sandboxPort?: number;
}

export function port(text: string): number {
	const number = Number(text);
	if (/^\d+$/.test(text) && number >= 1 && number <= 65_535) return number;
	throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
}

/** The command line of a script that runs n8n. */
export function n8nCommandLine(name: string, description: string): Command {
	return new Command(`npm run ${name} --`)
		.description(description)
		.option('--port <number>', 'port of n8n (default: 5678 or the next free one)', port)
		.option('--sandbox-port <number>', 'port of the local API (default: 4010 or the next free one)', port);
}
