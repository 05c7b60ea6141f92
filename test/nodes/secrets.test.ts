import { inspect } from 'node:util';
import type { ICredentialDataDecryptedObject, INodeParameters } from 'n8n-workflow';

import {
	logEntries,
	startTestServer,
	type Answer,
	type CredentialData,
	type TestServer,
	type WorkflowResult,
} from './support';
import { quick, sideBySide, useSandbox } from './support/sandbox-instance';

/**
 * The key never shows: not in an error, hint, item, log line or message to the editor, nor in what n8n stores of an
 * execution. Shown over every operation and every way in which a request can fail, with a server that puts the key it
 * was sent into everything it answers.
 */

const lab = useSandbox();
const scenario = sideBySide(30);

/** What to look for, in any form: the part of the key that no other text holds. */
const SECRET = 'jR7pQx2LmW9';
const KEYS = { retab: `rt_live_${SECRET}`, extend: `sk_${SECRET}` };

/** Everything anybody wrote to the console while the tests ran. */
const printed: string[] = [];

beforeAll(() => {
	for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
		jest.spyOn(console, method).mockImplementation((...values: unknown[]) => {
			printed.push(everythingIn(values));
		});
	}
	for (const stream of [process.stdout, process.stderr]) {
		const write = stream.write.bind(stream);
		jest.spyOn(stream, 'write').mockImplementation((chunk: string | Uint8Array, ...rest: []) => {
			printed.push(String(chunk));
			return write(chunk, ...rest);
		});
	}
});

afterAll(() => jest.restoreAllMocks());

/** All of a value as text: hidden properties, causes and stacks of errors, however deep and long. */
function everythingIn(value: unknown): string {
	return inspect(value, {
		depth: Infinity,
		showHidden: true,
		maxArrayLength: null,
		maxStringLength: null,
		getters: true,
	});
}

/** What remains of an execution, except for the requests themselves that the test instance records. */
function tracesOf(result: WorkflowResult): string {
	const { run, error, outputs, collected, hints, uiMessages } = result;
	return everythingIn({ run, error, outputs, collected, hints, uiMessages });
}

function expectNoSecretIn(traces: string): void {
	// Short texts around each place, so that a failure shows where it leaks.
	expect(traces.match(new RegExp(`.{0,80}${SECRET}.{0,20}`, 'g')) ?? []).toEqual([]);
}

/** What a server can do with the key: each puts it in another place. */
const FAILURES: Array<[what: string, answer: (key: string) => Answer]> = [
	['400, in the detail', (key) => ({ status: 400, body: { detail: `Bad key ${key}` } })],
	['401, in an error object', (key) => ({ status: 401, body: { error: { code: key, message: key } } })],
	['401, in the headers', (key) => ({ status: 401, headers: echoed(key), body: {} })],
	['402, at the top', (key) => ({ status: 402, body: { code: key, message: key } })],
	['403, as text', (key) => ({ status: 403, body: `No access with Bearer ${key}` })],
	['404, in a list of details', (key) => ({ status: 404, body: { detail: [{ loc: [key], msg: key }] } })],
	['409, in legacy form', (key) => ({ status: 409, body: { success: false, error: key } })],
	['410, in a web page', (key) => ({ status: 410, headers: HTML, body: `<html>${key}</html>` })],
	['422, as the name of a field', (key) => ({ status: 422, body: { detail: { code: key, [key]: key } } })],
	['429, in Retry-After', (key) => ({ status: 429, headers: { 'retry-after': key }, body: { error: key } })],
	['500, in the detail', (key) => ({ status: 500, body: { detail: { message: key } } })],
	['503, in a web page', (key) => ({ status: 503, headers: HTML, body: `<html>${key}</html>` })],
	['200, as text', (key) => ({ body: `You sent ${key}` })],
	['200, in JSON that is cut off', (key) => ({ headers: JSON_TYPE, body: `{"id":"${key}` })],
	['200, in JSON that is something else', (key) => ({ body: { [key]: key } })],
	['200, in a web page', (key) => ({ headers: HTML, body: `<!doctype html>${key}` })],
	['307, in the location', (key) => ({ status: 307, headers: { location: `/login?key=${key}` } })],
];

const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };

function echoed(key: string): Record<string, string> {
	return { 'x-request-id': key, 'x-extend-request-id': key, 'www-authenticate': `Bearer realm="${key}"` };
}

/** A server that gives one answer for ever, with the key in it. */
function failingServer(answer: (key: string) => Answer): Promise<TestServer> {
	return startTestServer(({ headers }) => {
		const { authorization = '', 'api-key': apiKey = '' } = headers;
		return answer(String(apiKey) || authorization.replace('Bearer ', ''));
	});
}

function credentialsAt(url: string): CredentialData {
	return {
		retabApi: { apiKey: KEYS.retab, baseUrl: url },
		extendApi: { apiKey: KEYS.extend, region: 'custom', baseUrl: url },
	};
}

const byId = { runId: { __rl: true, mode: 'id', value: 'run_1' } };

type Operation = [node: string, parameters: INodeParameters & { operation: string }];

const GET: Operation = ['retab', { resource: 'extraction', operation: 'get', ...byId }];

/** Every operation that sends something. */
const OPERATIONS: Operation[] = [
	GET,
	['retab', { resource: 'job', operation: 'getAll' }],
	['retab', { resource: 'parse', operation: 'poll', maxWait: 5, ...byId }],
	['retab', { resource: 'workflowRun', operation: 'cancel', options: { confirmFor: 5 }, ...byId }],
	['retab', { resource: 'split', operation: 'delete', ...byId }],
	['retab', { resource: 'experimentRun', operation: 'create', experimentId: 'exp_1', additionalFields: {} }],
	['extend', { resource: 'parseRun', operation: 'get', ...byId }],
	['extend', { resource: 'extractRun', operation: 'getAll' }],
	['extend', { resource: 'workflowRun', operation: 'poll', maxWait: 5, ...byId }],
	['extend', { resource: 'splitRun', operation: 'cancel', options: { confirmFor: 5 }, ...byId }],
	['extend', { resource: 'editRun', operation: 'delete', ...byId }],
	['extend', { resource: 'evaluationSetRun', operation: 'create', evaluationSetId: 'ev_1' }],
	[
		'timeoutCancel',
		quick(
			{ operation: 'watch', provider: 'retab', resource: 'job', runId: 'run_1', timeout: 4 },
			{ confirmFor: 5 },
		),
	],
	[
		'timeoutCancel',
		quick(
			{ operation: 'watch', provider: 'extend', resource: 'extractRun', runId: 'run_1', timeout: 4 },
			{ confirmFor: 5 },
		),
	],
	[
		'timeoutCancel',
		{ operation: 'cleanup', provider: 'retab', resources: ['extraction'], olderThan: 1, dryRun: false },
	],
];

describe('the check itself', () => {
	test('would see the key wherever it stands', async () => {
		const server = await failingServer(() => ({ body: { id: 'run_1', status: 'completed' } }));
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: { resource: 'extraction', operation: 'get', ...byId },
			credentials: credentialsAt(server.url),
		});
		await server.close();
		expect(result.status).toBe('success');
		expect(everythingIn(result.authenticatedRequests)).toContain(SECRET);
		expect(everythingIn(new Error('outside', { cause: new Error(SECRET) }))).toContain(SECRET);
		console.warn('said aloud');
		process.stderr.write('');
		expect(printed).toEqual(expect.arrayContaining([expect.stringContaining('said aloud'), '']));
		expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEYS.retab}`);
		expectNoSecretIn(tracesOf(result));
	});
});

describe('an answer that holds the key', () => {
	for (const [what, answer] of FAILURES) {
		for (const [node, parameters] of OPERATIONS) {
			const operation = `${node} ${parameters.operation}`;
			scenario(`${what}, to a ${operation}: it shows nowhere`, async () => {
				const server = await failingServer(answer);
				const credentials = credentialsAt(server.url);
				const result = await lab.n8n.runWorkflow({ node, parameters, credentials, mode: 'manual' });
				await server.close();
				expect(server.requests.length).toBeGreaterThan(0);
				expectNoSecretIn(tracesOf(result));
				// The node failed, or gave out an item that says what went wrong.
				expect(result.status === 'error' || result.json.flat().length > 0).toBe(true);
			});
		}
	}

	for (const onError of ['continueRegularOutput', 'continueErrorOutput'] as const) {
		scenario(`nor in the items of a node with ${onError}`, async () => {
			const server = await failingServer((key) => ({
				status: 401,
				headers: echoed(key),
				body: { detail: key },
			}));
			const credentials = credentialsAt(server.url);
			for (const [node, parameters] of OPERATIONS) {
				const result = await lab.n8n.runWorkflow({ node, parameters, credentials, onError });
				expect(result.status).toBe('success');
				expect(result.json.flat().length).toBeGreaterThan(0);
				expectNoSecretIn(tracesOf(result));
			}
			await server.close();
		});
	}
});

describe('a network that fails', () => {
	scenario('nobody listens', async () => {
		for (const [node, parameters] of OPERATIONS.slice(0, 3)) {
			const credentials = credentialsAt('http://127.0.0.1:1');
			expectNoSecretIn(tracesOf(await lab.n8n.runWorkflow({ node, parameters, credentials })));
		}
	});

	scenario('the server never answers', async () => {
		const server = await startTestServer(() => 'never');
		const credentials = credentialsAt(server.url);
		const waiting = OPERATIONS.filter(([, { operation }]) => ['poll', 'cancel', 'watch'].includes(operation));
		const results = await Promise.all(
			waiting.map(([node, parameters]) => lab.n8n.runWorkflow({ node, parameters, credentials })),
		);
		await server.close();
		for (const result of results) expectNoSecretIn(tracesOf(result));
	});

	scenario('the workflow is stopped in the middle of a request', async () => {
		const server = await startTestServer(() => 'never');
		const [node, parameters] = GET;
		const execution = lab.n8n.startWorkflow({ node, parameters, credentials: credentialsAt(server.url) });
		while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
		const result = await execution.stop();
		await server.close();
		expect(result.status).toBe('canceled');
		expectNoSecretIn(tracesOf(result));
	});
});

describe('what is not an execution', () => {
	const pickers = [
		{ node: 'retab', resource: 'extraction' },
		{ node: 'extend', resource: 'extractRun' },
	];

	for (const { node, resource } of pickers) {
		scenario(`the picker of the ${node} node`, async () => {
			for (const [, answer] of FAILURES) {
				const server = await failingServer(answer);
				const failure: unknown = await lab.n8n
					.loadListSearch({
						node,
						method: 'searchRuns',
						path: 'runId',
						parameters: { resource, operation: 'get' },
						credentials: credentialsAt(server.url),
					})
					.catch((error: unknown) => error);
				await server.close();
				expect(failure).toBeInstanceOf(Error);
				expectNoSecretIn(everythingIn(failure));
			}
		});
	}

	for (const type of ['retabApi', 'extendApi']) {
		scenario(`the test of ${type}`, async () => {
			for (const [, answer] of FAILURES) {
				const server = await failingServer(answer);
				const data = credentialsAt(server.url)[type] ?? {};
				const { status, message } = await lab.n8n.testCredential(type, data);
				await server.close();
				expect(status).toMatch(/^(OK|Error)$/);
				expectNoSecretIn(message);
			}
		});

		scenario(`${type} in the HTTP Request node, for another host`, async () => {
			const other = await startTestServer(() => ({ body: {} }));
			const request = { url: `${other.url}/v1/extractions` };
			const own = credentialsAt('http://127.0.0.1:1');
			const result = await lab.n8n.requestWithCredential(type, request, own);
			await other.close();
			expect(result.status).toBe('error');
			expect(other.requests).toEqual([]);
			expectNoSecretIn(tracesOf(result));
		});
	}

	scenario('a credential that is not usable', async () => {
		const unusable: ICredentialDataDecryptedObject[] = [
			{ apiKey: `${KEYS.retab} and more` },
			{ apiKey: KEYS.retab, baseUrl: `http://user:${SECRET}@127.0.0.1` },
			{ apiKey: KEYS.retab, baseUrl: `ftp://${SECRET}` },
			{ apiKey: KEYS.retab, baseUrl: `http://127.0.0.1/?key=${SECRET}` },
			{ apiKey: KEYS.retab, baseUrl: SECRET },
		];
		for (const retabApi of unusable) {
			const [node, parameters] = GET;
			const result = await lab.n8n.runWorkflow({ node, parameters, credentials: { retabApi } });
			expect(result.error?.message).toContain('The Retab credential cannot be used');
			expectNoSecretIn(tracesOf(result));
		}
	});

	scenario('an agent that is told of an error', async () => {
		const server = await failingServer((key) => ({ status: 400, body: { detail: key } }));
		const { answers, run } = await lab.n8n.runAsTool({
			node: 'retab',
			parameters: { resource: 'extraction', operation: 'get', ...byId },
			credentials: credentialsAt(server.url),
			calls: [{}],
		});
		await server.close();
		expect(answers).toHaveLength(1);
		expectNoSecretIn(everythingIn({ answers, run }));
	});
});

describe('after all of that', () => {
	test('neither the log of n8n nor the console holds the key', () => {
		expectNoSecretIn(everythingIn(logEntries));
		expectNoSecretIn(printed.join('\n'));
	});
});
