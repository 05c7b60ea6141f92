import { parseArgs } from 'node:util';

import { DEFAULT_HOST, DEFAULT_PORT, startSandbox, type Sandbox } from './index';
import { isObject } from './json';

/** The command line of `npm run sandbox`. */

const HELP = `Usage: npm run sandbox -- [options]

Starts a local server that speaks the Retab API (under /v1) and the Extend API (at the root).

  --port <number>   port to listen on (default ${DEFAULT_PORT}, 0 = any free port)
  --host <address>  address to listen on (default ${DEFAULT_HOST})
  --speed <number>  sandbox time passes this many times as fast (default 1)
  --help            show this text
`;

const MAX_PORT = 65_535;

/** Wrong arguments; the message says what to do. */
export class UsageError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'UsageError';
	}
}

function messageOf(error: unknown): string {
	return isObject(error) ? String(error.message) : String(error);
}

interface Settings {
	port: number;
	host: string;
	speed: number;
}

function valuesOf(args: string[]) {
	try {
		return parseArgs({
			args,
			options: {
				port: { type: 'string', default: String(DEFAULT_PORT) },
				host: { type: 'string', default: DEFAULT_HOST },
				speed: { type: 'string', default: '1' },
				help: { type: 'boolean', short: 'h', default: false },
			},
		}).values;
	} catch (error) {
		throw new UsageError(messageOf(error));
	}
}

/** Undefined for `--help`. */
function settingsOf(args: string[]): Settings | undefined {
	const values = valuesOf(args);
	if (values.help) return undefined;
	const port = /^\d+$/.test(values.port) ? Number(values.port) : NaN;
	if (!(port <= MAX_PORT)) {
		throw new UsageError(`--port must be a number from 0 to ${MAX_PORT}, got "${values.port}"`);
	}
	const speed = Number(values.speed);
	if (!(speed > 0 && Number.isFinite(speed))) {
		throw new UsageError(`--speed must be a number above 0, got "${values.speed}"`);
	}
	return { port, host: values.host, speed };
}

const LISTEN_ERRORS: Record<string, (settings: Settings) => string> = {
	EADDRINUSE: ({ host, port }) =>
		`Port ${port} on ${host} is already in use. Stop the other program or choose another port with --port.`,
	EACCES: ({ port }) => `Port ${port} may not be used by this user. Choose a port above 1023 with --port.`,
	EADDRNOTAVAIL: ({ host }) => `This machine has no address ${host}. Choose another one with --host.`,
	ENOTFOUND: ({ host }) => `The host name ${host} is not known. Choose another one with --host.`,
};

function explain(error: unknown, settings: Settings): string {
	const code = isObject(error) ? String(error.code) : '';
	return LISTEN_ERRORS[code]?.(settings) ?? messageOf(error);
}

/**
 * Starts the sandbox with the options in `args` and prints its addresses and keys.
 * @returns undefined for `--help`
 * @throws UsageError for wrong arguments and a port that is in use
 */
export async function runCli(args: string[], print: (text: string) => void): Promise<Sandbox | undefined> {
	const settings = settingsOf(args);
	if (!settings) {
		print(HELP);
		return undefined;
	}
	const sandbox = await startSandbox(settings).catch((error: unknown) => {
		throw new UsageError(explain(error, settings));
	});
	print(
		[
			`Sandbox is ready at ${sandbox.url}`,
			`  Retab:   base URL ${sandbox.url}, key ${sandbox.keys.retab}`,
			`  Extend:  base URL ${sandbox.url}, key ${sandbox.keys.extend}`,
			`  Control: ${sandbox.url}/_sandbox`,
			'Press Ctrl-C to stop.',
			'',
		].join('\n'),
	);
	return sandbox;
}
