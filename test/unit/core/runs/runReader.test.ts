import { RunReader } from '../../../../nodes/shared/core/runs/runReader';
import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import type { Run } from '../../../../nodes/shared/core/runs/run';
import { CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FAKE_EPOCH, FakeClock } from '../../../support/fakeClock';
import {
	ScriptedClient,
	type Step,
	breaks,
	fails,
	garbles,
	hangs,
	says,
	takes,
} from '../../../support/scriptedClient';
import { queueOf } from '../../../support/queues';

function asking(...steps: Array<Step<Run> | string>) {
	const clock = new FakeClock();
	const client = new ScriptedClient(clock).reads('r', ...steps);
	const changes: string[] = [];
	const requestQueue = queueOf(5, clock);
	const reader = new RunReader('r', {
		client,
		requestQueue,
		clock,
		onChange: (run) => changes.push(run.status),
	});
	const scope = CancellationScope.from(undefined);
	/** Asks so many times; gives back whether each fault was final. */
	const ask = async (times: number): Promise<boolean[]> => {
		const finals: boolean[] = [];
		for (let time = 0; time < times; time++) {
			await clock.finish(reader.read('light', scope, 'poll')).catch((error: unknown) => {
				if (!(error instanceof ApiError)) throw error;
				finals.push(reader.isFinal(error));
			});
		}
		return finals;
	};
	return { clock, client, reader, scope, changes, ask };
}

test('what was heard is remembered', async () => {
	const { reader, ask } = asking('running');
	await ask(1);
	expect(reader.last).toMatchObject({ id: 'r', status: 'running', phase: 'running' });
	expect(reader.reads).toBe(1);
	expect(reader.lastIsFull).toBe(false);
});

test('each change of the status is noted once, with its time', async () => {
	const { reader, changes, ask } = asking(
		takes(10, says('waiting')),
		takes(10, says('running')),
		takes(10, says('running')),
		takes(10, says('completed')),
	);
	await ask(4);
	expect(reader.history).toEqual([
		{ status: 'waiting', phase: 'waiting', at: FAKE_EPOCH + 10 },
		{ status: 'running', phase: 'running', at: FAKE_EPOCH + 20 },
		{ status: 'completed', phase: 'completed', at: FAKE_EPOCH + 40 },
	]);
	expect(changes).toEqual(['waiting', 'running', 'completed']);
});

test('the history keeps the first fifty changes, whatever a run does', async () => {
	const flickering = Array.from({ length: 60 }, (_, index) => (index % 2 ? 'running' : 'waiting'));
	const { reader, changes, ask } = asking(...flickering);
	await ask(60);
	expect(reader.history).toHaveLength(50);
	expect(changes).toHaveLength(60);
});

test('the last fault is gone with the next good answer', async () => {
	const { reader, ask } = asking(fails(503), 'running');
	await ask(1);
	expect(reader.lastError?.status).toBe(503);
	await ask(1);
	expect(reader.lastError).toBeUndefined();
});

test('the third 404 in a row is final', async () => {
	const { ask } = asking(fails(404));
	expect(await ask(3)).toEqual([false, false, true]);
});

test.each<[string, Step<Run> | string]>([
	['a good answer', 'running'],
	['a server error', fails(500)],
	['a rate limit', fails(429)],
	['a broken connection', breaks()],
	['a broken answer', garbles()],
])('%s between 404s begins the count anew', async (_, between) => {
	const { ask } = asking(fails(404), fails(404), between, fails(404), fails(404), fails(404));
	expect((await ask(6)).slice(-3)).toEqual([false, false, true]);
});

test.each([400, 401, 402, 403, 405, 410, 422, 302])('%i is final at once', async (status) => {
	const { ask } = asking(fails(status));
	expect(await ask(1)).toEqual([true]);
});

test.each([408, 409, 425, 429, 500, 502, 503, 504])('%i is never final', async (status) => {
	const { ask } = asking(fails(status));
	expect(await ask(20)).toEqual(Array.from({ length: 20 }, () => false));
});

test('failures in a row are counted, and begin anew after a good answer', async () => {
	const { reader, ask } = asking(fails(500), fails(500), fails(500), 'running', fails(500));
	await ask(3);
	expect(reader.failuresInARow).toBe(3);
	await ask(2);
	expect(reader.failuresInARow).toBe(1);
});

test('a read that hangs is given up after 30 s', async () => {
	const { clock, reader, ask } = asking(hangs());
	await ask(1);
	expect(clock.now() - FAKE_EPOCH).toBe(30_000);
	expect(reader.lastError?.kind).toBe('network');
});

test('a stop of the workflow is no fault of the API', async () => {
	const { clock, reader, scope } = asking(hangs());
	const reading = reader.read('light', scope, 'poll');
	reading.catch(() => undefined);
	await clock.advance(100);
	scope.cancel('stopped');
	await expect(reading).rejects.toThrow('stopped');
	expect(reader.lastError).toBeUndefined();
});
