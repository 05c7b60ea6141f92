import {
	NodeConnectionTypes,
	type IAuthenticateGeneric,
	type ICredentialDataDecryptedObject,
	type ICredentialTestRequest,
	type ICredentialType,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import {
	createTestInstance,
	startTestServer,
	type Answer,
	type NodeTypeClass,
	type TestInstance,
	type TestServer,
} from '../support';

/** A node, its credential and the server it asks, for tests of what n8n itself does. */

/** A key that must be recognisable wherever it turns up. */
export const KEY = 'key-of-the-user';

interface Echo {
	server: TestServer;
	/** What the next requests are answered with; the path of the request where a test sets nothing. */
	answerNext: (path: string) => Answer | 'never';
}

/** A server for the tests of a file. */
export function startEcho(): Echo {
	beforeAll(async () => {
		echo.server = await startTestServer(({ path }) => echo.answerNext(path));
	});
	beforeEach(() => {
		echo.server.requests.length = 0;
		echo.answerNext = (path) => ({ body: { path } });
	});
	afterAll(async () => await echo.server.close());
	return echo;
}

const echo = {} as Echo;

export class EchoApi implements ICredentialType {
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
export class SignedApi implements ICredentialType {
	name = 'signedApi';

	displayName = 'Signed API';

	extends = ['echoApi'];

	properties: INodeProperties[] = [];

	authenticate = async ({ apiKey }: { apiKey?: string }, request: IHttpRequestOptions) => ({
		...request,
		headers: { ...request.headers, 'X-Signature': `signed with ${apiKey}` },
	});
}

export type Execute = (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

export const PATH: INodeProperties = {
	displayName: 'Path',
	name: 'path',
	type: 'string',
	default: '/default',
};

/** A node type with one parameter, `path`, and the credentials of the Echo API. */
export function nodeType(
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

export function echoCredential(): ICredentialDataDecryptedObject {
	return { apiKey: KEY, region: 'custom', baseUrl: echo.server.url };
}

/** An n8n with one node, called `tiny`, that does what the test says. */
export function instanceWith(
	execute: Execute,
	description: Partial<INodeTypeDescription> = {},
): TestInstance {
	return createTestInstance({
		nodes: [nodeType('tiny', { execute }, description)],
		credentialTypes: [EchoApi, SignedApi],
		credentials: () => ({ echoApi: echoCredential() }),
	});
}

/** Sends the request of one item, as a node should: with the item's parameter, the credential and `pairedItem`. */
export async function get(context: IExecuteFunctions, index: number): Promise<INodeExecutionData> {
	const path = context.getNodeParameter('path', index) as string;
	const request = { url: `${echo.server.url}${path}` };
	const json = (await context.helpers.httpRequestWithAuthentication.call(
		context,
		'echoApi',
		request,
	)) as IDataObject;
	return { json, pairedItem: { item: index } };
}

export const getEachItem: Execute = async function () {
	return [await Promise.all(this.getInputData().map(async (_item, index) => await get(this, index)))];
};

export const threeOutputs: Partial<INodeTypeDescription> = {
	outputs: ['Completed', 'Failed', 'Timed Out'].map((displayName) => ({
		type: NodeConnectionTypes.Main,
		displayName,
	})),
};

/** `httpRequestWithAuthentication` takes the signal of its context, and nothing else. */
export function withSignal(context: IExecuteFunctions, signal: AbortSignal | undefined): IExecuteFunctions {
	return Object.create(context, { getExecutionCancelSignal: { value: () => signal } }) as IExecuteFunctions;
}
