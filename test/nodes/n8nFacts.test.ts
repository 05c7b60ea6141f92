import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	NodeApiError,
	NodeConnectionTypes,
	NodeOperationError,
	sleep,
	type IAuthenticateGeneric,
	type ICredentialDataDecryptedObject,
	type ICredentialTestRequest,
	type ICredentialType,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type INodeExecutionData,
	type INodeListSearchResult,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
	type JsonObject,
} from 'n8n-workflow';

import {
	createTestInstance,
	eventually,
	logEntries,
	setBinaryDataMode,
	startTestServer,
	type Answer,
	type NodeTypeClass,
	type TestInstance,
	type TestServer,
	type WorkflowJson,
} from './support';

/** A key that must be recognisable wherever it turns up. */
const KEY = 'key-of-the-user';

let server: TestServer;
let answerNext: (path: string) => Answer | 'never';

beforeAll(async () => {
	server = await startTestServer(({ path }) => answerNext(path));
});

beforeEach(() => {
	server.requests.length = 0;
	answerNext = (path) => ({ body: { path } });
});

afterAll(async () => await server.close());

class EchoApi implements ICredentialType {
	name = 'echoApi';

	displayName = 'Echo API';

	properties: INodeProperties[] = [
		{ displayName: 'API Key', name: 'apiKey', type: 'string', default: '' },
		{
			displayName: 'Region',
			name: 'region',
			type: 'options',
			options: [
				{ name: 'EU', value: 'eu' },
				{ name: 'Custom', value: 'custom' },
			],
			default: 'eu',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: '',
			displayOptions: { show: { region: ['custom'] } },
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: {
			headers: {
				Authorization: '=Bearer {{ $credentials.apiKey }}',
				'X-Region': '={{ $credentials.region }}',
			},
		},
	};

	test: ICredentialTestRequest = {
		request: { baseURL: '={{ $credentials.baseUrl }}', url: '/me' },
		rules: [
			{ type: 'responseCode', properties: { value: 403, message: 'The key may not read this workspace' } },
		],
	};
}

/** The same credential with `authenticate` as a function. */
class SignedApi implements ICredentialType {
	name = 'signedApi';

	displayName = 'Signed API';

	extends = ['echoApi'];

	properties: INodeProperties[] = [];

	authenticate = async ({ apiKey }: { apiKey?: string }, request: IHttpRequestOptions) => ({
		...request,
		headers: { ...request.headers, 'X-Signature': `signed with ${apiKey}` },
	});
}

type Execute = (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

const PATH: INodeProperties = { displayName: 'Path', name: 'path', type: 'string', default: '/default' };

/** A node type with one parameter, `path`, and the credentials of the Echo API. */
function nodeType(
	name: string,
	functions: Partial<INodeType>,
	description: Partial<INodeTypeDescription> = {},
): NodeTypeClass {
	return class implements INodeType {
		description: INodeTypeDescription = {
			name,
			displayName: name,
			description: `The ${name} node`,
			group: ['transform'],
			version: [1, 2],
			defaults: { name },
			inputs: [NodeConnectionTypes.Main],
			outputs: [NodeConnectionTypes.Main],
			credentials: [{ name: 'echoApi' }, { name: 'signedApi' }],
			properties: [PATH],
			...description,
		};

		constructor() {
			Object.assign(this, functions);
		}
	};
}

function echoCredential(): ICredentialDataDecryptedObject {
	return { apiKey: KEY, region: 'custom', baseUrl: server.url };
}

/** An n8n with one node, called `tiny`, that does what the test says. */
function instanceWith(execute: Execute, description: Partial<INodeTypeDescription> = {}): TestInstance {
	return createTestInstance({
		nodes: [nodeType('tiny', { execute }, description)],
		credentialTypes: [EchoApi, SignedApi],
		credentials: () => ({ echoApi: echoCredential() }),
	});
}

/** Sends the request of one item, as a node should: with the item's parameter, the credential and `pairedItem`. */
async function get(context: IExecuteFunctions, index: number): Promise<INodeExecutionData> {
	const path = context.getNodeParameter('path', index) as string;
	const request = { url: `${server.url}${path}` };
	const json = (await context.helpers.httpRequestWithAuthentication.call(
		context,
		'echoApi',
		request,
	)) as IDataObject;
	return { json, pairedItem: { item: index } };
}

const getEachItem: Execute = async function () {
	return [await Promise.all(this.getInputData().map(async (_item, index) => await get(this, index)))];
};

const threeOutputs: Partial<INodeTypeDescription> = {
	outputs: ['Completed', 'Failed', 'Timed Out'].map((displayName) => ({
		type: NodeConnectionTypes.Main,
		displayName,
	})),
};

describe('running one node', () => {
	test('parameters are expressions over the items, and items keep their pairs', async () => {
		const n8n = instanceWith(getEachItem);

		const result = await n8n.runWorkflow({
			node: 'tiny',
			parameters: { path: '=/runs/{{ $json.id }}' },
			items: [
				{ id: 'a', name: 'first' },
				{ id: 'b', name: 'second' },
			],
			collect: { from: "={{ $('Start').item.json.name }}", position: '={{ $itemIndex }}' },
		});

		expect(result.status).toBe('success');
		expect(result.error).toBeUndefined();
		expect(result.json).toEqual([[{ path: '/runs/a' }, { path: '/runs/b' }]]);
		expect(result.outputs[0]?.[1]?.pairedItem).toEqual({ item: 1 });
		expect(result.collected).toEqual([
			[
				{ from: 'first', position: 0 },
				{ from: 'second', position: 1 },
			],
		]);
	});

	test('without pairedItem the expressions of later nodes fail, as they do in n8n', async () => {
		const n8n = instanceWith(async () => [[{ json: {} }, { json: {} }, { json: {} }]]);

		const result = await n8n.runWorkflow({
			node: 'tiny',
			items: [{}, {}],
			collect: { from: "={{ $('Start').item.json.name }}" },
		});

		expect(result.status).toBe('error');
		expect(result.error?.message).toContain('Paired item data');
	});

	test('every declared output is reported, also the ones without items', async () => {
		const n8n = instanceWith(async () => [[], [{ json: { id: 1 } }], []], threeOutputs);

		const result = await n8n.runWorkflow({ node: 'tiny' });

		expect(result.json).toEqual([[], [{ id: 1 }], []]);
		expect(result.runsOf('After output 1')).toBe(1);
		expect(result.runsOf('After output 0')).toBe(0);
	});

	test('outputs may be an expression over the parameters', async () => {
		const n8n = instanceWith(async () => [[], [{ json: {} }]], {
			outputs: `={{ $parameter.path === '/two' ? [{ type: 'main' }, { type: 'main' }] : [{ type: 'main' }] }}`,
		});

		const two = await n8n.runWorkflow({ node: 'tiny', parameters: { path: '/two' } });
		const one = await n8n.runWorkflow({ node: 'tiny', parameters: { path: '/one' } });

		expect(two.json).toEqual([[], [{}]]);
		expect(one.json).toEqual([[]]);
	});

	test('the newest version of the type runs, unless another is asked for', async () => {
		const n8n = instanceWith(async function () {
			return [[{ json: { version: this.getNode().typeVersion } }]];
		});

		expect((await n8n.runWorkflow({ node: 'tiny' })).json).toEqual([[{ version: 2 }]]);
		expect((await n8n.runWorkflow({ node: 'tiny', typeVersion: 1 })).json).toEqual([[{ version: 1 }]]);
	});

	test('items given by the test stay as they are', async () => {
		const n8n = instanceWith(async function () {
			for (const item of this.getInputData()) item.json.changed = true;
			return [this.getInputData()];
		});
		const items = [{ id: 'a' }];

		const result = await n8n.runWorkflow({ node: 'tiny', items });

		expect(result.json).toEqual([[{ id: 'a', changed: true }]]);
		expect(items).toEqual([{ id: 'a' }]);
	});

	test('progress reaches the editor in manual mode only; hints always', async () => {
		const n8n = instanceWith(async function () {
			this.sendMessageToUI({ done: 1, of: 2 });
			this.addExecutionHints({ message: 'A status was not known', type: 'warning', location: 'outputPane' });
			return [[]];
		});

		const manual = await n8n.runWorkflow({ node: 'tiny', mode: 'manual' });
		const production = await n8n.runWorkflow({ node: 'tiny' });

		expect(manual.uiMessages).toEqual([[{ done: 1, of: 2 }]]);
		expect(production.uiMessages).toEqual([]);
		for (const { hints } of [manual, production]) {
			expect(hints).toEqual([{ message: 'A status was not known', type: 'warning', location: 'outputPane' }]);
		}
	});

	test('hints of a node that throws are lost', async () => {
		const n8n = instanceWith(async function () {
			this.addExecutionHints({ message: 'A status was not known' });
			throw new NodeOperationError(this.getNode(), 'Failed');
		});

		expect((await n8n.runWorkflow({ node: 'tiny' })).hints).toEqual([]);
	});

	test('a missing required parameter is refused before anything runs', async () => {
		const execute = jest.fn(async () => [[]]);
		const n8n = instanceWith(execute, { properties: [{ ...PATH, default: '', required: true }] });

		const result = await n8n.runWorkflow({ node: 'tiny' });

		expect(result.status).toBe('error');
		expect(result.error?.message).toContain('Parameter "Path" is required');
		expect(execute).not.toHaveBeenCalled();
	});

	test('what a node logs is recorded', async () => {
		const n8n = instanceWith(async function () {
			this.logger.warn('A pause was asked for', { seconds: 2 });
			return [[]];
		});

		await n8n.runWorkflow({ node: 'tiny' });

		expect(logEntries).toContainEqual({
			level: 'warn',
			message: 'A pause was asked for',
			metadata: { seconds: 2 },
		});
	});
});

describe('errors', () => {
	test('an HTTP error carries status, message, description and item', async () => {
		const n8n = instanceWith(async function () {
			try {
				return [[await get(this, 0)]];
			} catch (error) {
				throw new NodeOperationError(this.getNode(), error as Error, {
					message: 'The run could not be read',
					description: 'Check the key.',
					itemIndex: 0,
				});
			}
		});
		answerNext = () => ({ status: 401, body: { detail: 'wrong key' } });

		const result = await n8n.runWorkflow({ node: 'tiny' });

		expect(result.status).toBe('error');
		expect(result.error).toMatchObject({
			name: 'NodeOperationError',
			message: 'The run could not be read',
			description: 'Check the key.',
			itemIndex: 0,
		});
	});

	test.each([
		['500', () => ({ status: 500 })],
		['404', () => ({ status: 404 })],
	])('httpCode of an unhandled answer %s is text', async (httpCode, answer) => {
		answerNext = answer;

		const { error } = await instanceWith(getEachItem).runWorkflow({ node: 'tiny' });

		expect(error).toMatchObject({ name: 'NodeApiError', httpCode });
	});

	test('a 401 makes n8n send the request a second time, unless the node reads the status itself', async () => {
		answerNext = () => ({ status: 401 });

		await instanceWith(getEachItem).runWorkflow({ node: 'tiny' });
		expect(server.requests).toHaveLength(2);

		server.requests.length = 0;
		const n8n = instanceWith(async function () {
			const { statusCode } = (await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
				url: server.url,
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
			})) as { statusCode: number };
			return [[{ json: { statusCode } }]];
		});
		expect((await n8n.runWorkflow({ node: 'tiny' })).json).toEqual([[{ statusCode: 401 }]]);
		expect(server.requests).toHaveLength(1);
	});

	test('a server that is not there gives ECONNREFUSED', async () => {
		const gone = await startTestServer(() => 'never');
		await gone.close();
		const n8n = instanceWith(async function () {
			await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', { url: gone.url });
			return [[]];
		});

		const { error } = await n8n.runWorkflow({ node: 'tiny' });

		expect(error?.httpCode).toBe('ECONNREFUSED');
	});

	/** One good and one bad item, with the bad one reported in the given form. */
	async function runWithOneBadItem(report: (error: NodeApiError) => Partial<INodeExecutionData>) {
		answerNext = (path) => (path === '/b' ? { status: 500 } : { body: { path } });
		const n8n = instanceWith(async function () {
			const items = this.getInputData().map(async (_item, index): Promise<INodeExecutionData> => {
				try {
					return await get(this, index);
				} catch (cause) {
					const error = new NodeApiError(this.getNode(), cause as JsonObject, { itemIndex: index });
					return { json: {}, pairedItem: { item: index }, ...report(error) };
				}
			});
			return [await Promise.all(items)];
		});
		return await n8n.runWorkflow({
			node: 'tiny',
			parameters: { path: '={{ $json.path }}' },
			items: [{ path: '/a' }, { path: '/b' }],
			onError: 'continueErrorOutput',
		});
	}

	test('items with .error go to the error output; nothing but the message is left of their json', async () => {
		const result = await runWithOneBadItem((error) => ({ error, json: { id: 'lost' } }));

		expect(result.status).toBe('success');
		const [good, failed] = result.outputs;
		expect(good?.map(({ json }) => json)).toEqual([{ path: '/a' }]);
		expect(failed).toMatchObject([{ pairedItem: { item: 1 } }]);
		expect(failed?.[0]?.json).toEqual({ error: 'The service was not able to process your request' });
	});

	test('items with json.error, message and details only go there too, and get the fields of their input', async () => {
		const result = await runWithOneBadItem(({ message }) => ({ json: { error: message, details: 'd' } }));

		expect(result.json).toEqual([
			[{ path: '/a' }],
			[{ path: '/b', error: 'The service was not able to process your request', details: 'd' }],
		]);
	});

	test('items with json.error and other fields stay where they are', async () => {
		const result = await runWithOneBadItem(({ message }) => ({ json: { error: message, id: 'b' } }));

		expect(result.json[0]).toHaveLength(2);
		expect(result.json[1]).toEqual([]);
	});

	test('a throw with continueErrorOutput sends the input on as if all went well', async () => {
		const n8n = instanceWith(async function () {
			throw new NodeOperationError(this.getNode(), 'Everything failed');
		});

		const result = await n8n.runWorkflow({
			node: 'tiny',
			items: [{ id: 'a' }],
			onError: 'continueErrorOutput',
		});

		expect(result.status).toBe('success');
		expect(result.json).toEqual([[{ id: 'a' }], []]);
	});

	test('Retry On Fail runs the node again', async () => {
		answerNext = () => ({ status: server.requests.length < 3 ? 503 : 200 });

		const result = await instanceWith(getEachItem).runWorkflow({
			node: 'tiny',
			retryOnFail: true,
			maxTries: 3,
			waitBetweenTries: 10,
		});

		expect(result.status).toBe('success');
		expect(server.requests).toHaveLength(3);
	});

	test('a message with "canceled" marks the whole execution as canceled', async () => {
		const n8n = instanceWith(async function () {
			throw new NodeOperationError(this.getNode(), 'The run was canceled');
		});

		const result = await n8n.runWorkflow({ node: 'tiny' });

		expect(result.status).toBe('canceled');
		expect(result.error?.message).toBe('The run was canceled');
	});
});

describe('stopping', () => {
	test('aborts a request in flight; a node that then returns early ends as canceled', async () => {
		const n8n = instanceWith(async function () {
			return await getEachItem.call(this).catch(() => []);
		});
		answerNext = () => 'never';

		const execution = n8n.startWorkflow({ node: 'tiny' });
		const request = await eventually(() => server.requests[0]);
		const result = await execution.stop();

		await eventually(() => request.aborted);
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(500);
	});

	test('a node that lets the aborted request throw ends as canceled too, by the message "canceled"', async () => {
		answerNext = () => 'never';

		const execution = instanceWith(getEachItem).startWorkflow({ node: 'tiny' });
		await eventually(() => server.requests[0]);
		const result = await execution.stop();

		expect(result.status).toBe('canceled');
		expect(result.error).toMatchObject({ name: 'NodeApiError', message: 'canceled' });
	});

	test('a node that throws another message after the stop ends as error', async () => {
		let waiting = false;
		const n8n = instanceWith(async function () {
			waiting = true;
			await new Promise<void>((resolve) => this.onExecutionCancellation(resolve));
			throw new NodeOperationError(this.getNode(), 'The watch ended early');
		});

		const execution = n8n.startWorkflow({ node: 'tiny' });
		await eventually(() => waiting);
		const result = await execution.stop();

		expect(result.status).toBe('error');
	});

	test('stop() after the end gives the result', async () => {
		const execution = instanceWith(getEachItem).startWorkflow({ node: 'tiny' });
		await execution.finished;

		expect(await execution.stop()).toMatchObject({ status: 'success' });
	});

	test('a derived context gives one request its own deadline', async () => {
		const n8n = instanceWith(async function () {
			const deadline = AbortSignal.timeout(50);
			const stopped = this.getExecutionCancelSignal();
			const signal = stopped === undefined ? deadline : AbortSignal.any([deadline, stopped]);
			const code = await getEachItem.call(withSignal(this, signal)).then(
				() => 'answered',
				(error: unknown) => (error as NodeApiError).httpCode,
			);
			return [[{ json: { code, deadlineIsOver: deadline.aborted } }]];
		});
		answerNext = () => 'never';

		const result = await n8n.runWorkflow({ node: 'tiny' });

		expect(result.status).toBe('success');
		expect(result.json).toEqual([[{ code: 'ERR_CANCELED', deadlineIsOver: true }]]);
		expect(result.durationMs).toBeLessThan(1_000);
	});

	test('after the stop, a request leaves only on a context without the signal', async () => {
		const attempts: IDataObject = {};
		const attempt = async (name: string, context: IExecuteFunctions) => {
			attempts[name] = await get(context, 0).then(
				({ json }) => json,
				(error: unknown) => (error as NodeApiError).httpCode,
			);
		};
		const n8n = instanceWith(async function () {
			await new Promise<void>((resolve) => this.onExecutionCancellation(resolve));
			await attempt('as usual', this);
			await attempt('without signal', withSignal(this, undefined));
			return [];
		});

		const execution = n8n.startWorkflow({ node: 'tiny', parameters: { path: '/cancel' } });
		await sleep(20);
		const result = await execution.stop();

		expect(result.status).toBe('canceled');
		expect(attempts).toEqual({ 'as usual': 'ERR_CANCELED', 'without signal': { path: '/cancel' } });
		expect(server.requests).toHaveLength(1);
	});
});

/** `httpRequestWithAuthentication` takes the signal of its context, and nothing else. */
function withSignal(context: IExecuteFunctions, signal: AbortSignal | undefined): IExecuteFunctions {
	return Object.create(context, { getExecutionCancelSignal: { value: () => signal } }) as IExecuteFunctions;
}

describe('credentials', () => {
	test('generic authentication resolves expressions, with the defaults filled in', async () => {
		const n8n = instanceWith(getEachItem);

		const result = await n8n.runWorkflow({ node: 'tiny', credentials: { echoApi: { apiKey: KEY } } });

		expect(server.requests[0]?.headers).toMatchObject({
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
			await this.helpers.httpRequestWithAuthentication.call(this, 'signedApi', { url: server.url });
			return [[]];
		});

		await n8n.runWorkflow({ node: 'tiny', credentials: { signedApi: { apiKey: KEY } } });

		expect(server.requests[0]?.headers['x-signature']).toBe(`signed with ${KEY}`);
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
				url: `${server.url}/things`,
				method: 'POST',
				body: { a: 1 },
				helper,
			});

			expect(result.json).toEqual([[{ path: '/things' }]]);
			expect(server.requests[0]).toMatchObject({ method: 'POST', body: { a: 1 } });
			expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
		},
	);

	test('a redirect to another host takes the key along, unless redirects are refused', async () => {
		const other = await startTestServer(() => ({}));
		answerNext = () => ({ status: 302, headers: { location: other.url } });
		const request = async (disableFollowRedirect: boolean) =>
			await instanceWith(async function () {
				await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
					url: server.url,
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
		expect(server.requests).toMatchObject([{ path: '/me', headers: { authorization: `Bearer ${KEY}` } }]);
	});

	test.each([
		[401, 'Unauthorized'],
		[403, 'The key may not read this workspace'],
		[503, 'Service Unavailable'],
	])('status %d fails with "%s"', async (status, message) => {
		answerNext = () => ({ status });

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
			url: `${server.url}${path as string}`,
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
		expect(server.requests).toMatchObject([
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

		expect(server.requests[0]?.headers.authorization).toBe('Bearer key-1');
	});

	test('parameters left out have their defaults, as in the editor', async () => {
		const { results } = await n8n.loadListSearch({ node: 'tiny', method: 'searchRuns', path: 'runId' });

		expect(results).toEqual([{ name: '/default', value: 'id' }]);
	});
});

describe('as a tool of an AI agent', () => {
	const asTool: Partial<INodeTypeDescription> = {
		...threeOutputs,
		usableAsTool: true,
		description: 'Watches runs',
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				options: [{ name: 'Job', value: 'job' }],
				default: 'job',
			},
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				displayOptions: { show: { resource: ['job'] } },
				options: [{ name: 'Watch', value: 'watch', action: 'Watch a job' }],
				default: 'watch',
			},
			{ ...PATH, default: '' },
		],
	};
	const outputsSeen: Execute = async function () {
		const types = this.getNodeOutputs().map(({ type }) => type);
		const path = this.getNodeParameter('path', 0) as string;
		if (path === 'bad') throw new NodeOperationError(this.getNode(), 'The run id is not valid');
		return [[{ json: { types, path } }], [{ json: { seen: 'never' } }]];
	};
	const parameters = { path: "={{ $fromAI('runId', 'The id of the run', 'string') }}" };

	test.each(['engine', 'invoke'] as const)(
		'called by %s, the agent sees what the first output holds',
		async (style) => {
			const n8n = instanceWith(outputsSeen, asTool);

			const result = await n8n.runAsTool({
				node: 'tiny',
				name: 'Watch a run',
				parameters,
				calls: [{ runId: 'job_1' }, { runId: 'bad' }],
				style,
			});

			expect(result.status).toBe('success');
			expect(result.tool).toEqual({
				name: 'Watch_a_run',
				description: 'Watch a job in tiny',
				arguments: { runId: { type: 'string', description: 'The id of the run' } },
			});
			expect(result.answers).toEqual([
				{ response: [{ types: ['ai_tool'], path: 'job_1' }] },
				{ error: 'The run id is not valid' },
			]);
		},
	);

	test('stopping the agent stops the tool', async () => {
		const n8n = instanceWith(async function () {
			return await getEachItem.call(this).catch(() => []);
		}, asTool);
		answerNext = () => 'never';

		const execution = n8n.startAsTool({ node: 'tiny', parameters: { path: '/x' }, calls: [{}] });
		const request = await eventually(() => server.requests[0]);
		const result = await execution.stop();

		await eventually(() => request.aborted);
		expect(result.status).toBe('canceled');
	});

	test('a node that is not usable as a tool is refused', async () => {
		const n8n = instanceWith(outputsSeen);

		await expect(n8n.runAsTool({ node: 'tiny', calls: [] })).rejects.toThrow('not usable as a tool');
	});
});

describe('running workflow JSON', () => {
	/** Start → Edit Fields → tiny → If done: End, else Wait → tiny. */
	const loop: WorkflowJson = {
		nodes: [
			{ id: '1', name: 'When clicking', type: 'n8n-nodes-base.manualTrigger' },
			{
				id: '2',
				name: 'Edit Fields',
				type: 'n8n-nodes-base.set',
				typeVersion: 3.4,
				parameters: {
					assignments: {
						assignments: [
							{ id: 'a', name: 'run.id', value: '=job_{{ 1 + 1 }}', type: 'string' },
							{ id: 'b', name: 'round', value: '0', type: 'number' },
						],
					},
				},
			},
			{
				id: '3',
				name: 'Tiny',
				type: 'n8n-nodes-document-runs.tiny',
				credentials: { echoApi: { id: 'xyz', name: 'Of the author' } },
			},
			{
				id: '4',
				name: 'If',
				type: 'n8n-nodes-base.if',
				typeVersion: 2.2,
				parameters: {
					conditions: {
						options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
						combinator: 'and',
						conditions: [
							{
								id: 'c',
								leftValue: '={{ $json.round }}',
								rightValue: 3,
								operator: { type: 'number', operation: 'gte' },
							},
						],
					},
				},
			},
			{
				id: '5',
				name: 'Wait',
				type: 'n8n-nodes-base.wait',
				typeVersion: 1.1,
				parameters: { amount: 30, unit: 'seconds' },
			},
			{ id: '6', name: 'End', type: 'n8n-nodes-base.noOp' },
			{ id: '7', name: 'Note', type: 'n8n-nodes-base.stickyNote', parameters: { content: 'How to' } },
		].map((node) => ({ typeVersion: 1, position: [0, 0], parameters: {}, ...node })),
		connections: {
			'When clicking': { main: [[{ node: 'Edit Fields', type: 'main', index: 0 }]] },
			'Edit Fields': { main: [[{ node: 'Tiny', type: 'main', index: 0 }]] },
			Tiny: { main: [[{ node: 'If', type: 'main', index: 0 }]] },
			If: {
				main: [[{ node: 'End', type: 'main', index: 0 }], [{ node: 'Wait', type: 'main', index: 0 }]],
			},
			Wait: { main: [[{ node: 'Tiny', type: 'main', index: 0 }]] },
		},
	};
	const countRounds: Execute = async function () {
		const { apiKey } = await this.getCredentials('echoApi');
		return [
			this.getInputData().map(({ json }, item) => ({
				json: { ...json, apiKey, round: Number(json.round) + 1 },
				pairedItem: { item },
			})),
		];
	};

	test.each(['manual', 'trigger'] as const)('a loop in %s mode, with shorter waits', async (mode) => {
		const result = await instanceWith(countRounds).runWorkflow({
			workflow: loop,
			mode,
			parameters: { Wait: { amount: 0.01 } },
		});

		expect(result.status).toBe('success');
		expect(result.runsOf('Tiny')).toBe(3);
		expect(result.outputsOf('Tiny', 0)[0]?.[0]?.json.round).toBe(1);
		expect(result.outputsOf('End')[0]?.[0]?.json).toEqual({
			run: { id: 'job_2' },
			round: 3,
			apiKey: KEY,
		});
		expect(result.json).toEqual([[{ run: { id: 'job_2' }, round: 3, apiKey: KEY }]]);
	});

	test('pinned nodes do not run', async () => {
		const result = await instanceWith(countRounds).runWorkflow({
			workflow: loop,
			pinData: { Tiny: [{ round: 3 }] },
		});

		expect(result.json).toEqual([[{ round: 3 }]]);
		expect(result.decryptions).toEqual({});
	});

	test("the workflow's own pinned data counts in manual mode only", async () => {
		const workflow: WorkflowJson = { ...loop, pinData: { 'Edit Fields': [{ json: { round: 7 } }] } };
		const n8n = instanceWith(countRounds);
		const parameters = { Wait: { amount: 0.01 } };

		const manual = await n8n.runWorkflow({ workflow, mode: 'manual', parameters });
		const production = await n8n.runWorkflow({ workflow, mode: 'trigger', parameters });

		expect(manual.json[0]?.[0]?.round).toBe(8);
		expect(production.json[0]?.[0]?.round).toBe(3);
	});

	test('a workflow may be given as a file', async () => {
		const folder = String(process.env.N8N_USER_FOLDER);
		const file = join(folder, 'loop.json');
		mkdirSync(folder, { recursive: true });
		writeFileSync(file, JSON.stringify(loop));

		const result = await instanceWith(countRounds).runWorkflow({
			workflow: file,
			nodeUnderTest: 'Edit Fields',
			pinData: { Tiny: [{ round: 3 }] },
		});

		expect(result.json).toEqual([[{ run: { id: 'job_2' }, round: 0 }]]);
	});

	test('stopping ends a wait', async () => {
		const execution = instanceWith(countRounds).startWorkflow({ workflow: loop });
		await sleep(30);
		const result = await execution.stop();

		expect(result.status).toBe('canceled');
		expect(result.runsOf('Tiny')).toBe(1);
		expect(result.msAfterStop).toBeLessThan(500);
	});
});

describe('poll triggers', () => {
	/** Emits what is newer than the last poll. */
	const poll = async function (this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const staticData = this.getWorkflowStaticData('node');
		const seen = Number(staticData.seen ?? 0);
		const { newest } = (await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
			url: server.url,
		})) as { newest: number };
		staticData.seen = newest;
		staticData.polls = Number(staticData.polls ?? 0) + 1;
		return newest > seen ? [[{ json: { newest } }]] : null;
	};
	const n8n = createTestInstance({
		nodes: [nodeType('trigger', { poll }, { polling: true, inputs: [], group: ['trigger'] })],
		credentialTypes: [EchoApi, SignedApi],
		credentials: { echoApi: { apiKey: KEY } },
	});

	test('keep static data between polls, and store it when they emitted something', async () => {
		const trigger = n8n.activatePollTrigger({ node: 'trigger' });
		answerNext = () => ({ body: { newest: 5 } });

		expect(await trigger.poll()).toEqual([[{ json: { newest: 5 } }]]);
		expect(await trigger.poll()).toBeNull();
		expect(trigger.stored()).toEqual({ seen: 5, polls: 1 });

		trigger.restart();
		expect(await trigger.poll()).toBeNull();
		answerNext = () => ({ body: { newest: 6 } });
		expect(await trigger.poll()).toEqual([[{ json: { newest: 6 } }]]);
		expect(trigger.stored()).toEqual({ seen: 6, polls: 3 });
	});

	test('start with what was stored, and store nothing in manual mode', async () => {
		const trigger = n8n.activatePollTrigger({ node: 'trigger', mode: 'manual', staticData: { seen: 4 } });
		answerNext = () => ({ body: { newest: 5 } });

		expect(await trigger.poll()).toEqual([[{ json: { newest: 5 } }]]);
		expect(trigger.stored()).toEqual({ seen: 4 });
	});
});

describe.each(['default', 'filesystem'] as const)('files in binary data mode %s', (mode) => {
	beforeAll(async () => await setBinaryDataMode(mode));

	afterAll(async () => await setBinaryDataMode('default'));

	test('reach the node and come back', async () => {
		const n8n = instanceWith(async function () {
			const { fileName, mimeType } = this.helpers.assertBinaryData(0, 'document');
			const content = await this.helpers.getBinaryDataBuffer(0, 'document');
			const answer = Buffer.from(content.toString().toUpperCase());
			const data = await this.helpers.prepareBinaryData(answer, 'answer.txt', 'text/plain');
			return [[{ json: { fileName, mimeType }, binary: { data } }]];
		});
		const item = await n8n.binaryItem(
			{ id: 'a' },
			{ document: { content: 'invoice', fileName: 'invoice.pdf', mimeType: 'application/pdf' } },
		);

		const result = await n8n.runWorkflow({ node: 'tiny', items: [item] });

		const [output] = result.outputs[0] ?? [];
		expect(output?.json).toEqual({ fileName: 'invoice.pdf', mimeType: 'application/pdf' });
		expect(output && (await n8n.readBinary(output, 'data')).toString()).toBe('INVOICE');
		expect(item.binary?.document?.id === undefined).toBe(mode === 'default');
	});
});

describe('the instance', () => {
	test('keeps its files in a temporary folder of its own', async () => {
		const folder = String(process.env.N8N_USER_FOLDER);

		await instanceWith(getEachItem).runWorkflow({ node: 'tiny' });

		expect(folder.startsWith(tmpdir())).toBe(true);
		expect(existsSync(join(folder, '.n8n', 'config'))).toBe(true);
	});

	test('names what is installed when a test asks for something else', async () => {
		const n8n = instanceWith(getEachItem);

		await expect(n8n.runWorkflow({ node: 'huge' })).rejects.toThrow(
			/Unknown node type "n8n-nodes-document-runs.huge". Installed: n8n-nodes-document-runs.tiny/,
		);
		await expect(n8n.runWorkflow({ node: 'tiny', credentials: { other: {} } })).rejects.toThrow(
			'Unknown credential type "other". Installed: echoApi, signedApi',
		);
		await expect(n8n.loadListSearch({ node: 'tiny', method: 'runs', path: 'runId' })).rejects.toThrow(
			'has no list search "runs"',
		);
		const workflow: WorkflowJson = { nodes: [], connections: {} };
		await expect(n8n.runWorkflow({ workflow })).rejects.toThrow('has no node of n8n-nodes-document-runs');
		await expect(n8n.runWorkflow({ workflow, parameters: { Wait: {} } })).rejects.toThrow(
			'The workflow has no node "Wait"',
		);
	});
});
