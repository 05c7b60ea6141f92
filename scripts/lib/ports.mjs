import net from 'node:net';
import { Failure } from './failure.mjs';

/** Only this machine may reach what these scripts start. */
export const LOOPBACK = '127.0.0.1';

/** How far above the usual port a free one is looked for. */
const PORTS_TO_TRY = 50;

/**
 * Whether nobody listens on a port of this machine, on whatever address.
 *
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isFree(port) {
	// A server on all addresses does not keep others from binding loopback on every system, so ask twice.
	return (await canListen(port, LOOPBACK)) && (await canListen(port, undefined));
}

/**
 * @param {number} port
 * @param {string | undefined} host
 * @returns {Promise<boolean>}
 */
async function canListen(port, host) {
	return await new Promise((resolve) => {
		const server = net.createServer();
		server.once('error', () => resolve(false));
		server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
	});
}

/**
 * The port to use: the one the user asked for, or else the usual one or the next free one above it.
 *
 * @param {object} wish
 * @param {string} wish.what What will listen there, for messages.
 * @param {string} wish.flag The command line flag that sets it.
 * @param {number} wish.usual
 * @param {number | undefined} wish.asked What the user set.
 * @param {Iterable<number>} [wish.taken] Ports this program is about to use for something else.
 * @param {(text: string) => void} [wish.say] Told when it is not the usual one.
 * @returns {Promise<number>}
 */
export async function choosePort({ what, flag, usual, asked, taken = [], say }) {
	const reserved = new Set(taken);
	if (asked !== undefined) {
		if (!reserved.has(asked) && (await isFree(asked))) return asked;
		throw new Failure(`Port ${asked}, asked for with ${flag}, is in use.`, {
			hint: `Choose another one, or leave ${flag} out to take the next free port.`,
		});
	}
	for (let port = usual; port < usual + PORTS_TO_TRY; port++) {
		if (reserved.has(port) || !(await isFree(port))) continue;
		if (port !== usual) say?.(`Port ${usual} is in use: ${what} takes ${port}.`);
		return port;
	}
	throw new Failure(`No free port for ${what} between ${usual} and ${usual + PORTS_TO_TRY - 1}.`, {
		hint: `Choose one with ${flag}.`,
	});
}

/**
 * Reads a port number from the command line.
 *
 * @param {string | undefined} text
 * @param {string} flag
 * @returns {number | undefined}
 */
export function parsePort(text, flag) {
	if (text === undefined) return undefined;
	const port = Number(text);
	if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
	throw new Failure(`${flag} must be a whole number from 1 to 65535, not "${text}".`);
}
