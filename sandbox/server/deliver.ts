import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';

import { DRIP_PIECES } from './defaults';
import { extendError, plainMessage, retabError } from './errors';
import type { PlantedFault } from './faults';
import type { JsonObject } from './json';
import type { LoggedRequest } from './log';
import type { World } from './world';

/** A request to which a fault is applied. */
export interface Faulted {
	world: World;
	fault: PlantedFault;
	entry: LoggedRequest;
	outgoing: ServerResponse;
	/** Executes the request and returns the normal response of the API. */
	carryOut: () => Promise<Response>;
	/** Reads and ignores the body. */
	discard: () => Promise<void>;
	/** Adds what every response of this API has, such as the request id. */
	finish: (status: number, body: JsonObject) => { headers: Record<string, string>; body: JsonObject };
}

interface Answer {
	status: number;
	headers: Record<string, string>;
	body: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_PAGE =
	'<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n';
const REDIRECT_STATUS = 307;
const SECOND = 1_000;

/** Waits `ms` of real time; false when the connection ended first. */
async function waited(ms: number, { world, outgoing }: Faulted): Promise<boolean> {
	const gone = new AbortController();
	const leave = (): void => gone.abort();
	outgoing.once('close', leave);
	try {
		await sleep(ms, undefined, { signal: AbortSignal.any([gone.signal, world.closing]) });
		return true;
	} catch {
		return false;
	} finally {
		outgoing.off('close', leave);
	}
}

function untilGone(outgoing: ServerResponse): Promise<void> {
	if (outgoing.destroyed) return Promise.resolve();
	return new Promise((resolve) => outgoing.once('close', () => resolve()));
}

function isRead(method: string): boolean {
	return method === 'GET' || method === 'HEAD';
}

/** A fault that only delays the normal response. */
function onlySlows(fault: PlantedFault): boolean {
	const { status, hang, reset, brokenJson, emptyBody, html, truncate, retryAfter, redirectTo } = fault;
	const replaces = [hang, reset, brokenJson, emptyBody, html, truncate].includes(true);
	return !replaces && [status, retryAfter, redirectTo, fault.body].every((value) => value === undefined);
}

/** `brokenJson` and `truncate` change the normal response of a read. */
function spoilsReal(fault: PlantedFault): boolean {
	return fault.status === undefined && (fault.brokenJson === true || fault.truncate === true);
}

function statusOf(fault: PlantedFault): number {
	if (fault.status !== undefined) return fault.status;
	if (fault.redirectTo !== undefined) return REDIRECT_STATUS;
	if (fault.retryAfter !== undefined) return 429;
	return fault.html ? 502 : 200;
}

/** `5` → `5`, `date:5` → the HTTP date five seconds from now (rounded up to whole seconds), else as it is. */
function retryAfterValue(value: number | string, now: number): string {
	const match = typeof value === 'string' ? /^date:(-?\d+(?:\.\d+)?)$/.exec(value) : null;
	if (!match) return String(value);
	return new Date(Math.ceil((now + Number(match[1]) * SECOND) / SECOND) * SECOND).toUTCString();
}

function plannedAnswer({ world, fault, entry, finish }: Faulted): Answer {
	const status = statusOf(fault);
	const error = entry.path.startsWith('/v1/')
		? retabError(status, plainMessage(status))
		: extendError(status, plainMessage(status));
	const planned = finish(status, status >= 400 ? error.body : { id: 'run_of_a_fault', status: 'unknown' });
	const headers: Record<string, string> = { ...JSON_TYPE, ...planned.headers };
	if (fault.retryAfter !== undefined) {
		headers['retry-after'] = retryAfterValue(fault.retryAfter, world.clock.now());
	}
	if (fault.redirectTo !== undefined) headers.location = fault.redirectTo;
	let body = JSON.stringify(planned.body);
	if (fault.body !== undefined) {
		body = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
	}
	if (fault.html) {
		headers['content-type'] = 'text/html';
		body = HTML_PAGE;
	}
	return { status, headers, body };
}

async function realAnswer(response: Response): Promise<Answer> {
	const headers = Object.fromEntries(response.headers);
	return { status: response.status, headers, body: await response.text() };
}

function spoiled(answer: Answer, fault: PlantedFault): Answer {
	const headers = { ...answer.headers, ...fault.headers };
	delete headers['content-length'];
	if (fault.emptyBody) return { ...answer, headers, body: '' };
	if (fault.brokenJson) return { ...answer, headers, body: answer.body.slice(0, answer.body.length >> 1) };
	return { ...answer, headers };
}

async function send(answer: Answer, faulted: Faulted): Promise<Response> {
	const { fault, entry, outgoing, world } = faulted;
	entry.status = answer.status;
	if (!fault.truncate && fault.dripMs === undefined) {
		const bodyless = answer.status === 204 || answer.status === 304;
		return new Response(bodyless ? null : answer.body, answer);
	}
	const bytes = Buffer.from(answer.body);
	outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
	const end = fault.truncate ? bytes.length >> 1 : bytes.length;
	const step = fault.dripMs === undefined ? end : Math.max(1, Math.ceil(end / DRIP_PIECES));
	for (let at = 0; at < end; at += step) {
		if (at > 0 && !(await waited(fault.dripMs ?? 0, faulted))) return RESPONSE_ALREADY_SENT;
		outgoing.write(bytes.subarray(at, Math.min(at + step, end)));
	}
	if (!fault.truncate) {
		outgoing.end();
		return RESPONSE_ALREADY_SENT;
	}
	world.log.breaking(outgoing);
	// The first half must be sent before the connection breaks.
	outgoing.write('', () => outgoing.destroy());
	return RESPONSE_ALREADY_SENT;
}

/** Responds to a request as its fault says. */
export async function deliver(faulted: Faulted): Promise<Response> {
	const { world, fault, entry, outgoing } = faulted;
	const carriedOut = fault.applyAfter ? await faulted.carryOut() : undefined;
	if (fault.delayMs !== undefined && !(await waited(fault.delayMs, faulted))) return RESPONSE_ALREADY_SENT;
	if (fault.reset || fault.hang) {
		if (!carriedOut) await faulted.discard();
		if (fault.reset) {
			world.log.breaking(outgoing);
			outgoing.socket?.resetAndDestroy();
		}
		await untilGone(outgoing);
		return RESPONSE_ALREADY_SENT;
	}
	const useReal = onlySlows(fault) || (spoilsReal(fault) && (fault.applyAfter || isRead(entry.method)));
	if (useReal) {
		const real = await realAnswer(carriedOut ?? (await faulted.carryOut()));
		return send(spoiled(real, fault), faulted);
	}
	if (!carriedOut) await faulted.discard();
	return send(spoiled(plannedAnswer(faulted), fault), faulted);
}
