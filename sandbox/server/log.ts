import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';

import { EXTEND_KEY, LOG_LIMIT, RETAB_KEY } from './defaults';

/** One received request. Calls of `/_sandbox/…` are not logged. */
export interface LoggedRequest {
	/** 1 for the first request since the start or the last reset. */
	seq: number;
	/** Real time of arrival in ms since the epoch, with fractions. */
	time: number;
	/** Sandbox time of arrival in ms. */
	sandboxTime: number;
	method: string;
	path: string;
	/** Raw query without `?`. */
	query: string;
	/** Lower-case names; keys other than the sandbox's own show as `<other>`. */
	headers: Record<string, string>;
	/** Bytes received. */
	bodySize: number;
	/** The body's text where it is short and not an upload. */
	body: string | null;
	/** `extraction.cancel` and the like once a route handles the request. */
	operation: string | null;
	/** Null without a response, which it stays after a hang or a reset. */
	status: number | null;
	/** Id of the fault that was applied. */
	fault: string | null;
	/** The client disconnected before the response was complete. */
	aborted: boolean;
	/** Real ms from arrival until the answer was complete or the connection was gone; null until then. */
	durationMs: number | null;
}

const KEY_HEADERS: ReadonlySet<string> = new Set([
	'authorization',
	'api-key',
	'proxy-authorization',
	'cookie',
]);
const OWN_VALUES: ReadonlySet<string> = new Set([
	RETAB_KEY,
	EXTEND_KEY,
	`Bearer ${RETAB_KEY}`,
	`Bearer ${EXTEND_KEY}`,
]);

function shownHeaders(incoming: IncomingMessage): Record<string, string> {
	return Object.fromEntries(
		Object.entries(incoming.headers).map(([name, value]) => {
			const text = Array.isArray(value) ? value.join(', ') : (value ?? '');
			return [name, KEY_HEADERS.has(name) && !OWN_VALUES.has(text) ? '<other>' : text];
		}),
	);
}

function preciseNow(): number {
	return performance.timeOrigin + performance.now();
}

export class RequestLog {
	/** Live: later requests are appended, a reset empties it. */
	readonly requests: LoggedRequest[] = [];
	private seq = 0;
	/** Answers that the sandbox itself breaks off. */
	private readonly ours = new WeakSet<ServerResponse>();

	/** @param closing aborted when the sandbox closes and breaks all connections */
	constructor(private readonly closing: AbortSignal) {}

	/** Starts the entry of a request and keeps it up to date until its connection is done. */
	open(incoming: IncomingMessage, outgoing: ServerResponse, url: URL, sandboxTime: number): LoggedRequest {
		this.seq += 1;
		const entry: LoggedRequest = {
			seq: this.seq,
			time: preciseNow(),
			sandboxTime,
			method: incoming.method ?? '',
			path: url.pathname,
			query: url.search.replace(/^\?/, ''),
			headers: shownHeaders(incoming),
			bodySize: 0,
			body: null,
			operation: null,
			status: null,
			fault: null,
			aborted: false,
			durationMs: null,
		};
		outgoing.once('close', () => {
			entry.durationMs = preciseNow() - entry.time;
			const ours = this.ours.has(outgoing) || this.closing.aborted;
			entry.aborted = !outgoing.writableFinished && !ours;
		});
		this.requests.push(entry);
		if (this.requests.length > LOG_LIMIT) this.requests.splice(0, LOG_LIMIT / 10);
		return entry;
	}

	/** Notes that the sandbox itself, not the client, breaks this connection. */
	breaking(outgoing: ServerResponse): void {
		this.ours.add(outgoing);
	}

	clear(): void {
		this.requests.length = 0;
		this.seq = 0;
	}
}
