import { type IDataObject, type ILoadOptionsFunctions, type INodeListSearchResult } from 'n8n-workflow';

import { createTestInstance, startTestServer } from '../support';
import {
	KEY,
	EchoApi,
	SignedApi,
	nodeType,
	echoCredential,
	instanceWith,
	getEachItem,
	startEcho,
} from './tinyNode';

/** Facts about n8n that this package relies on. How n8n resolves, sends and tests credentials, and calls list searches. */

const echo = startEcho();

describe('credentials', () => {
	test('generic authentication resolves expressions, with the defaults filled in', async () => {
		const n8n = instanceWith(getEachItem);

		const result = await n8n.runWorkflow({ node: 'tiny', credentials: { echoApi: { apiKey: KEY } } });

		expect(echo.server.requests[0]?.headers).toMatchObject({
			authorization: `Bearer ${KEY}`,
			'x-region': 'eu',
		});
		expect(result.decryptions).toEqual({ echoApi: 1 });
		expect(result.authenticatedRequests[0]?.headers).toEqual({
			Authorization: `Bearer ${KEY}`,
			'X-Region': 'eu',
		});
	});

	test('authentication by a function, with the fields of a parent type', async () => {
		const n8n = instanceWith(async function () {
			await this.helpers.httpRequestWithAuthentication.call(this, 'signedApi', { url: echo.server.url });
			return [[]];
		});

		await n8n.runWorkflow({ node: 'tiny', credentials: { signedApi: { apiKey: KEY } } });

		expect(echo.server.requests[0]?.headers['x-signature']).toBe(`signed with ${KEY}`);
	});

	test('fields that are not shown are dropped, and values may be expressions', async () => {
		const n8n = instanceWith(async function () {
			return [[{ json: await this.getCredentials('echoApi') }]];
		});

		const result = await n8n.runWorkflow({
			node: 'tiny',
			credentials: { echoApi: { apiKey: "={{ 'key-' + 1 }}", baseUrl: 'https://not-shown.invalid' } },
		});

		expect(result.json).toEqual([[{ apiKey: 'key-1', region: 'eu' }]]);
	});

	test('a node without its credential gets the error of n8n', async () => {
		const n8n = createTestInstance({
			nodes: [nodeType('tiny', { execute: getEachItem })],
			credentialTypes: [EchoApi],
		});

		const { error } = await n8n.runWorkflow({ node: 'tiny' });

		expect(error?.message).toBe('Node does not require credentials');
	});

	test.each(['requestWithAuthentication', 'httpRequestWithAuthentication'] as const)(
		'works as predefined credential type with %s',
		async (helper) => {
			const n8n = instanceWith(getEachItem);

			const result = await n8n.requestWithCredential('echoApi', {
				url: `${echo.server.url}/things`,
				method: 'POST',
				body: { a: 1 },
				helper,
			});

			expect(result.json).toEqual([[{ path: '/things' }]]);
			expect(echo.server.requests[0]).toMatchObject({ method: 'POST', body: { a: 1 } });
			expect(echo.server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
		},
	);

	test('a redirect to another host takes the key along, unless redirects are refused', async () => {
		const other = await startTestServer(() => ({}));
		echo.answerNext = () => ({ status: 302, headers: { location: other.url } });
		const request = async (disableFollowRedirect: boolean) =>
			await instanceWith(async function () {
				await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
					url: echo.server.url,
					disableFollowRedirect,
				});
				return [[]];
			}).runWorkflow({ node: 'tiny' });

		await request(true);
		expect(other.requests).toHaveLength(0);
		await request(false);
		expect(other.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
		await other.close();
	});
});

describe('testing a credential', () => {
	const n8n = createTestInstance({ nodes: [], credentialTypes: [EchoApi, SignedApi] });

	test('resolves the base URL, authenticates and sends the request', async () => {
		const result = await n8n.testCredential('echoApi', echoCredential());

		expect(result).toMatchObject({ status: 'OK', message: 'Connection successful!' });
		expect(result.requests).toHaveLength(1);
		expect(echo.server.requests).toMatchObject([
			{ path: '/me', headers: { authorization: `Bearer ${KEY}` } },
		]);
	});

	test.each([
		[401, 'Unauthorized'],
		[403, 'The key may not read this workspace'],
		[503, 'Service Unavailable'],
	])('status %d fails with "%s"', async (status, message) => {
		echo.answerNext = () => ({ status });

		expect(await n8n.testCredential('echoApi', echoCredential())).toMatchObject({ status: 'Error', message });
	});

	test('a host that is not there fails with its code', async () => {
		const gone = await startTestServer(() => 'never');
		await gone.close();

		const result = await n8n.testCredential('echoApi', { ...echoCredential(), baseUrl: gone.url });

		expect(result).toMatchObject({ status: 'Error', message: 'ECONNREFUSED' });
	});

	test('a type without a test says so', async () => {
		const result = await n8n.testCredential('signedApi', { apiKey: KEY });

		expect(result.message).toBe('No testing function found for this credential.');
	});
});

describe('list search', () => {
	const searchRuns = async function (
		this: ILoadOptionsFunctions,
		filter?: string,
		paginationToken?: string,
	): Promise<INodeListSearchResult> {
		const { path } = this.getCurrentNodeParameters() ?? {};
		const answer = (await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
			url: `${echo.server.url}${path as string}`,
			qs: { filter, after: paginationToken },
		})) as IDataObject;
		return { results: [{ name: answer.path as string, value: 'id' }], paginationToken: 'next' };
	};
	const n8n = createTestInstance({
		nodes: [nodeType('tiny', { methods: { listSearch: { searchRuns } } })],
		credentialTypes: [EchoApi, SignedApi],
		credentials: { echoApi: { apiKey: KEY } },
	});

	test('gets the parameters of the open node, its credentials, filter and page token', async () => {
		const result = await n8n.loadListSearch({
			node: 'tiny',
			method: 'searchRuns',
			path: 'runId',
			parameters: { path: '/v1/jobs' },
			filter: 'abc',
			paginationToken: 'page-2',
		});

		expect(result).toEqual({ results: [{ name: '/v1/jobs', value: 'id' }], paginationToken: 'next' });
		expect(echo.server.requests).toMatchObject([
			{ query: { filter: 'abc', after: 'page-2' }, headers: { authorization: `Bearer ${KEY}` } },
		]);
	});

	test('a credential may hold expressions that need no items', async () => {
		await n8n.loadListSearch({
			node: 'tiny',
			method: 'searchRuns',
			path: 'runId',
			credentials: { echoApi: { apiKey: "={{ 'key-' + 1 }}" } },
		});

		expect(echo.server.requests[0]?.headers.authorization).toBe('Bearer key-1');
	});

	test('parameters left out have their defaults, as in the editor', async () => {
		const { results } = await n8n.loadListSearch({ node: 'tiny', method: 'searchRuns', path: 'runId' });

		expect(results).toEqual([{ name: '/default', value: 'id' }]);
	});
});
