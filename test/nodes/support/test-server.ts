import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
	method: string;
	/** Path without the query. */
	path: string;
	query: Record<string, string>;
	headers: IncomingMessage['headers'];
	/** Parsed where it is JSON, else the text. */
	body: unknown;
	/** `performance.now()` when the whole request had arrived. */
	receivedAt: number;
	/** Whether the client went away before it had the answer. */
	aborted: boolean;
}

export interface Answer {
	/** Defaults to 200. */
	status?: number;
	headers?: Record<string, string>;
	/** Text is sent as it is, everything else as JSON. */
	body?: unknown;
}

/** `never` keeps the request open until the client or the server goes away. */
export type Handler = (request: ReceivedRequest) => Answer | 'never' | Promise<Answer | 'never'>;

export interface TestServer {
	url: string;
	/** Everything received so far, oldest first. */
	requests: ReceivedRequest[];
	close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** Starts a plain HTTP server on a free port of a loopback address. */
export async function startTestServer(handler: Handler, host = LOOPBACK): Promise<TestServer> {
	const requests: ReceivedRequest[] = [];
	const receive = async (incoming: IncomingMessage, response: ServerResponse) => {
		const request = await readRequest(incoming);
		requests.push(request);
		response.on('close', () => (request.aborted = !response.writableFinished));
		send(response, await handler(request));
	};
	const server = createServer((incoming, response) => {
		void receive(incoming, response).catch((error: unknown) => {
			// A client that left before its request was complete waits for no answer.
			if (!response.destroyed)
				send(response, { status: 500, body: `The test's handler failed: ${String(error)}` });
		});
	});
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://${host}:${port}`,
		requests,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

async function readRequest(incoming: IncomingMessage): Promise<ReceivedRequest> {
	const chunks: Buffer[] = [];
	for await (const chunk of incoming) chunks.push(chunk as Buffer);
	const { pathname, searchParams } = new URL(incoming.url ?? '/', `http://${LOOPBACK}`);
	return {
		method: incoming.method ?? 'GET',
		path: pathname,
		query: Object.fromEntries(searchParams),
		headers: incoming.headers,
		body: parseBody(Buffer.concat(chunks).toString()),
		receivedAt: performance.now(),
		aborted: false,
	};
}

function parseBody(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function send(response: ServerResponse, answer: Answer | 'never'): void {
	if (answer === 'never') return;
	const { status = 200, headers = {}, body = {} } = answer;
	const isText = typeof body === 'string';
	response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
	response.end(isText ? body : JSON.stringify(body));
}
