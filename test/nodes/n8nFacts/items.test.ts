import { NodeApiError, NodeOperationError, type INodeExecutionData, type JsonObject } from 'n8n-workflow';

import { logEntries, setBinaryDataMode, startTestServer } from '../support';
import { instanceWith, get, getEachItem, threeOutputs, PATH, startEcho } from './tinyNode';

/** Facts about n8n that this package relies on. How n8n runs a node: items and their pairs, outputs, errors, files. */

const echo = startEcho();

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
		echo.answerNext = () => ({ status: 401, body: { detail: 'wrong key' } });

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
		echo.answerNext = answer;

		const { error } = await instanceWith(getEachItem).runWorkflow({ node: 'tiny' });

		expect(error).toMatchObject({ name: 'NodeApiError', httpCode });
	});

	test('a 401 makes n8n send the request a second time, unless the node reads the status itself', async () => {
		echo.answerNext = () => ({ status: 401 });

		await instanceWith(getEachItem).runWorkflow({ node: 'tiny' });
		expect(echo.server.requests).toHaveLength(2);

		echo.server.requests.length = 0;
		const n8n = instanceWith(async function () {
			const { statusCode } = (await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
				url: echo.server.url,
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
			})) as { statusCode: number };
			return [[{ json: { statusCode } }]];
		});
		expect((await n8n.runWorkflow({ node: 'tiny' })).json).toEqual([[{ statusCode: 401 }]]);
		expect(echo.server.requests).toHaveLength(1);
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
		echo.answerNext = (path) => (path === '/b' ? { status: 500 } : { body: { path } });
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

	test('items with json.error and message only go there too, and get the fields of their input', async () => {
		const result = await runWithOneBadItem(({ message }) => ({ json: { error: message, message: 'd' } }));

		expect(result.json).toEqual([
			[{ path: '/a' }],
			[{ path: '/b', error: 'The service was not able to process your request', message: 'd' }],
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
		echo.answerNext = () => ({ status: echo.server.requests.length < 3 ? 503 : 200 });

		const result = await instanceWith(getEachItem).runWorkflow({
			node: 'tiny',
			retryOnFail: true,
			maxTries: 3,
			waitBetweenTries: 10,
		});

		expect(result.status).toBe('success');
		expect(echo.server.requests).toHaveLength(3);
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
