import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { DOCUMENT, DOWNLOAD, SECOND } from '../../nodes/shared/core/config';
import { RETAB_KEY } from '../../sandbox/server';
import {
	eventually,
	setSsrfProtection,
	startTestServer,
	type TestServer,
	type WorkflowResult,
} from './support';
import { useSandbox } from './support/sandbox-instance';

/** Documents by their address: what is passed on, what n8n downloads, and how a download fails. */

const lab = useSandbox();

const PDF = '%PDF-1.4 invoice';
const IN_BODY = `data:application/pdf;base64,${Buffer.from(PDF).toString('base64')}`;
const LARGE = Buffer.alloc(DOCUMENT.inlineUpTo + 100_000, 'x');
LARGE.write('%PDF-1.7\n');

/** A file server of the test: whatever the handler of a path does. */
const paths: Record<string, RequestListener> = {};
let web: { url: string; hits: string[]; server: Server };

beforeAll(async () => {
	const hits: string[] = [];
	const server = createServer((request, response) => {
		const path = new URL(request.url ?? '/', 'http://x').pathname;
		hits.push(path);
		headersSeen.push(request.headers);
		const handler = paths[path];
		if (handler) handler(request, response);
		else response.writeHead(404).end('nothing here');
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	web = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hits, server };
});
afterAll(async () => {
	web.server.closeAllConnections();
	await new Promise((resolve) => web.server.close(resolve));
});

const headersSeen: Array<IDataObject> = [];

beforeEach(() => {
	lab.sandbox.clearFaults();
	lab.sandbox.reset();
	for (const path of Object.keys(paths)) Reflect.deleteProperty(paths, path);
	web.hits.length = 0;
	headersSeen.length = 0;
	paths['/invoice.pdf'] = (_request, response) => {
		response.writeHead(200, { 'content-type': 'application/pdf' }).end(PDF);
	};
	paths['/large.pdf'] = (_request, response) => {
		response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': LARGE.length }).end(LARGE);
	};
	paths['/unmeasured.pdf'] = (_request, response) => {
		response.writeHead(200, { 'content-type': 'application/pdf' }).write(LARGE);
		response.end();
	};
});
// However a download goes, the key of the provider travels to no other host.
afterEach(() => {
	expect(JSON.stringify(headersSeen)).not.toContain(RETAB_KEY);
	for (const headers of headersSeen) expect(headers).not.toHaveProperty('api-key');
	jest.restoreAllMocks();
});

interface Settings {
	resource?: string;
	node?: 'retab' | 'extend';
	[parameter: string]: unknown;
}

function parametersOf(documentUrl: string, { resource = 'parse', ...more }: Settings): INodeParameters {
	return { resource, operation: 'create', documentSource: 'url', documentUrl, ...more };
}

async function create(documentUrl: string, settings: Settings = {}): Promise<WorkflowResult> {
	const { node = 'retab', ...more } = settings;
	return await lab.n8n.runWorkflow({
		node,
		parameters: parametersOf(documentUrl, more),
		items: [{ json: {} }],
	});
}

const byBlock = (documentUrl: string): Settings => ({
	resource: 'workflowRun',
	workflowId: 'wf_1',
	documents: { rows: [{ documentSource: 'url', documentUrl, blockId: 'start' }] },
});

/** Bodies of the requests to the API that start something. */
function started(): IDataObject[] {
	return lab.sandbox.requests
		.filter(
			({ method, path }) => method === 'POST' && !path.startsWith('/v1/files') && path !== '/files/upload',
		)
		.map(({ body }) => JSON.parse(body ?? 'null') as IDataObject);
}

/** Bytes that were uploaded. */
function uploaded(): number[] {
	return lab.sandbox.requests
		.filter(({ method, path }) => method === 'PUT' || path === '/files/upload')
		.map(({ bodySize }) => bodySize);
}

describe('what reaches Retab', () => {
	test.each([
		'https://storage.googleapis.com/bucket/a.pdf',
		'https://bucket.s3.eu-west-1.amazonaws.com/a.pdf?X-Amz-Signature=1',
		'https://storage.retab.com/a.pdf',
	])('%s is passed on', async (url) => {
		expect((await create(url)).error).toBeUndefined();
		expect(started()).toMatchObject([{ document: { filename: 'a.pdf', url } }]);
	});

	test('a small file from anywhere travels in the request', async () => {
		const result = await create(`${web.url}/invoice.pdf?token=1`);
		expect(result.error).toBeUndefined();
		expect(started()).toMatchObject([{ document: { filename: 'invoice.pdf', url: IN_BODY } }]);
		expect(web.hits).toEqual(['/invoice.pdf']);
		expect(lab.sandbox.requests).toHaveLength(1);
	});

	test.each(['/large.pdf', '/unmeasured.pdf'])('a larger one is uploaded: %s', async (path) => {
		const result = await create(`${web.url}${path}`);
		expect(result.error).toBeUndefined();
		expect(uploaded()).toEqual([LARGE.length]);
		expect(started()).toMatchObject([
			{ document: { filename: path.slice(1), url: expect.stringContaining('https://storage.retab.com/') } },
		]);
	});

	test('several, each for itself', async () => {
		const result = await create(
			`${web.url}/invoice.pdf, https://storage.googleapis.com/b.pdf, ${web.url}/large.pdf`,
			{
				resource: 'schemaGeneration',
			},
		);
		expect(result.error).toBeUndefined();
		expect(started()).toMatchObject([
			{
				documents: [
					{ filename: 'invoice.pdf', url: IN_BODY },
					{ filename: 'b.pdf', url: 'https://storage.googleapis.com/b.pdf' },
					{ filename: 'large.pdf', url: expect.stringContaining('https://storage.retab.com/') },
				],
			},
		]);
	});

	test('a workflow run never gets an address of others, but those of Retab', async () => {
		const result = await create('', byBlock(`${web.url}/invoice.pdf`));
		expect(result.error).toBeUndefined();
		const own = await create('', byBlock('https://storage.retab.com/a.pdf'));
		expect(own.error).toBeUndefined();
		expect(started()).toMatchObject([
			{ documents: { start: { filename: 'invoice.pdf', url: IN_BODY } } },
			{ documents: { start: { filename: 'a.pdf', url: 'https://storage.retab.com/a.pdf' } } },
		]);
	});

	test('the name that was given, the name and the type of the answer', async () => {
		paths['/get'] = (_request, response) => {
			response
				.writeHead(200, {
					'content-type': 'image/png; charset=binary',
					'content-disposition': 'attachment; filename="scan"',
				})
				.end('png');
		};
		await create(`${web.url}/get`);
		await create(`${web.url}/get`, { additionalFields: { fileName: 'mine.png' } });
		const url = `data:image/png;base64,${Buffer.from('png').toString('base64')}`;
		expect(started()).toMatchObject([
			{ document: { filename: 'scan.png', url } },
			{ document: { filename: 'mine.png', url } },
		]);
	});

	test('redirects are followed, to another host as well', async () => {
		const other = await startTestServer(() => ({
			headers: { 'content-type': 'application/pdf' },
			body: PDF,
		}));
		try {
			paths['/short'] = (_request, response) => void response.writeHead(302, { location: '/next' }).end();
			paths['/next'] = (_request, response) =>
				void response.writeHead(307, { location: `${other.url}/moved.pdf` }).end();
			const result = await create(`${web.url}/short`);
			expect(result.error).toBeUndefined();
			expect(started()).toMatchObject([{ document: { filename: 'moved.pdf', url: IN_BODY } }]);
			expect(JSON.stringify(other.requests)).not.toContain(RETAB_KEY);
		} finally {
			await other.close();
		}
	});

	test('a server that fails for a moment is asked again, and the pause is not one for the API', async () => {
		let failures = 0;
		paths['/shaky.pdf'] = (_request, response) => {
			if (failures++ < 1) response.writeHead(429, { 'retry-after': '60' }).end();
			else response.writeHead(200).end(PDF);
		};
		const result = await create(`${web.url}/shaky.pdf`);
		expect(result.error).toBeUndefined();
		expect(result.durationMs).toBeLessThan(10 * SECOND);
		expect(started()).toHaveLength(1);
	});

	test('a download that breaks off on its way to the storage begins anew', async () => {
		let requests = 0;
		paths['/breaks.pdf'] = (_request, response) => {
			response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': LARGE.length });
			if (requests++ === 1) {
				response.write(LARGE.subarray(0, 1_000_000));
				setTimeout(() => response.destroy(), 50);
			} else response.end(LARGE);
		};
		const result = await create(`${web.url}/breaks.pdf`);
		expect(result.error).toBeUndefined();
		expect(requests).toBe(3);
		expect(uploaded().at(-1)).toBe(LARGE.length);
	});
});

describe('Fetch By', () => {
	test('n8n downloads what Retab would fetch, where the user wants it', async () => {
		const result = await create(`${web.url}/invoice.pdf`, { node: 'extend', resource: 'parseRun' });
		expect(result.error).toBeUndefined();
		expect(web.hits).toEqual([]);
		const own = await create(`${web.url}/large.pdf`, {
			node: 'extend',
			resource: 'parseRun',
			options: { fetchBy: 'n8n' },
		});
		expect(own.error).toBeUndefined();
		expect(uploaded()).toHaveLength(1);
		expect(uploaded()[0]).toBeGreaterThan(LARGE.length);
		expect(started()).toEqual([
			{ file: { url: `${web.url}/invoice.pdf` } },
			{ file: { id: expect.stringMatching(/^file_/) } },
		]);
	});

	test('an address is passed on where the user wants it', async () => {
		await create('https://files.example.com/a.pdf', { options: { fetchBy: 'provider' } });
		expect(started()).toMatchObject([{ document: { url: 'https://files.example.com/a.pdf' } }]);
	});

	test.each([
		['provider', 'Retab only fetches documents from https:// addresses: http://example.com/a.pdf'],
		['me', 'Fetch By must be one of auto, n8n, provider; it is the text "me"'],
	])('%s: refused before anything is sent', async (fetchBy, message) => {
		const { error } = await create('http://me:pw@example.com/a.pdf?x=1', { options: { fetchBy } });
		expect(error?.message).toBe(message);
		expect(lab.sandbox.requests).toEqual([]);
	});
});

/** Each ends in an error of two lines, with the address but not its secrets, and nothing was sent to the API. */
async function refused(path: string, settings: Settings = {}): Promise<NonNullable<WorkflowResult['error']>> {
	const { host } = new URL(web.url);
	const { status, error } = await create(`http://user:sesame@${host}${path}?sig=secret`, settings);
	expect(status).toBe('error');
	if (!error) throw new Error('There should be an error');
	expect(error.message).toContain(`http://${host}${path}`);
	expect(error.description).toMatch(/^No run was started\. /);
	expect(JSON.stringify([error.message, error.description])).not.toMatch(/sesame|secret/);
	expect(lab.sandbox.requests).toEqual([]);
	return error;
}

describe('a download that fails', () => {
	test('404', async () => {
		const error = await refused('/lost.pdf');
		expect(error).toMatchObject({
			name: 'NodeApiError',
			httpCode: '404',
			message: `The document at ${web.url}/lost.pdf could not be downloaded: its server answered 404`,
		});
		expect(error.description).toContain('check the address');
		expect(web.hits).toHaveLength(1);
	});

	test('a login is needed', async () => {
		paths['/private.pdf'] = (_request, response) => void response.writeHead(403).end();
		const error = await refused('/private.pdf');
		expect(error.description).toContain('needs a login');
	});

	test('a redirect loop', async () => {
		paths['/here'] = (_request, response) =>
			void response.writeHead(302, { location: '/there?sig=secret' }).end();
		paths['/there'] = (_request, response) => void response.writeHead(302, { location: '/here' }).end();
		const error = await refused('/here');
		expect(error.message).toContain('it redirects more than 10 times');
		expect(web.hits).toHaveLength(DOWNLOAD.maxRedirects + 1);
	});

	test('a redirect to a file of this machine', async () => {
		paths['/trick'] = (_request, response) =>
			void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
		expect((await refused('/trick')).message).toContain('something that is not a web address');
	});

	test('a web page instead of a PDF', async () => {
		paths['/view/invoice.pdf'] = (_request, response) => {
			response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Log in</title>');
		};
		const error = await refused('/view/invoice.pdf');
		expect(error.message).toBe(`The link ${web.url}/view/invoice.pdf leads to a web page, not to a file`);
		expect(error.description).toContain('Use a direct download link');
	});

	test('a web page that is wanted as one', async () => {
		paths['/terms'] = (_request, response) => {
			response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
		};
		const result = await create(`${web.url}/terms`, { additionalFields: { fileName: 'terms.html' } });
		expect(result.error).toBeUndefined();
		expect(started()).toMatchObject([{ document: { filename: 'terms.html' } }]);
	});

	test('an empty file', async () => {
		paths['/empty.pdf'] = (_request, response) => void response.writeHead(200).end();
		expect((await refused('/empty.pdf')).message).toContain('it is empty');
	});

	test('a file that is too large, by what its server says', async () => {
		paths['/huge.pdf'] = (_request, response) => {
			response.writeHead(200, { 'content-length': DOWNLOAD.maxSize + 1 }).write('x');
		};
		expect((await refused('/huge.pdf')).message).toContain('it is larger than 2 GiB');
	});

	test('a file that is too large, although its server does not say so', async () => {
		jest.replaceProperty(DOWNLOAD, 'maxSize', LARGE.length - 1);
		expect((await refused('/unmeasured.pdf')).message).toContain('it is larger than');
	});

	test.each([
		['before its first byte', false],
		['while it drips', true],
	])('a server that takes its time %s', async (_when, drips) => {
		jest.replaceProperty(DOWNLOAD, 'grace', SECOND);
		paths['/drips.pdf'] = (_request, response) => {
			if (!drips) return;
			response.writeHead(200, { 'content-length': 1_000 });
			const drip = setInterval(() => response.write('%'), 50);
			response.on('close', () => clearInterval(drip));
		};
		const error = await refused('/drips.pdf');
		expect(error.message).toMatch(/it came too slowly, \d+ bytes in 1 s$/);
		expect(web.hits).toHaveLength(1);
	});

	test('a server that drips once the file is on its way to the storage', async () => {
		jest.replaceProperty(DOWNLOAD, 'grace', SECOND);
		let requests = 0;
		paths['/drips.pdf'] = (_request, response) => {
			response.writeHead(200, { 'content-length': LARGE.length }).write(LARGE.subarray(0, 2_000));
			if (requests++ === 0) return;
			const drip = setInterval(() => response.write('%'), 50);
			response.on('close', () => clearInterval(drip));
		};
		const { error } = await create(`${web.url}/drips.pdf`);
		expect(error?.message).toMatch(/it came too slowly/);
		expect(error?.description).toMatch(/^No run was started\. /);
		expect(requests).toBe(2);
		expect(started()).toEqual([]);
	});

	test('a server that is not there', async () => {
		const gone = await startTestServer(() => 'never');
		await gone.close();
		const { error } = await create(`${gone.url}/a.pdf?sig=secret`);
		expect(error?.message).toBe(
			`The document at ${gone.url}/a.pdf could not be downloaded: the connection was refused`,
		);
		expect(error?.description).toContain('Check the address');
		expect(error?.description).not.toContain('credential');
	});

	test('stopping the workflow stops the download at once', async () => {
		let closed = false;
		paths['/slow.pdf'] = (_request, response) => {
			response.on('close', () => (closed = true));
			response.writeHead(200, { 'content-length': 1_000 }).write('%PDF');
		};
		const execution = lab.n8n.startWorkflow({
			node: 'retab',
			parameters: parametersOf(`${web.url}/slow.pdf`, {}),
			items: [{ json: {} }],
		});
		await eventually(() => web.hits.length === 1);
		await delay(50);
		const result = await execution.stop();
		expect(result.msAfterStop).toBeLessThan(SECOND);
		await eventually(() => closed);
		expect(lab.sandbox.requests).toEqual([]);
	});
});

describe("with n8n's guard against internal addresses", () => {
	let inside: TestServer;
	beforeAll(async () => {
		inside = await startTestServer(() => ({ body: PDF }), '127.0.0.2');
	});
	afterAll(async () => await inside.close());
	beforeEach(() => setSsrfProtection(true));
	afterEach(() => setSsrfProtection(false));

	const BLOCKED = /this n8n does not allow requests to its address$/;

	test('an address inside the network', async () => {
		const { error } = await create(`${inside.url}/a.pdf`);
		expect(error?.message).toMatch(BLOCKED);
		expect(error?.message).toContain(`${inside.url}/a.pdf`);
		expect(error?.description).toContain('N8N_SSRF_ALLOWED_HOSTNAMES');
		expect(inside.requests).toEqual([]);
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('an address of the web that redirects there', async () => {
		paths['/trick.pdf'] = (_request, response) =>
			void response.writeHead(302, { location: `${inside.url}/admin?token=secret` }).end();
		const error = await refused('/trick.pdf');
		expect(error.message).toMatch(BLOCKED);
		expect(error.message).toContain(`which leads to ${inside.url}/admin,`);
		expect(inside.requests).toEqual([]);
	});

	test('an address of the web is downloaded', async () => {
		expect((await create(`${web.url}/invoice.pdf`)).error).toBeUndefined();
		expect(started()).toHaveLength(1);
	});
});
