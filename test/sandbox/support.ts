import { Agent, request } from 'undici';

import { startSandbox, type LoggedRequest, type Sandbox, type SandboxOptions } from '../../sandbox/server';

/** What every sandbox test needs: a server, a clock that is moved by hand, and one client per API. */

/** A body or part of one that a test sends. */
export interface Json {
	[key: string]: unknown;
}

/**
 * A body that came back: the fields that tests read have types, all others are for `expect` to look at. A field that is
 * not there fails the test that reads it.
 */
export interface Body extends Json {
	id: string;
	status: string;
	message: string;
	lifecycle?: Body;
	error?: Body;
	processorRun?: Body;
	data?: Body[];
	processorRuns?: Body[];
	list_metadata: { before: string | null; after: string | null };
	nextPageToken?: string;
	batchId?: string;
	created_at: string;
	expires_at: string;
	name: string;
	filename: string;
	fileId: string;
	uploadUrl: string;
	uploadHeaders: Record<string, string>;
	download_url: string;
	outputUrl: string;
	cancellation_status: string;
	ids: string[];
	total: number;
}
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Answer {
	status: number;
	headers: Record<string, string | string[] | undefined>;
	/** The body as received. */
	text: string;
	/** The body as JSON; `{}` where it is not. */
	json: Body;
}

export interface Kit {
	sandbox: Sandbox;
	/** Moves sandbox time on. */
	advance(ms: number): void;
	send(method: Method, path: string, options?: SendOptions): Promise<Answer>;
	/** With the Retab key. */
	retab(method: Method, path: string, body?: unknown): Promise<Answer>;
	/** With the Extend key and API version. */
	extend(method: Method, path: string, body?: unknown): Promise<Answer>;
	control(method: Method, path: string, body?: unknown): Promise<Answer>;
	close(): Promise<void>;
}

export interface SendOptions {
	headers?: Record<string, string>;
	/** Text and bytes go out as they are, anything else as JSON. */
	body?: unknown;
	signal?: AbortSignal;
}

export const RETAB_HEADERS = { authorization: 'Bearer rt_test_sandbox' };
export const EXTEND_HEADERS = {
	authorization: 'Bearer sk_sandbox',
	'x-extend-api-version': '2026-02-09',
};

/** The sandbox clock of these tests starts here. */
export const START = Date.parse('2026-07-10T12:00:00Z');

function encode(body: unknown): { body?: string | Uint8Array; headers: Record<string, string> } {
	if (body === undefined) return { headers: {} };
	if (typeof body === 'string' || body instanceof Uint8Array) return { body, headers: {} };
	return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

function parse(text: string): Body {
	try {
		return JSON.parse(text) as Body;
	} catch {
		return {} as Body;
	}
}

export async function openKit(options: SandboxOptions = {}): Promise<Kit> {
	let time = START;
	const sandbox = await startSandbox({ now: () => time, ...options });
	const dispatcher = new Agent();
	const send: Kit['send'] = async (method, path, { headers, body, signal } = {}) => {
		const encoded = encode(body);
		const answer = await request(sandbox.url + path, {
			method,
			headers: { ...encoded.headers, ...headers },
			body: encoded.body,
			dispatcher,
			signal,
		});
		const text = await answer.body.text();
		return { status: answer.statusCode, headers: answer.headers, text, json: parse(text) };
	};
	return {
		sandbox,
		advance: (ms) => {
			time += ms;
		},
		send,
		retab: (method, path, body) => send(method, path, { headers: RETAB_HEADERS, body }),
		extend: (method, path, body) => send(method, path, { headers: EXTEND_HEADERS, body }),
		control: (method, path, body) => send(method, `/_sandbox${path}`, { body }),
		close: async () => {
			await dispatcher.destroy();
			await sandbox.close();
		},
	};
}

/** A kit for a whole test file, with a clean sandbox for each test. */
export function useKit(options: SandboxOptions = {}): Kit {
	let kit: Kit | undefined;
	const open = (): Kit => {
		if (!kit) throw new Error('the kit is open inside tests only');
		return kit;
	};
	beforeAll(async () => {
		kit = await openKit(options);
	});
	afterEach(() => kit?.sandbox.reset());
	afterAll(() => kit?.close());
	return {
		get sandbox() {
			return open().sandbox;
		},
		advance: (ms) => open().advance(ms),
		send: (...call) => open().send(...call),
		retab: (...call) => open().retab(...call),
		extend: (...call) => open().extend(...call),
		control: (...call) => open().control(...call),
		close: () => open().close(),
	};
}

export const PDF = { filename: 'invoice.pdf', url: 'data:application/pdf;base64,JVBERi0xLjQK' };
export const FILE = { url: 'https://files.example.com/invoice.pdf' };

/** A real wait; for a condition use `eventually`. */
export function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `condition` holds; the test's own time limit ends it otherwise. */
export async function eventually(condition: () => boolean): Promise<void> {
	while (!condition()) await pause(2);
}

/**
 * Sends a request with the Retab key, gives it up once `when` holds (by default once it arrived), and waits until the
 * server has noticed.
 */
export async function giveUp(
	kit: Kit,
	method: Method,
	path: string,
	when: (entry: LoggedRequest) => boolean = () => true,
): Promise<LoggedRequest> {
	const index = kit.sandbox.requests.length;
	const entry = (): LoggedRequest | undefined => kit.sandbox.requests[index];
	const client = new AbortController();
	const answer = kit.send(method, path, { headers: RETAB_HEADERS, signal: client.signal }).then(
		() => 'answered',
		() => 'given up',
	);
	await eventually(() => {
		const arrived = entry();
		return arrived !== undefined && when(arrived);
	});
	client.abort();
	expect(await answer).toBe('given up');
	await eventually(() => typeof entry()?.durationMs === 'number');
	return entry() as LoggedRequest;
}

/** The rows of a list, in today's envelopes and in the legacy one. */
export function rows({ status, json }: Answer): Body[] {
	expect(status).toBe(200);
	return json.data ?? json.processorRuns ?? [];
}

export function ids(answer: Answer): string[] {
	return rows(answer).map(({ id }) => id);
}

/** The only row of a list. */
export function onlyRow(answer: Answer): Body {
	const [row, ...others] = rows(answer);
	if (!row || others.length > 0) throw new Error(`expected one row: ${answer.text}`);
	return row;
}

/** jest's matchers, with a type that may stand in any expected object. */
export const TEXT: unknown = expect.any(String);
export const NUMBER: unknown = expect.any(Number);
export const BOOLEAN: unknown = expect.any(Boolean);
export const OBJECT: unknown = expect.any(Object);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const containing = (part: string): unknown => expect.stringContaining(part);
export const including = (...items: unknown[]): unknown => expect.arrayContaining(items);
export const withFields = (fields: Json): unknown => expect.objectContaining(fields);
