import { createServer, type AddressInfo } from 'node:net';
import type { INodeParameters } from 'n8n-workflow';

import { Extend } from '../../nodes/Extend/Extend.node';
import { RunTrigger } from '../../nodes/RunTrigger/RunTrigger.node';
import { TimeoutCancel } from '../../nodes/TimeoutCancel/TimeoutCancel.node';
import {
	createTestInstance,
	startTestServer,
	type Answer,
	type CredentialData,
	type TestServer,
	type WorkflowResult,
} from './support';
import { CREDENTIAL_TYPES, credentialsFor, quick, sideBySide, useSandbox } from './support/sandbox-instance';

/** What users are told when what they typed, their credential or the server behind it is not what it should be. */

const lab = useSandbox();

type Node = 'retab' | 'extend' | 'timeoutCancel';

/** Each node with everything right; a test changes one thing. */
const RIGHT: Record<Node, INodeParameters> = {
	retab: {
		resource: 'extraction',
		operation: 'get',
		runId: { __rl: true, mode: 'id', value: 'extr_1' },
	},
	extend: {
		resource: 'extractRun',
		operation: 'get',
		runId: { __rl: true, mode: 'id', value: 'exr_1' },
	},
	timeoutCancel: { operation: 'watch', provider: 'retab', resource: 'extraction', runId: 'extr_1' },
};

function run(node: Node, parameters: INodeParameters, credentials?: CredentialData): Promise<WorkflowResult> {
	return lab.n8n.runWorkflow({ node, parameters: { ...RIGHT[node], ...parameters }, credentials });
}

/** n8n marks the whole execution as cancelled by words in the error: no error of ours may hold them. */
function expectFailedExecution({ status, error }: WorkflowResult): void {
	expect(status).toBe('error');
	expect(error?.message).not.toMatch(/canceled/i);
	expect(error?.name).not.toMatch(/Cancelled/);
}

/** The second line of an error: what to do, in a sentence. */
function expectAdvice({ error }: WorkflowResult): void {
	expect(error?.description).toMatch(/^[A-Z].{15,}[.)]$/s);
	expect(error?.description).not.toContain('undefined');
}

async function expectRefused(
	node: Node,
	parameters: INodeParameters,
	message: string,
	credentials?: CredentialData,
): Promise<WorkflowResult> {
	const before = lab.sandbox.requests.length;
	const result = await run(node, parameters, credentials);
	expectFailedExecution(result);
	expect(result.error).toMatchObject({ name: 'NodeOperationError', message });
	expectAdvice(result);
	expect(lab.sandbox.requests.slice(before)).toEqual([]);
	return result;
}

/** What the field of the run is called in the panel of each node. */
const LABEL: Record<Node, string> = { retab: 'Extraction', extend: 'Extract Run', timeoutCancel: 'Run ID' };

describe('the run ID', () => {
	const characters = (shown: string) =>
		`: an ID may only hold letters, digits and _ - : ~ @ = +; it is ${shown}`;
	const text = (value: string) => characters(`the text "${value}"`);
	const cases: Array<[what: string, runId: string, problem: string]> = [
		['only spaces', '   ', ' is empty'],
		[
			'a field that is not there',
			'={{ $json.id }}',
			' is undefined: the expression {{ $json.id }} found nothing',
		],
		['null', '={{ null }}', ' is null: the expression {{ null }} found nothing'],
		['a number', '={{ 42 }}', ' must be a string; it is 42'],
		['a boolean', '={{ true }}', ' must be a string; it is a value of type boolean'],
		['an object', '={{ { id: 1 } }}', ' must be a string; it is an object'],
		['a list', '={{ ["extr_1"] }}', ' must be a string; it is a list'],
		['a slash', 'extr_1/cancel', text('extr_1/cancel')],
		['a path upwards', '../extr_1', text('../extr_1')],
		['a backslash', 'extr_1\\cancel', text('extr_1\\cancel')],
		['one dot', '.', text('.')],
		['two dots', '..', text('..')],
		['a dot inside', 'extr.1', text('extr.1')],
		['encoded dots', '%2e%2e', text('%2e%2e')],
		['a query', 'extr_1?x=1', text('extr_1?x=1')],
		['a fragment', 'extr_1#top', text('extr_1#top')],
		['a space inside', 'extr 1', text('extr 1')],
		['a line break inside', '={{ "extr\\n1" }}', text('extr\n1')],
		['a null character', '={{ "extr_1\\u0000" }}', text('extr_1\u0000')],
		['a letter of another alphabet', 'ехtr_1', text('ехtr_1')],
		['256 characters', 'x'.repeat(256), ' is too long: an ID has at most 255 characters'],
	];

	test.each(cases)('%s', async (_what, value, problem) => {
		const refused = (node: Node, parameters: INodeParameters) =>
			expectRefused(node, parameters, `${LABEL[node]}${problem}`);
		await refused('timeoutCancel', { runId: value });
		await refused('timeoutCancel', { runId: value, operation: 'check' });
		for (const operation of ['get', 'poll', 'cancel', 'delete']) {
			for (const mode of ['id', 'list']) {
				await refused('retab', { operation, runId: { __rl: true, mode, value } });
			}
			await refused('extend', { operation, runId: { __rl: true, mode: 'id', value } });
		}
	});

	test('left out altogether: n8n itself says so', async () => {
		const result = await run('timeoutCancel', { runId: '' });
		expect(result.error?.message).toContain('Parameter "Run ID" is required.');
	});

	test.each([
		['spaces at its ends are dropped', '={{ "  extr_1\\n" }}', 'extr_1', 'extr_1'],
		['what a path cannot hold plainly is encoded', 'a:b~c@d=e+f', 'a:b~c@d=e+f', 'a%3Ab~c%40d%3De%2Bf'],
	])('%s', async (_what, value, id, inPath) => {
		lab.sandbox.reset();
		lab.sandbox.createRun({ provider: 'retab', resource: 'extraction', id });
		const result = await run('retab', { runId: { __rl: true, mode: 'id', value } });
		expect(result.json[0]).toMatchObject([{ id }]);
		expect(lab.sandbox.requests.map(({ path }) => path)).toEqual([`/v1/extractions/${inPath}`]);
	});
});

describe('Timeout Cancel', () => {
	const seconds = (given: string) =>
		`Timeout must be a number of seconds, more than 0 and at most 30 days; it is ${given}`;
	const interval = (given: string) =>
		`Poll Interval must be a number of seconds, from 0.1 to 86400; it is ${given}`;
	const requests = (given: string) =>
		`Max Concurrent Requests must be a whole number of requests, from 1 to 100; it is ${given}`;

	test.each<[INodeParameters, string]>([
		[{ timeout: 0 }, seconds('0')],
		[{ timeout: -1 }, seconds('-1')],
		[{ timeout: '={{ NaN }}' }, seconds('NaN')],
		[{ timeout: '={{ Infinity }}' }, seconds('Infinity')],
		[{ timeout: '={{ null }}' }, 'Timeout is null: the expression {{ null }} found nothing'],
		[{ timeout: '={{ $json.t }}' }, 'Timeout is undefined: the expression {{ $json.t }} found nothing'],
		[{ timeout: '={{ "soon" }}' }, seconds('the text "soon"')],
		[{ timeout: 2_592_001 }, seconds('2592001')],
		[
			{ timeout: 43_201, timeoutUnit: 'minutes' },
			'Timeout must be a number of minutes, more than 0 and at most 30 days; it is 43201',
		],
		[
			{ timeout: 721, timeoutUnit: 'hours' },
			'Timeout must be a number of hours, more than 0 and at most 30 days; it is 721',
		],
		[{ timeoutUnit: 'days' }, 'Timeout Unit must be one of seconds, minutes, hours; it is the text "days"'],
		[
			{ countFrom: 'yesterday' },
			'Count From must be one of now, created, started; it is the text "yesterday"',
		],
		[
			{ operation: 'check', countFrom: 'now' },
			'Count From must be one of created, started; it is the text "now"',
		],
		[{ options: { interval: 0.05 } }, interval('0.05')],
		[{ options: { interval: 0 } }, interval('0')],
		[{ options: { interval: -1 } }, interval('-1')],
		[{ options: { interval: '={{ NaN }}' } }, interval('NaN')],
		[{ options: { interval: '={{ "quick" }}' } }, interval('the text "quick"')],
		[
			{ options: { maxInterval: 0.01 } },
			'Max Poll Interval must be a number of seconds, from 0.1 to 86400; it is 0.01',
		],
		[
			{ options: { interval: 10, maxInterval: 5 } },
			'Max Poll Interval (5 s) must not be shorter than Poll Interval (10 s)',
		],
		[
			{ options: { intervalMode: 'quick' } },
			'Poll Interval Mode must be one of adaptive, fixed; it is the text "quick"',
		],
		[
			{ options: { confirmFor: 0 } },
			'Confirm Cancel For must be a number of seconds, from 0.1 to 3600; it is 0',
		],
		[
			{ options: { confirmFor: 3_601 } },
			'Confirm Cancel For must be a number of seconds, from 0.1 to 3600; it is 3601',
		],
		[
			{ options: { onWorkflowStop: 'explode' } },
			'When the Workflow Is Stopped must be one of leave, cancel; it is the text "explode"',
		],
		[{ options: { maxConcurrentRequests: 0 } }, requests('0')],
		[{ options: { maxConcurrentRequests: 101 } }, requests('101')],
		[{ options: { maxConcurrentRequests: '={{ "many" }}' } }, requests('the text "many"')],
		[
			{ options: { maxConcurrentRequests: 1.5 } },
			'Max Concurrent Requests must be a whole number of requests, from 1 to 100; it is 1.5',
		],
		[{ provider: 'other' }, 'Provider must be one of retab, extend; it is the text "other"'],
		[{ operation: 'explode' }, 'Operation must be one of watch, check, cleanup; it is the text "explode"'],
		[
			{ resource: 'invoice' },
			'Retab has no resource "invoice". Available: extraction, parse, classification, split, workflowRun, edit, partition, schemaGeneration, evalRun, experimentRun, fileBlueprint, job',
		],
		[
			{ resource: 'constructor' },
			expect.stringMatching(/^Retab has no resource "constructor"\. Available: /),
		],
		[{ resource: '__proto__' }, expect.stringMatching(/^Retab has no resource "__proto__"\. Available: /)],
	])('%j', async (parameters, message) => {
		await expectRefused('timeoutCancel', parameters, message);
	});

	test.each([
		['editRun', 'edit runs'],
		['evaluationSetRun', 'evaluation set runs'],
		['formDetectionRun', 'form detection runs'],
	])('extend %s cannot be cancelled', async (resource, plural) => {
		const result = await expectRefused(
			'timeoutCancel',
			{ provider: 'extend', resource },
			`Extend has no way to cancel ${plural}, so they cannot be guarded by a timeout`,
		);
		expect(result.error?.description).toBe('Use the Extend node with "Poll Until Finished" instead.');
	});

	test.each([
		['an interval longer than the timeout', { interval: 60, maxInterval: 60 }],
		[
			'a longest interval that fixed mode does not use',
			{ interval: 10, maxInterval: 5, intervalMode: 'fixed' },
		],
		[
			'options that were emptied',
			{ interval: '', maxInterval: '', confirmFor: '', maxConcurrentRequests: '' },
		],
	])('%s is fine', async (_what, options) => {
		const { id } = lab.sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			steering: { result: 'stuck' },
		});
		const result = await run('timeoutCancel', { runId: id, timeout: 0.5, options });
		expect(result.json[2]).toMatchObject([{ outcome: 'cancelled' }]);
	});
});

describe('the Retab and Extend nodes', () => {
	const wait = (given: string) =>
		`Max Wait must be a number of seconds, more than 0 and at most 30 days; it is ${given}`;
	const limit = (given: string) => `Limit must be a whole number of runs, from 1 to 100000; it is ${given}`;

	test.each<[Node, INodeParameters, string]>([
		['retab', { operation: 'poll', maxWait: 0 }, wait('0')],
		['retab', { operation: 'poll', maxWait: -5 }, wait('-5')],
		['extend', { operation: 'poll', maxWait: '={{ NaN }}' }, wait('NaN')],
		['extend', { operation: 'poll', maxWait: '={{ "soon" }}' }, wait('the text "soon"')],
		['retab', { operation: 'poll', maxWait: 2_592_001 }, wait('2592001')],
		[
			'retab',
			{ operation: 'poll', onTimeout: 'cry' },
			'When Max Wait Is Over must be one of error, returnRun; it is the text "cry"',
		],
		['retab', { operation: 'getAll', limit: 0 }, limit('0')],
		['extend', { operation: 'getAll', limit: '={{ "all" }}' }, limit('the text "all"')],
		['extend', { operation: 'getAll', limit: 100_001 }, limit('100001')],
		['retab', { operation: 'getAll', limit: 1.5 }, limit('1.5')],
		[
			'retab',
			{ operation: 'getAll', filters: { status: 'nope' } },
			'Status must be one of cancelled, completed, failed, in_progress, pending, queued; it is "nope"',
		],
		[
			'retab',
			{ operation: 'getAll', filters: { fromDate: 'soon' } },
			'Created From must be a date; it is the text "soon"',
		],
		[
			'retab',
			{ operation: 'getAll', filters: { toDate: '2026-13-45' } },
			'Created Until must be a date; it is the text "2026-13-45"',
		],
		[
			'retab',
			{ operation: 'getAll', filters: { metadata: { pairs: [{ name: ' ', value: 'x' }] } } },
			'Metadata: each pair needs a name',
		],
		[
			'extend',
			{ operation: 'getAll', filters: { batchId: '={{ 5 }}' } },
			'Batch ID must be a string; it is 5',
		],
		[
			'retab',
			{ resource: 'workflowRun', operation: 'getAll', filters: { minDurationMs: '={{ "long" }}' } },
			'Min Duration (Ms) must be a whole number, 0 or more; it is the text "long"',
		],
		[
			'retab',
			{ operation: 'explode' },
			'Operation must be one of create, poll, get, getAll, createBatch, getBatch, cancel, delete; it is the text "explode"',
		],
		[
			'retab',
			{ resource: 'invoice' },
			expect.stringMatching(/^Retab has no resource "invoice"\. Available: /),
		],
		[
			'extend',
			{ resource: 'toString' },
			'Extend has no resource "toString". Available: extractRun, parseRun, classifyRun, splitRun, workflowRun, editRun, formDetectionRun, batchRun, evaluationSetRun, processorRun',
		],
	])('%s: %j', async (node, parameters, message) => {
		await expectRefused(node, parameters, message);
	});
});

describe('the credential', () => {
	const address = 'It must be an address such as https://api.example.com';

	test.each<[string, CredentialData, string]>([
		['no key', { retabApi: { apiKey: '' } }, 'The API key is empty (credential field "apiKey")'],
		['a key of spaces', { extendApi: { apiKey: '  ' } }, 'The API key is empty (credential field "apiKey")'],
		[
			'a key with a line break',
			{ retabApi: { apiKey: 'rt_1\nrt_2' } },
			'The API key holds spaces, line breaks or other characters that no key has (credential field "apiKey")',
		],
		[
			'a base URL that is none',
			{ retabApi: { apiKey: 'rt_1', baseUrl: 'api.retab.com' } },
			`The Base URL is not a URL. ${address}`,
		],
		[
			'no base URL',
			{ extendApi: { apiKey: 'sk_1', region: 'custom', baseUrl: '' } },
			`The Base URL is not a URL. ${address}`,
		],
		[
			'a base URL of another protocol',
			{ retabApi: { apiKey: 'rt_1', baseUrl: 'ftp://api.retab.com' } },
			`The Base URL must begin with https:// or http://. ${address}`,
		],
		[
			'a base URL that carries credentials',
			{ extendApi: { apiKey: 'sk_1', region: 'custom', baseUrl: 'https://me:secret@api.extend.ai' } },
			`The Base URL must not hold a user name or password. ${address}`,
		],
		[
			'a base URL with a query',
			{ retabApi: { apiKey: 'rt_1', baseUrl: 'https://api.retab.com?key=1' } },
			`The Base URL must end with the path. ${address}`,
		],
		[
			'an unknown region',
			{ extendApi: { apiKey: 'sk_1', region: 'mars' } },
			`Invalid enum value. Expected 'us' | 'us2' | 'eu' | 'custom', received 'mars' (credential field "region")`,
		],
		[
			'an unknown way to send the key',
			{ retabApi: { apiKey: 'rt_1', sendKeyAs: 'cookie' } },
			`Invalid enum value. Expected 'both' | 'apiKey' | 'bearer', received 'cookie' (credential field "sendKeyAs")`,
		],
	])('%s', async (_what, credentials, reason) => {
		const node = credentials.retabApi ? 'retab' : 'extend';
		const title = node === 'retab' ? 'Retab' : 'Extend';
		const message = `The ${title} credential cannot be used: ${reason}`;
		const result = await expectRefused(node, {}, message, credentials);
		expect(result.error?.description).toBe('Open the credential and correct it.');
		await expectRefused(
			'timeoutCancel',
			node === 'retab' ? {} : { provider: 'extend', resource: 'extractRun' },
			message,
			credentials,
		);
	});
});

describe('no credential, as in a node that was switched to the other provider', () => {
	const n8n = createTestInstance({
		nodes: [Extend, TimeoutCancel, RunTrigger],
		credentialTypes: CREDENTIAL_TYPES,
		credentials: { retabApi: { apiKey: 'rt_1' } },
	});
	const message = 'No Extend credential is chosen in this node';
	const description =
		'Open the node and choose one at the top under "Credential to connect with", or create one there with the API key of Extend. Each provider has a credential of its own.';

	test.each<[Exclude<Node, 'retab'>, INodeParameters]>([
		['extend', RIGHT.extend],
		['timeoutCancel', { ...RIGHT.timeoutCancel, provider: 'extend', resource: 'extractRun' }],
	])('%s says which one is missing, and where it goes', async (node, parameters) => {
		const result = await n8n.runWorkflow({ node, parameters });
		expectFailedExecution(result);
		expect(result.error).toMatchObject({ name: 'NodeOperationError', message, description });
	});

	test('so does a list in the panel', async () => {
		const search = { node: 'extend', method: 'extendExtractorId', path: 'x', parameters: {} };
		await expect(n8n.loadListSearch(search)).rejects.toMatchObject({ message, description });
	});
});

describe('the server', () => {
	const scenario = sideBySide();
	const CHECK_ADDRESS =
		'Check the Base URL or Region in the credential, and that this n8n may reach it (network, proxy, firewall).';
	const CHECK_BASE_URL =
		'Check that the Base URL in the Retab credential is the one of the API, and that no proxy changes the answers on the way.';

	async function expectApiError(result: WorkflowResult, expected: object): Promise<void> {
		expectFailedExecution(result);
		expect(result.error).toMatchObject({ name: 'NodeApiError', itemIndex: 0, ...expected });
	}

	test('another Retab key: one request, and what to check', async () => {
		lab.sandbox.reset();
		const wrong = { retabApi: { apiKey: 'rt_live_wrong', baseUrl: lab.sandbox.url } };
		await expectApiError(await run('retab', {}, wrong), {
			message: 'Retab refused the API key (401): Invalid API key',
			description: expect.stringMatching(
				/^Check the API key in the Retab credential, and that its Base URL is the one the key was made for\. Request ID: req_/,
			),
			httpCode: '401',
		});
		// n8n sends a request that fails with 401 again on its own; ours do not fail that way.
		expect(lab.sandbox.requests).toHaveLength(1);
	});

	test('another Extend key', async () => {
		const wrong = { extendApi: { apiKey: 'sk_wrong', region: 'custom', baseUrl: lab.sandbox.url } };
		await expectApiError(await run('extend', {}, wrong), {
			message: 'Extend refused the API key (401): Invalid API key',
			description: expect.stringContaining(
				'Check the API key in the Extend credential. Its Region must be the one the key was made in, and an organization-wide key needs its Workspace ID.',
			),
			httpCode: '401',
		});
	});

	test('another Extend workspace', async () => {
		const credentials = credentialsFor(lab.sandbox.url);
		const wrong = { extendApi: { ...credentials.extendApi, workspaceId: 'ws_other' } };
		await expectApiError(await run('extend', {}, wrong), {
			message: 'Extend refused the API key (403): The key has no access to this workspace',
			description: expect.stringContaining('its Workspace ID'),
			httpCode: '403',
		});
	});

	test('a refused key fails the Timeout Cancel node too, instead of one item per run', async () => {
		lab.sandbox.reset();
		const wrong = { retabApi: { apiKey: 'rt_live_wrong', baseUrl: lab.sandbox.url } };
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: RIGHT.timeoutCancel,
			items: [{}, {}],
			credentials: wrong,
		});
		expectFailedExecution(result);
		expect(result.error).toMatchObject({
			name: 'NodeApiError',
			message: 'Retab refused the API key (401): Invalid API key',
		});
	});

	scenario('nobody listens at the address', async () => {
		const closed = createServer();
		await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
		const { port } = closed.address() as AddressInfo;
		await new Promise((resolve) => closed.close(resolve));
		const nowhere = credentialsFor(`http://127.0.0.1:${port}`);
		await expectApiError(await run('extend', {}, nowhere), {
			message: 'Extend could not be reached: the connection was refused',
			description: CHECK_ADDRESS,
		});
	});

	scenario('the host does not exist', async () => {
		const nowhere = credentialsFor('http://no-such-host.invalid');
		await expectApiError(await run('retab', {}, nowhere), {
			message: expect.stringMatching(
				/^Retab could not be reached: the host (was not found|name could not be looked up)$/,
			),
			description: CHECK_ADDRESS,
		});
	});

	/** Each with a server of its own, which always answers the same. */
	async function answering(answer: Answer): Promise<{ server: TestServer; credentials: CredentialData }> {
		const server = await startTestServer(() => answer);
		return { server, credentials: credentialsFor(server.url) };
	}

	const html = {
		headers: { 'content-type': 'text/html' },
		body: '<!doctype html><html><body>Hi</body></html>',
	};
	const WEB_PAGE =
		'The answer is a web page: check that the Base URL in the Retab credential is the one of the API, not of the website.';
	const CORRECT_IT =
		'Correct the field that Retab names, or compare the fields of this node with the documentation of Retab.';
	const SERVER_PROBLEM = 'This is a problem on the side of Retab. Try again later.';

	const strange: Array<[what: string, answer: Answer, message: string, description: string]> = [
		['a web page', html, 'Retab answered GET with a web page', CHECK_BASE_URL],
		[
			'a web page with 404',
			{ ...html, status: 404 },
			'Retab did not find the run or resource (404)',
			WEB_PAGE,
		],
		['a web page with 401', { ...html, status: 401 }, 'Retab refused the API key (401)', WEB_PAGE],
		['a web page with 502', { ...html, status: 502 }, 'Retab had a server error (502)', SERVER_PROBLEM],
		['nothing', { body: '' }, 'Retab answered GET with an empty answer', CHECK_BASE_URL],
		[
			'JSON that is cut off',
			{ headers: { 'content-type': 'application/json' }, body: '{"id":"extr_1","status":"comp' },
			'Retab answered GET with something that is not JSON: "{"id":"extr_1","status":"comp"',
			CHECK_BASE_URL,
		],
		[
			'a plain text',
			{ body: 'It works!' },
			'Retab answered GET with something that is not JSON: "It works!"',
			CHECK_BASE_URL,
		],
		[
			'something else in JSON',
			{ body: { hello: 'world' } },
			'Retab gave an answer about extractions that cannot be used: the field "id" is missing',
			CHECK_BASE_URL,
		],
		[
			'a run without status',
			{ body: { id: 'extr_1' } },
			'Retab gave an answer about extractions that cannot be used: the field "status" is missing',
			CHECK_BASE_URL,
		],
		[
			'a list in place of a run',
			{ body: [] },
			'Retab gave an answer about extractions that cannot be used: the answer is wrong (Expected object, received array)',
			CHECK_BASE_URL,
		],
		[
			'402',
			{ status: 402, body: { detail: 'No credits left' } },
			'Retab refused the request (402): No credits left',
			'Check the credits and the billing of the Retab account.',
		],
		[
			'422 with the fields that are wrong',
			{
				status: 422,
				body: { detail: [{ loc: ['path', 'id'], msg: 'Not an id', type: 'value_error' }] },
			},
			'Retab refused the request (422): path.id: Not an id',
			CORRECT_IT,
		],
		[
			'500 with a structured error',
			{ status: 500, body: { detail: { code: 'internal', message: 'Out of order' } } },
			'Retab had a server error (500): Out of order',
			SERVER_PROBLEM,
		],
		[
			'503 with the error at the top',
			{ status: 503, body: { code: 'busy', message: 'Come back later' } },
			'Retab had a server error (503): Come back later',
			SERVER_PROBLEM,
		],
		[
			'an error text that n8n would take for a cancelled execution',
			{ status: 400, body: { detail: 'The request was canceled' } },
			'Retab refused the request (400): The request was cancelled',
			CORRECT_IT,
		],
		[
			'a very long error text',
			{ status: 400, body: { detail: 'x'.repeat(1_000) } },
			`Retab refused the request (400): ${'x'.repeat(300)}`,
			CORRECT_IT,
		],
	];

	for (const [what, answer, message, description] of strange) {
		scenario(`answers with ${what}`, async () => {
			const { server, credentials } = await answering(answer);
			const result = await run('retab', {}, credentials);
			await server.close();
			await expectApiError(result, { message: message });
			expect(result.error?.description).toBe(description);
		});
	}

	scenario('redirects to another host: the key never arrives there', async () => {
		const elsewhere = await startTestServer(() => ({ body: { id: 'extr_1', status: 'completed' } }));
		for (const status of [301, 302, 303, 307, 308]) {
			const { server, credentials } = await answering({
				status,
				headers: { location: `${elsewhere.url}/v1/extractions/extr_1` },
			});
			const result = await run('retab', {}, credentials);
			await server.close();
			await expectApiError(result, {
				message: `Retab answered with a redirect, which is not followed (${status})`,
				description: 'Check the Base URL in the Retab credential: it must be the final address of the API.',
				httpCode: String(status),
			});
			expect(server.requests).toHaveLength(1);
		}
		await elsewhere.close();
		expect(elsewhere.requests).toEqual([]);
	});

	scenario('a list that is none', async () => {
		const { server, credentials } = await answering({ body: { rows: [] } });
		const result = await run('extend', { operation: 'getAll' }, credentials);
		await server.close();
		await expectApiError(result, {
			message: 'Extend gave an answer about extract runs that cannot be used: the field "data" is missing',
		});
	});

	scenario('is not the API: Timeout Cancel gives up at the deadline, and says what it met', async () => {
		const { server, credentials } = await answering(html);
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick({ ...RIGHT.timeoutCancel, timeout: 1 }, { confirmFor: 1 }),
			credentials,
		});
		await server.close();
		expect(result.status).toBe('success');
		expect(result.json[1]).toMatchObject([
			{
				outcome: 'unreachable',
				timedOut: true,
				run: null,
				lastError: { message: expect.stringContaining('with a web page'), description: CHECK_BASE_URL },
			},
		]);
	});
});
