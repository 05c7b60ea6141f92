import { createServer, type AddressInfo, type Server } from 'node:net';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { startTestServer, type TestServer } from './support';
import { credentialsFor, useSandbox } from './support/sandbox-instance';

/** The credentials as n8n uses them: their test, what they send and where, and their use in the HTTP Request node. */

const EXTEND_HINT =
	'Check the API key in the Extend credential. Its Region must be the one the key was made in, and an organization-wide key needs its Workspace ID.';

const lab = useSandbox();

beforeEach(() => {
	lab.sandbox.reset();
	lab.sandbox.createRun({ provider: 'retab', resource: 'extraction', id: 'extr_1' });
	lab.sandbox.createRun({ provider: 'extend', resource: 'extractRun', id: 'exr_1' });
});

function getRun(node: 'retab' | 'extend', data: ICredentialDataDecryptedObject) {
	const resource = node === 'retab' ? 'extraction' : 'extractRun';
	const value = node === 'retab' ? 'extr_1' : 'exr_1';
	return lab.n8n.runWorkflow({
		node,
		parameters: { resource, operation: 'get', runId: { __rl: true, mode: 'id', value } },
		credentials: { [node === 'retab' ? 'retabApi' : 'extendApi']: data },
	});
}

/** Headers of the first request that arrived, as far as a credential sets them. */
function sentHeaders(): Record<string, string | undefined> {
	const { headers = {} } = lab.sandbox.requests[0] ?? {};
	const names = ['api-key', 'authorization', 'x-extend-api-version', 'x-extend-workspace-id'];
	return Object.fromEntries(names.flatMap((name) => (name in headers ? [[name, headers[name]]] : [])));
}

describe('the test of a Retab credential', () => {
	const data = () => ({ apiKey: 'rt_test_sandbox', baseUrl: lab.sandbox.url });

	test('a key that works', async () => {
		const { status, message } = await lab.n8n.testCredential('retabApi', data());
		expect([status, message]).toEqual(['OK', 'Connection successful!']);
		expect(lab.sandbox.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
			'GET /v1/auth/status',
		]);
	});

	test.each([
		['/v1', 'a version in the base URL'],
		['/', 'a slash at the end'],
		['/v1/', 'both'],
		['  ', 'spaces at the end'],
	])('"%s": %s', async (end) => {
		const url = `${lab.sandbox.url}${end}`;
		const { status } = await lab.n8n.testCredential('retabApi', { ...data(), baseUrl: url });
		expect(status).toBe('OK');
	});

	test.each(['both', 'apiKey', 'bearer'])('sent as %s', async (sendKeyAs) => {
		const { status } = await lab.n8n.testCredential('retabApi', { ...data(), sendKeyAs });
		expect(status).toBe('OK');
	});

	test('a key that does not', async () => {
		const wrong = { ...data(), apiKey: 'rt_live_wrong' };
		const { status, message } = await lab.n8n.testCredential('retabApi', wrong);
		expect([status, message]).toEqual([
			'Error',
			'Retab refused the API key (401). Check the API key in the Retab credential, and that its Base URL is the one the key was made for.',
		]);
	});

	test('an address where nobody is', async () => {
		const nowhere = { ...data(), baseUrl: 'http://127.0.0.1:1' };
		const { status, message } = await lab.n8n.testCredential('retabApi', nowhere);
		expect([status, message]).toEqual(['Error', 'ECONNREFUSED']);
	});

	test.each([
		['', 'The API key is empty (credential field "apiKey")'],
		['two words', expect.stringContaining('The API key holds spaces')],
	])('the key "%s" is refused before anything is sent', async (apiKey, message) => {
		const result = await lab.n8n.testCredential('retabApi', { ...data(), apiKey });
		expect(result).toMatchObject({ status: 'Error', message });
		expect(lab.sandbox.requests).toEqual([]);
	});
});

describe('the test of an Extend credential', () => {
	const data = () => ({ apiKey: 'sk_sandbox', region: 'custom', baseUrl: lab.sandbox.url });

	test('a key that works', async () => {
		const { status, message } = await lab.n8n.testCredential('extendApi', data());
		expect([status, message]).toEqual(['OK', 'Connection successful!']);
		expect(lab.sandbox.requests).toMatchObject([
			{ method: 'GET', path: '/extractors', query: 'maxPageSize=1' },
		]);
	});

	test('a slash at the end of the base URL', async () => {
		const url = `${lab.sandbox.url}/`;
		const { status } = await lab.n8n.testCredential('extendApi', { ...data(), baseUrl: url });
		expect(status).toBe('OK');
	});

	test.each([
		['a key that does not', { apiKey: 'sk_wrong' }, `Extend refused the API key (401). ${EXTEND_HINT}`],
		[
			'a workspace that is not the key’s',
			{ workspaceId: 'ws_other' },
			`Extend refused the API key (403). ${EXTEND_HINT}`,
		],
		[
			'an unknown API version',
			{ apiVersion: '1999-01-01' },
			'Extend refused the request (400). Check the fields of this credential.',
		],
	])('%s', async (_what, wrong, shown) => {
		const { status, message } = await lab.n8n.testCredential('extendApi', { ...data(), ...wrong });
		expect([status, message]).toEqual(['Error', shown]);
	});

	test('the workspace of the key', async () => {
		const own = { ...data(), workspaceId: lab.sandbox.workspaceId };
		const { status } = await lab.n8n.testCredential('extendApi', own);
		expect(status).toBe('OK');
	});
});

describe('what is sent', () => {
	const bearer = 'Bearer rt_test_sandbox';

	test.each([
		[undefined, { authorization: bearer }],
		['both', { 'api-key': 'rt_test_sandbox', authorization: bearer }],
		['apiKey', { 'api-key': 'rt_test_sandbox' }],
		['bearer', { authorization: bearer }],
	])('Retab, Send Key As %s', async (sendKeyAs, headers) => {
		const data = { apiKey: 'rt_test_sandbox', baseUrl: lab.sandbox.url };
		await getRun('retab', sendKeyAs === undefined ? data : { ...data, sendKeyAs });
		expect(sentHeaders()).toEqual(headers);
	});

	test.each(['', '/', '/v1', '/v1/'])('Retab, base URL that ends with "%s"', async (end) => {
		await getRun('retab', { apiKey: 'rt_test_sandbox', baseUrl: `${lab.sandbox.url}${end}` });
		expect(lab.sandbox.requests[0]?.path).toBe('/v1/extractions/extr_1');
	});

	test('spaces around the key are dropped', async () => {
		await getRun('retab', { apiKey: ' rt_test_sandbox\n', baseUrl: lab.sandbox.url });
		expect(sentHeaders()).toMatchObject({ authorization: bearer });
	});

	test('Extend: the key, and the API version this package is made for', async () => {
		await getRun('extend', { apiKey: 'sk_sandbox', region: 'custom', baseUrl: lab.sandbox.url });
		expect(sentHeaders()).toEqual({
			authorization: 'Bearer sk_sandbox',
			'x-extend-api-version': '2026-02-09',
		});
	});

	test('Extend: another API version, and a workspace', async () => {
		await getRun('extend', {
			apiKey: 'sk_sandbox',
			region: 'custom',
			baseUrl: lab.sandbox.url,
			apiVersion: '2025-04-21',
			workspaceId: 'ws_sandbox',
		});
		expect(sentHeaders()).toEqual({
			authorization: 'Bearer sk_sandbox',
			'x-extend-api-version': '2025-04-21',
			'x-extend-workspace-id': 'ws_sandbox',
		});
	});

	test('an API behind a path of a gateway is found', async () => {
		const gateway = await startTestServer(() => ({ body: { id: 'extr_1', status: 'completed' } }));
		await getRun('retab', { apiKey: 'rt_1', baseUrl: `${gateway.url}/gateway/retab` });
		await gateway.close();
		expect(gateway.requests.map(({ path }) => path)).toEqual(['/gateway/retab/v1/extractions/extr_1']);
	});

	test('one credential is read once per node run, however many requests follow', async () => {
		const ids = lab.sandbox.createRuns(5, { provider: 'retab', resource: 'extraction' });
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: {
				resource: 'extraction',
				operation: 'get',
				runId: { __rl: true, mode: 'id', value: '={{ $json.id }}' },
			},
			items: ids.map((id) => ({ id })),
		});
		expect(result.json[0]).toHaveLength(5);
		// n8n's helper reads it for each request; the node itself adds one.
		expect(result.decryptions).toEqual({ retabApi: 6 });
	});
});

/**
 * The real hosts are never asked: a proxy on this machine takes every connection, notes where it was to go, and closes
 * it.
 */
describe('the hosts of the APIs', () => {
	let proxy: Server;
	const asked: string[] = [];

	beforeAll(async () => {
		proxy = createServer((socket) => {
			socket.once('data', (data) => {
				asked.push(data.toString().split('\r\n')[0] ?? '');
				socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
			});
			socket.on('error', () => undefined);
		});
		await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
		process.env.HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
	});
	beforeEach(() => void (asked.length = 0));
	afterAll(async () => {
		delete process.env.HTTPS_PROXY;
		await new Promise((resolve) => proxy.close(resolve));
	});

	test.each([
		['retab', {}, 'api.retab.com'],
		['extend', {}, 'api.extend.ai'],
		['extend', { region: 'us' }, 'api.extend.ai'],
		['extend', { region: 'us2' }, 'api.us2.extend.app'],
		['extend', { region: 'eu' }, 'api.eu1.extend.ai'],
	] as const)('%s %j goes to %s', async (node, data, host) => {
		const type = node === 'retab' ? 'retabApi' : 'extendApi';
		const test = await lab.n8n.testCredential(type, { apiKey: 'key_1', ...data });
		expect(test.status).toBe('Error');
		const result = await lab.n8n.startWorkflow({
			node,
			parameters: {
				resource: node === 'retab' ? 'job' : 'splitRun',
				operation: 'poll',
				maxWait: 0.3,
				runId: { __rl: true, mode: 'id', value: 'run_1' },
			},
			credentials: { [type]: { apiKey: 'key_1', ...data } },
		}).finished;
		expect(result.status).toBe('error');
		expect(asked.length).toBeGreaterThanOrEqual(2);
		expect(new Set(asked)).toEqual(new Set([`CONNECT ${host}:443 HTTP/1.1`]));
	});
});

describe.each(['requestWithAuthentication', 'httpRequestWithAuthentication'] as const)(
	'as predefined credential of the HTTP Request node (%s)',
	(helper) => {
		let other: TestServer;
		beforeAll(async () => {
			other = await startTestServer(() => ({ body: { stolen: true } }));
		});
		afterAll(async () => await other.close());

		test('Retab: the key is added on its own host', async () => {
			const { id } = lab.sandbox.createRun({ provider: 'retab', resource: 'parse' });
			const url = `${lab.sandbox.url}/v1/parses/${id}`;
			const result = await lab.n8n.requestWithCredential('retabApi', { url, helper });
			expect(result.json).toMatchObject([[{ id }]]);
		});

		test('Extend: the key and the API version are added, to a POST as well', async () => {
			const url = `${lab.sandbox.url}/parse_runs`;
			const body = { file: { url: 'https://files.example.com/invoice.pdf' } };
			const request = { url, method: 'POST', body, helper } as const;
			const result = await lab.n8n.requestWithCredential('extendApi', request);
			expect(result.json).toMatchObject([[{ object: 'parse_run' }]]);
			expect(sentHeaders()).toMatchObject({ 'x-extend-api-version': '2026-02-09' });
		});

		test.each(['retabApi', 'extendApi'])('%s: another host gets nothing', async (type) => {
			const request = { url: `${other.url}/v1/parses/prs_1`, helper };
			const result = await lab.n8n.requestWithCredential(type, request);
			expect(result.status).toBe('error');
			expect(result.error?.message).toContain(
				`This credential sends its key to ${lab.sandbox.url} only, not to ${other.url}`,
			);
			expect(other.requests).toEqual([]);
		});

		test.each(['retabApi', 'extendApi'])('%s: a redirect is not followed', async (type) => {
			lab.sandbox.plantFault({ path: '/**', redirectTo: `${other.url}/v1/parses/prs_1`, count: 'always' });
			const path = type === 'retabApi' ? '/v1/parses/prs_1' : '/parse_runs/pr_1';
			await lab.n8n.requestWithCredential(type, { url: `${lab.sandbox.url}${path}`, helper });
			expect(lab.sandbox.requests.length).toBeGreaterThan(0);
			expect(other.requests).toEqual([]);
		});

		test('another port, another protocol, and an address that only looks alike are other hosts', async () => {
			const { port } = new URL(lab.sandbox.url);
			const addresses = [
				`https://127.0.0.1:${port}/v1/parses/prs_1`,
				`http://127.0.0.1:${port}@${new URL(other.url).host}/v1/parses/prs_1`,
				`http://localhost:${port}/v1/parses/prs_1`,
			];
			for (const url of addresses) {
				const result = await lab.n8n.requestWithCredential('retabApi', { url, helper });
				expect(result.error?.message).toContain('This credential sends its key to');
			}
			expect(other.requests).toEqual([]);
			expect(lab.sandbox.requests).toEqual([]);
		});
	},
);

describe('credentials that hold expressions', () => {
	test('are resolved by n8n before they are used', async () => {
		const { retabApi } = credentialsFor(lab.sandbox.url);
		await getRun('retab', { ...retabApi, apiKey: '={{ "rt_test_" + "sandbox" }}' });
		expect(sentHeaders()).toMatchObject({ authorization: 'Bearer rt_test_sandbox' });
	});
});
