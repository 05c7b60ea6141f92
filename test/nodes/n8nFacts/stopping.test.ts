import {
	NodeApiError,
	NodeOperationError,
	sleep,
	type IDataObject,
	type IExecuteFunctions,
} from 'n8n-workflow';

import { eventually } from '../support';
import { instanceWith, get, getEachItem, withSignal, startEcho } from './tinyNode';

/** Facts about n8n that this package relies on. What happens to a node, and to its requests, when its workflow is stopped. */

const echo = startEcho();

describe('stopping', () => {
	test('aborts a request in flight; a node that then returns early ends as canceled', async () => {
		const n8n = instanceWith(async function () {
			return await getEachItem.call(this).catch(() => []);
		});
		echo.answerNext = () => 'never';

		const execution = n8n.startWorkflow({ node: 'tiny' });
		const request = await eventually(() => echo.server.requests[0]);
		const result = await execution.stop();

		await eventually(() => request.aborted);
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(500);
	});

	test('a node that lets the aborted request throw ends as canceled too, by the message "canceled"', async () => {
		echo.answerNext = () => 'never';

		const execution = instanceWith(getEachItem).startWorkflow({ node: 'tiny' });
		await eventually(() => echo.server.requests[0]);
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
		echo.answerNext = () => 'never';

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
		expect(echo.server.requests).toHaveLength(1);
	});
});
