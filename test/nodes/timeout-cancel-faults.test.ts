import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, INodeParameters } from 'n8n-workflow';

import type { FaultSpec, LoggedRequest, RunSeed, SteeringInput } from '../../sandbox/server';
import { eventually, logEntries } from './support';
import {
	KINDS,
	onlyItem,
	ownCredentialsFor,
	quick,
	sideBySide,
	useSandbox,
	type Provider,
} from './support/sandbox-instance';

/** The Timeout Cancel node against servers and networks that fail, and in workflows that are stopped. */

const lab = useSandbox();
const scenario = sideBySide();

function createRun(provider: Provider, resource: string, steering: SteeringInput): string {
	return lab.sandbox.createRun({ provider, resource, steering } as RunSeed).id;
}

/** What goes wrong with the reads of a run; once, unless the fault says otherwise. */
function spoilReads(id: string, fault: Partial<FaultSpec>): void {
	lab.sandbox.plantFault({ path: `GET /**/${id}`, ...fault });
}

function spoilCancel(id: string, fault: Partial<FaultSpec>): void {
	lab.sandbox.plantFault({ path: `POST /**/${id}/cancel`, ...fault });
}

interface Setup extends INodeParameters {
	provider: Provider;
	resource: string;
}

function watchParameters({ provider, resource, ...more }: Setup, options?: INodeParameters) {
	return quick({ operation: 'watch', provider, resource, ...more }, options);
}

async function watch(id: string, setup: Setup, options?: INodeParameters) {
	const parameters = watchParameters(setup, options);
	return onlyItem(await lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters, items: [{ id }] }));
}

/** Milliseconds from the deadline of an item to the first cancel request, as the server saw it. */
function lateness(id: string, item: IDataObject): number {
	const [first] = lab.requestsAbout(id).filter(({ method }) => method === 'POST');
	return (first?.time ?? Number.NaN) - Date.parse(item.deadline as string);
}

function answersTo(id: string, method: string): Array<number | null> {
	return lab.requestsAbout(id).flatMap((request) => (request.method === method ? request.status : []));
}

/** Generous on a busy machine: what is waited out otherwise are seconds. How exact it is shows the benchmark. */
const ON_TIME_MS = 1_500;

/** What timers and clocks may be off by. */
const CLOCK_SLACK_MS = 50;

/** A request may have left before the answer to another was read. */
const IN_FLIGHT_MS = 500;

function answeredAt({ time, durationMs }: LoggedRequest): number {
	return time + (durationMs ?? 0);
}

describe.each(KINDS)('a run of $provider $resource', ({ provider, resource, status }) => {
	const ample = { provider, resource, timeout: 20 };
	const soon = { provider, resource, timeout: 2 };

	for (const [retryAfter, form, pauseMs] of [
		[2, 'seconds', 2_000],
		['date:2', 'a date', 2_000],
	] as const) {
		scenario(`429 with Retry-After in ${form}: nobody is asked during the pause`, async () => {
			const ids = [1, 2, 3].map(() => createRun(provider, resource, { durationMs: 300 }));
			const [limited = ''] = ids;
			spoilReads(limited, { retryAfter });
			const result = await lab.n8n.runWorkflow({
				node: 'timeoutCancel',
				parameters: watchParameters(ample),
				items: ids.map((id) => ({ id })),
			});
			expect(result.json[0]).toHaveLength(3);
			const refused = lab.requestsAbout(limited).find((request) => request.status === 429);
			const from = refused === undefined ? Number.NaN : answeredAt(refused);
			const afterwards = ids
				.flatMap((id) => lab.requestsAbout(id))
				.filter(({ time }) => time > from + IN_FLIGHT_MS)
				.map(({ time }) => time - from);
			expect(afterwards.length).toBeGreaterThan(0);
			expect(Math.min(...afterwards)).toBeGreaterThanOrEqual(pauseMs - CLOCK_SLACK_MS);
		});
	}

	scenario('429 with a long Retry-After: the cancel leaves at the deadline all the same', async () => {
		const id = createRun(provider, resource, { result: 'stuck' });
		spoilReads(id, { retryAfter: 60 });
		const { output, item } = await watch(id, soon, { confirmFor: 2 });
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelled', status: status.cancelled });
		expect(lateness(id, item)).toBeLessThan(ON_TIME_MS);
		// Nothing but that cancel, until a last look one second before the time to confirm is over.
		expect(answersTo(id, 'POST')).toEqual([200]);
		const [, lastLook] = lab.requestsAbout(id).filter(({ method }) => method === 'GET');
		const afterDeadline = (lastLook?.time ?? 0) - Date.parse(item.deadline as string);
		expect(afterDeadline).toBeGreaterThanOrEqual(1_000 - CLOCK_SLACK_MS);
	});

	scenario('a burst of 5xx is waited out', async () => {
		const id = createRun(provider, resource, { durationMs: 300 });
		for (const code of [503, 500, 504]) spoilReads(id, { status: code });
		const { output, item } = await watch(id, ample);
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'completed', status: status.completed });
		expect(item).not.toHaveProperty('lastError');
		expect(answersTo(id, 'GET').slice(0, 4)).toEqual([503, 500, 504, 200]);
	});

	scenario('a server that hangs: the cancel leaves at the deadline', async () => {
		const id = createRun(provider, resource, { result: 'stuck' });
		spoilReads(id, { hang: true });
		const { output, item } = await watch(id, soon);
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelled', status: status.cancelled });
		expect(lateness(id, item)).toBeLessThan(ON_TIME_MS);
		const [hanging] = lab.requestsAbout(id);
		expect(hanging).toMatchObject({ method: 'GET', status: null, aborted: true });
	});

	const passing: Array<[string, Partial<FaultSpec>, number | null]> = [
		['a connection that is reset', { reset: true }, null],
		['broken JSON', { brokenJson: true }, 200],
		['an answer that ends half-way', { truncate: true }, 200],
		['a page of HTML instead of an answer', { html: true, status: 200 }, 200],
		['an HTML error page', { html: true }, 502],
		['an empty answer', { emptyBody: true, status: 200 }, 200],
		['an answer that is something else', { body: { hello: 'world' } }, 200],
	];
	for (const [what, fault, answer] of passing) {
		scenario(`${what}: asked again, with no harm done`, async () => {
			const id = createRun(provider, resource, { durationMs: 300 });
			spoilReads(id, fault);
			const { output, item } = await watch(id, ample);
			expect(output).toBe('Completed');
			expect(item).toMatchObject({ outcome: 'completed', status: status.completed });
			expect(item).not.toHaveProperty('lastError');
			expect(answersTo(id, 'GET')[0]).toBe(answer);
		});
	}

	const lost: Array<[string, Partial<FaultSpec>]> = [
		['lost on its way there', { reset: true }],
		['answered with 503', { status: 503 }],
		['answered with broken JSON, and was not carried out', { status: 200, body: '{"id":' }],
	];
	for (const [what, fault] of lost) {
		scenario(`a cancel that was ${what}: sent again`, async () => {
			const id = createRun(provider, resource, { result: 'stuck' });
			spoilCancel(id, fault);
			const { output, item } = await watch(id, soon, { confirmFor: 10 });
			expect(output).toBe('Timed Out');
			expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 2 } });
			expect(lab.sandbox.getRun(id)?.phase).toBe('cancelled');
		});
	}

	scenario('a cancel whose answer is lost: the read shows that it worked', async () => {
		const id = createRun(provider, resource, { result: 'stuck', cancelMs: 0 });
		spoilCancel(id, { reset: true, applyAfter: true });
		const { output, item } = await watch(id, soon);
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 1 } });
	});
});

describe('a retab extraction, when', () => {
	const ample = { provider: 'retab', resource: 'extraction', timeout: 20 } as const;
	const soon = { ...ample, timeout: 2 };
	const extraction = (steering: SteeringInput) => createRun('retab', 'extraction', steering);

	scenario('429 comes without a time: backed off and asked again', async () => {
		const id = extraction({ durationMs: 300 });
		spoilReads(id, { status: 429 });
		expect((await watch(id, ample)).item).toMatchObject({ outcome: 'completed' });
	});

	scenario('Retry-After cannot be read: backed off and asked again', async () => {
		const id = extraction({ durationMs: 300 });
		spoilReads(id, { retryAfter: 'soon' });
		expect((await watch(id, ample)).item).toMatchObject({ outcome: 'completed' });
	});

	scenario('503 comes with Retry-After: the pause is kept', async () => {
		const id = extraction({ durationMs: 300 });
		spoilReads(id, { status: 503, retryAfter: 2 });
		expect((await watch(id, ample)).item).toMatchObject({ outcome: 'completed' });
		const [refused, next] = lab.requestsAbout(id);
		expect((next?.time ?? 0) - (refused?.time ?? 0)).toBeGreaterThanOrEqual(2_000 - CLOCK_SLACK_MS);
	});

	scenario('429 answers the cancel itself: sent again after the pause', async () => {
		const id = extraction({ result: 'stuck' });
		spoilCancel(id, { retryAfter: 1 });
		const { item } = await watch(id, soon);
		expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 2 } });
		expect(answersTo(id, 'POST')).toEqual([429, 200]);
	});

	scenario(
		'the server fails until after the deadline: the cancel leaves, and nothing is claimed',
		async () => {
			const id = extraction({ result: 'stuck' });
			spoilReads(id, { status: 503, after: 1, count: 'always' });
			const { output, item, result } = await watch(id, soon, { confirmFor: 1.5 });
			expect(output).toBe('Timed Out');
			expect(item).toMatchObject({
				outcome: 'cancelPending',
				cancel: { attempts: 1, confirmedAt: null },
				lastError: {
					message: expect.stringContaining('Retab had a server error (503)'),
					httpCode: 503,
				},
			});
			expect(item.status).toMatch(/^(queued|in_progress)$/);
			expect(lateness(id, item)).toBeLessThan(ON_TIME_MS);
			expect(result.hints).toHaveLength(1);
			// What the node could not see: the cancel did work.
			expect(lab.sandbox.getRun(id)?.phase).toBe('cancelled');
		},
	);

	scenario('nothing at all can be reached, reads and cancels alike', async () => {
		const id = extraction({ result: 'stuck' });
		spoilReads(id, { reset: true, count: 'always' });
		spoilCancel(id, { reset: true, count: 'always' });
		const { output, item } = await watch(id, soon, { confirmFor: 1.5 });
		expect(output).toBe('Failed');
		expect(item).toMatchObject({
			outcome: 'unreachable',
			timedOut: true,
			status: null,
			run: null,
			lastError: { message: 'Retab could not be reached: the connection was reset' },
		});
	});

	scenario('the answer drips in slower than the deadline allows', async () => {
		const id = extraction({ result: 'stuck' });
		spoilReads(id, { dripMs: 300 });
		const { item } = await watch(id, soon);
		expect(item).toMatchObject({ outcome: 'cancelled' });
		expect(lateness(id, item)).toBeLessThan(ON_TIME_MS);
	});

	scenario('the cancel hangs: its own time runs out, and it is sent again', async () => {
		const id = extraction({ result: 'stuck' });
		spoilCancel(id, { hang: true });
		const { item } = await watch(id, soon, { confirmFor: 6 });
		expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 2 } });
		expect(lab.requestsAbout(id).filter(({ aborted }) => aborted)).toMatchObject([{ method: 'POST' }]);
	});

	scenario('the full read at the end fails: what the light one said stands', async () => {
		const id = createRun('retab', 'job', { durationMs: 300 });
		spoilReads(id, { query: 'include_response=true', status: 403, count: 'always' });
		const { output, item } = await watch(id, { provider: 'retab', resource: 'job', timeout: 20 });
		expect(output).toBe('Completed');
		expect(item).toMatchObject({
			outcome: 'completed',
			status: 'completed',
			run: { id, response: null },
			lastError: { httpCode: 403 },
		});
	});

	for (const [code, what] of [
		[400, 'Retab refused the request (400)'],
		[402, 'Retab refused the request (402)'],
		[410, 'Retab no longer has the run or resource (410)'],
		[422, 'Retab refused the request (422)'],
		[307, 'Retab answered with a redirect, which is not followed (307)'],
	] as const) {
		scenario(`${code} comes in between: given up at once, with the last known state`, async () => {
			const id = extraction({ result: 'stuck', pendingMs: 0 });
			spoilReads(id, { status: code, after: 1, count: 'always' });
			const { output, item } = await watch(id, ample);
			expect(output).toBe('Failed');
			expect(item).toMatchObject({
				outcome: 'unreachable',
				status: 'in_progress',
				phase: 'running',
				lastError: { message: expect.stringContaining(what), httpCode: code },
			});
			expect(answersTo(id, 'GET')).toEqual([200, code]);
			expect(answersTo(id, 'POST')).toEqual([]);
		});
	}

	for (const code of [401, 403]) {
		scenario(`${code} comes in between: the cancel is sent at the deadline all the same`, async () => {
			const id = extraction({ result: 'stuck', pendingMs: 0 });
			spoilReads(id, { status: code, after: 1, count: 'always' });
			const { output, item } = await watch(id, { ...ample, timeout: 2 }, { confirmFor: 1 });
			expect(output).toBe('Timed Out');
			expect(item).toMatchObject({ outcome: 'cancelPending', lastError: { httpCode: code } });
			expect(answersTo(id, 'POST')).toEqual([200]);
			expect(lab.sandbox.getRun(id)?.phase).toBe('cancelled');
		});
	}

	for (const [what, wrong, right] of [
		['key is rotated', { apiKey: 'rt_old' }, {}],
		['Base URL is moved', {}, { baseUrl: 'localhost' }],
	] as const) {
		scenario(`the ${what} while a run is watched: the node takes the new credential by itself`, async () => {
			const id = extraction({ durationMs: 4_000 });
			const { url } = lab.sandbox;
			const credentials = ownCredentialsFor(url);
			const execution = lab.n8n.startWorkflow({
				node: 'timeoutCancel',
				parameters: watchParameters(ample),
				items: [{ id }],
				credentials,
			});
			await eventually(() => lab.requestsAbout(id).length > 1);
			const good = { ...credentials.retabApi };
			Object.assign(credentials.retabApi ?? {}, wrong);
			if ('apiKey' in wrong) await eventually(() => answersTo(id, 'GET').includes(401));
			Object.assign(credentials.retabApi ?? {}, good);
			if ('baseUrl' in right)
				Object.assign(credentials.retabApi ?? {}, { baseUrl: url.replace('127.0.0.1', right.baseUrl) });
			const { item } = onlyItem(await execution.finished);
			expect(item).toMatchObject({ outcome: 'completed' });
		});
	}

	scenario('two 404 are followed by an answer: counted from the start again', async () => {
		const id = extraction({ durationMs: 3_000, pendingMs: 0 });
		spoilReads(id, { status: 404, count: 2 });
		spoilReads(id, { status: 404, count: 2, after: 1 });
		const { item } = await watch(id, ample);
		expect(item).toMatchObject({ outcome: 'completed' });
		expect(answersTo(id, 'GET').slice(0, 6)).toEqual([404, 404, 200, 404, 404, 200]);
	});

	scenario('many requests hang: the cancel takes the place of a poll', async () => {
		const hanging = [1, 2, 3].map(() => extraction({ durationMs: 3_000 }));
		hanging.forEach((id) => spoilReads(id, { delayMs: 4_000 }));
		const id = extraction({ result: 'stuck' });
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: watchParameters(
				{ ...ample, timeout: '={{ $json.timeout }}' },
				{ maxConcurrentRequests: 2 },
			),
			items: [...hanging.map((one) => ({ id: one, timeout: 20 })), { id, timeout: 2 }],
		});
		const [item = {}] = result.json[2] ?? [];
		expect(item).toMatchObject({ id, outcome: 'cancelled' });
		expect(lateness(id, item)).toBeLessThan(ON_TIME_MS);
		expect(result.json[0]).toHaveLength(3);
	});

	scenario('Check Once meets a burst of 5xx: it keeps looking', async () => {
		const id = extraction({ result: 'stuck' });
		spoilReads(id, { status: 503, count: 2 });
		const parameters = { operation: 'check', provider: 'retab', resource: 'extraction', timeout: 3_600 };
		const checked = onlyItem(
			await lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters, items: [{ id }] }),
		);
		expect([checked.output, checked.item.outcome]).toEqual(['Still Running', 'stillRunning']);
		expect(answersTo(id, 'GET')).toEqual([503, 503, 200]);
	});
});

/** Design: the node ends within half a second of the stop. */
const STOPPED_WITHIN_MS = 500;
/** Long enough for a poll, a retry or a cancel that should not be there. */
const QUIET_MS = 900;

/** No request about the run leaves from now on. One that is on its way may still arrive. */
async function expectSilence(id: string): Promise<void> {
	await delay(IN_FLIGHT_MS);
	const sent = answersTo(id, 'GET').length + answersTo(id, 'POST').length;
	await delay(QUIET_MS);
	expect(answersTo(id, 'GET').length + answersTo(id, 'POST').length).toBe(sent);
}

describe.each(KINDS)('stopping a workflow that watches a $provider $resource', ({ provider, resource }) => {
	const setup = { provider, resource, timeout: 30 };

	scenario('ends the node at once, sends nothing more and leaves the run alone', async () => {
		const id = createRun(provider, resource, { result: 'stuck' });
		const execution = lab.n8n.startWorkflow({
			node: 'timeoutCancel',
			parameters: watchParameters(setup),
			items: [{ id }],
		});
		await eventually(() => lab.requestsAbout(id).length > 1);
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(STOPPED_WITHIN_MS);
		await expectSilence(id);
		expect(lab.sandbox.getRun(id)).toMatchObject({ cancelRequests: 0 });
	});

	scenario('cancels the run where the user asked for that', async () => {
		const id = createRun(provider, resource, { result: 'stuck', pendingMs: 0 });
		const execution = lab.n8n.startWorkflow({
			node: 'timeoutCancel',
			parameters: watchParameters(setup, { onWorkflowStop: 'cancel' }),
			items: [{ id }],
		});
		await eventually(() => lab.requestsAbout(id).length > 1);
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		// It waits for the answer to its cancel, and for nothing more.
		expect(result.msAfterStop).toBeLessThan(2_000);
		await eventually(() => lab.sandbox.getRun(id)?.phase === 'cancelled');
		expect(answersTo(id, 'POST')).toEqual([200]);
		await expectSilence(id);
	});
});

describe('stopping a workflow, whatever the node is at', () => {
	const setup = { provider: 'retab', resource: 'extraction', timeout: 30 } as const;
	const states: Array<[string, (id: string) => void, Partial<Setup>, INodeParameters]> = [
		['in a long sleep', () => undefined, {}, { interval: 20, maxInterval: 20 }],
		['in a request that hangs', (id) => spoilReads(id, { hang: true }), {}, {}],
		['in the pause of a 429', (id) => spoilReads(id, { retryAfter: 60 }), {}, {}],
		['between two attempts', (id) => spoilReads(id, { status: 503, count: 'always' }), {}, {}],
		['in a cancel that hangs', (id) => spoilCancel(id, { hang: true }), { timeout: 0.2 }, { confirmFor: 30 }],
		[
			'waiting for a cancel to take effect',
			(id) => void lab.sandbox.setRun(id, { steering: { cancel: 'ignored' } }),
			{ timeout: 0.2 },
			{ confirmFor: 30 },
		],
	];

	for (const [state, prepare, more, options] of states) {
		scenario(state, async () => {
			const id = createRun('retab', 'extraction', { result: 'stuck' });
			prepare(id);
			const execution = lab.n8n.startWorkflow({
				node: 'timeoutCancel',
				parameters: watchParameters({ ...setup, ...more }, options),
				items: [{ id }],
			});
			const cancelling = more.timeout !== undefined;
			await eventually(() => answersTo(id, cancelling ? 'POST' : 'GET').length > 0);
			await delay(100);
			const result = await execution.stop();
			expect(result.status).toBe('canceled');
			expect(result.msAfterStop).toBeLessThan(STOPPED_WITHIN_MS);
			await expectSilence(id);
		});
	}

	scenario('20 runs are all cancelled on the way out', async () => {
		const ids = lab.sandbox.createRuns(20, {
			provider: 'extend',
			resource: 'extractRun',
			steering: { result: 'stuck' },
		});
		const execution = lab.n8n.startWorkflow({
			node: 'timeoutCancel',
			parameters: watchParameters(
				{ provider: 'extend', resource: 'extractRun', timeout: 30 },
				{ onWorkflowStop: 'cancel' },
			),
			items: ids.map((id) => ({ id })),
		});
		await eventually(() => ids.every((id) => lab.requestsAbout(id).length > 0));
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		await eventually(() => ids.every((id) => lab.sandbox.getRun(id)?.phase === 'cancelled'));
		expect(ids.map((id) => answersTo(id, 'POST'))).toEqual(ids.map(() => [200]));
	});

	scenario('runs that have ended by then are left alone', async () => {
		const done = createRun('retab', 'extraction', { durationMs: 200 });
		const stuck = createRun('retab', 'extraction', { result: 'stuck' });
		const execution = lab.n8n.startWorkflow({
			node: 'timeoutCancel',
			parameters: watchParameters(setup, { onWorkflowStop: 'cancel' }),
			items: [{ id: done }, { id: stuck }],
		});
		await eventually(() => lab.storyOf(done).includes('GET 200'));
		await delay(100);
		await execution.stop();
		await eventually(() => lab.sandbox.getRun(stuck)?.phase === 'cancelled');
		expect(answersTo(done, 'POST')).toEqual([]);
	});

	scenario('a server that is gone does not hold up the end for long, and the log names the run', async () => {
		const id = createRun('retab', 'extraction', { result: 'stuck' });
		spoilCancel(id, { hang: true, count: 'always' });
		const execution = lab.n8n.startWorkflow({
			node: 'timeoutCancel',
			parameters: watchParameters(setup, { onWorkflowStop: 'cancel' }),
			items: [{ id }],
		});
		await eventually(() => lab.requestsAbout(id).length > 0);
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(12_000);
		await eventually(() => logEntries.some(({ level, message }) => level === 'warn' && message.includes(id)));
	});

	for (const provider of ['retab', 'extend'] as const) {
		scenario(`a poll of the ${provider} node ends at once as well`, async () => {
			const resource = provider === 'retab' ? 'parse' : 'parseRun';
			const id = createRun(provider, resource, { result: 'stuck' });
			const execution = lab.n8n.startWorkflow({
				node: provider,
				parameters: {
					resource,
					operation: 'poll',
					runId: { __rl: true, mode: 'id', value: id },
					options: { interval: 0.2 },
				},
			});
			await eventually(() => lab.requestsAbout(id).length > 1);
			const result = await execution.stop();
			expect(result.status).toBe('canceled');
			expect(result.msAfterStop).toBeLessThan(STOPPED_WITHIN_MS);
			await expectSilence(id);
			expect(lab.sandbox.getRun(id)).toMatchObject({ cancelRequests: 0 });
		});
	}
});
