import { createServer } from 'node:http';
import { Readable } from 'node:stream';

/** A web server in its own process: `/<bytes>/large.pdf` is a file of that size. Sends its port to its parent. */
const CHUNK = Buffer.alloc(64 * 1024, 'x');

function* pieces(size) {
	for (let left = size; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length));
}

const server = createServer((request, response) => {
	const size = Number(request.url.split('/')[1]);
	response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': size });
	const file = Readable.from(pieces(size)).on('error', () => undefined);
	response.on('close', () => file.destroy());
	file.pipe(response);
});

server.listen(0, '127.0.0.1', () => process.send(server.address().port));
