import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A delivery as it has arrived. */
export interface Received {
	headers: IncomingHttpHeaders;
	text: string;
	json: { eventId: string; eventType: string; payload: Record<string, unknown> };
}

export interface Receiver {
	url: string;
	received: Received[];
	/** Statuses of the next answers; 200 when there are no more. */
	answers: number[];
	forget(): void;
	close(): void;
}

/** Takes deliveries of webhooks. */
export async function startReceiver(): Promise<Receiver> {
	const received: Received[] = [];
	const answers: number[] = [];
	const server = createServer((request, response) => {
		const parts: Buffer[] = [];
		request.on('data', (part: Buffer) => parts.push(part));
		request.on('end', () => {
			const text = Buffer.concat(parts).toString();
			received.push({ headers: request.headers, text, json: JSON.parse(text) as Received['json'] });
			response.writeHead(answers.shift() ?? 200).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
		received,
		answers,
		forget: () => {
			received.length = 0;
			answers.length = 0;
		},
		close: () => {
			server.closeAllConnections();
			server.close();
		},
	};
}
