import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A chat service on this machine, as far as n8n's Telegram node needs one: it keeps the messages that it is sent. */
export interface Chat {
	url: string;
	messages: unknown[];
	close(): Promise<void>;
}

/** @param token the only bot there is */
export async function startChat(token: string): Promise<Chat> {
	const messages: unknown[] = [];
	const server = createServer((request, response) => {
		const parts: Buffer[] = [];
		request.on('data', (part: Buffer) => parts.push(part));
		request.on('end', () => {
			const isKnown = request.method === 'POST' && request.url === `/bot${token}/sendMessage`;
			if (isKnown) messages.push(JSON.parse(Buffer.concat(parts).toString('utf8')));
			response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
			response.end(JSON.stringify({ ok: isKnown, result: { message_id: messages.length } }));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
		messages,
		close: async () => {
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
