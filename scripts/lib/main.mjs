const OLDEST_NODE = 20;

/** How much of the output of a program that failed is shown, in lines. */
const SHOWN_LINES = 40;

const controller = new AbortController();

/** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
export const stopping = controller.signal;

/** An error that the user can do something about. It is shown without a stack trace. */
export class Failure extends Error {
	/**
	 * @param {string} message
	 * @param {{ hint?: string, details?: string }} [more] `hint`: what to do; `details`: output of the tool that failed.
	 */
	constructor(message, { hint = '', details = '' } = {}) {
		super([lastLines(details), message, hint].filter(Boolean).join('\n'));
	}
}

/** @param {string} text */
export function lastLines(text) {
	return text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
}

/**
 * The text that the user sees for a thrown value.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
	if (!(error instanceof Error)) return String(error);
	if (error instanceof Failure) return error.message;
	// A program that failed, as execa reports it.
	if ('shortMessage' in error)
		return `${lastLines(String('all' in error ? error.all : ''))}\n${error.shortMessage}`;
	return error.stack ?? error.message;
}

/**
 * Runs the main function of a program, aborts `stopping` on signals, prints errors and sets the exit code.
 *
 * @param {() => Promise<number | void>} main Returns the exit code; nothing means 0.
 */
export async function runMain(main) {
	let code = 1;
	for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
		process.on(signal, () => {
			if (!stopping.aborted) console.error('\nStopping …');
			code = 128 + number;
			controller.abort();
		});
	}
	try {
		if (Number.parseInt(process.versions.node) < OLDEST_NODE) {
			throw new Failure(`Node.js ${OLDEST_NODE} or newer is needed, this is ${process.version}.`);
		}
		const result = (await main()) ?? 0;
		if (!stopping.aborted) code = result;
	} catch (error) {
		if (!stopping.aborted) console.error(`\n${explain(error)}`);
	}
	process.exit(code);
}
