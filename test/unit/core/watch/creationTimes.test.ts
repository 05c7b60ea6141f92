import { CreationTimes } from '../../../../nodes/shared/core/watch/creationTimes';
import type { RunPage } from '../../../../nodes/shared/core/runs/runClient';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FAKE_EPOCH, FakeClock } from '../../../support/fakeClock';
import { ScriptedClient, type Step, fails, hangs, takes } from '../../../support/scriptedClient';
import { queueOf } from '../../../support/queues';

/** A page of the list: rows that were all created one second before the tests begin. */
function page(ids: string[], next?: string): Step<RunPage> {
	const created = { at: FAKE_EPOCH - 1_000, field: 'createdAt' };
	return async () => ({ rows: ids.map((id) => ({ id, created })), next });
}

function lookup(...steps: Array<Step<RunPage>>) {
	const clock = new FakeClock();
	const client = new ScriptedClient(clock);
	if (steps.length > 0) client.lists(...steps);
	const requestQueue = queueOf(5, clock);
	return {
		clock,
		client,
		requestQueue,
		creationTimes: new CreationTimes(client, requestQueue),
		scope: CancellationScope.from(undefined),
	};
}

const KNOWN = { at: FAKE_EPOCH - 1_000, field: 'createdAt' };

test('the creation time comes from the row of the run', async () => {
	const { clock, creationTimes, scope } = lookup(page(['a', 'b']));
	await expect(clock.finish(creationTimes.createdOf('b', scope))).resolves.toEqual(KNOWN);
});

test('pages are read until the run is found, and no further', async () => {
	const { clock, client, creationTimes, scope } = lookup(
		page(['a'], 'p2'),
		page(['b'], 'p3'),
		page(['c'], 'p4'),
	);
	await clock.finish(creationTimes.createdOf('b', scope));
	expect(client.of('list').map(({ token }) => token)).toEqual([undefined, 'p2']);
});

test('a page is read once for all runs that are watched together', async () => {
	const { clock, client, creationTimes, scope } = lookup(
		takes(50, page(['a', 'b'], 'p2')),
		takes(50, page(['c'])),
	);
	const times = ['a', 'b', 'c'].map((id) => creationTimes.createdOf(id, scope));
	await expect(clock.finish(Promise.all(times))).resolves.toEqual([KNOWN, KNOWN, KNOWN]);
	expect(client.of('list')).toHaveLength(2);
	await clock.finish(creationTimes.createdOf('a', scope));
	expect(client.of('list')).toHaveLength(2);
});

test('who finds the run on a page that another reads waits for no further one', async () => {
	const { clock, creationTimes, scope } = lookup(
		takes(50, page(['a'], 'p2')),
		takes(50, page(['b'], 'p3')),
		takes(50, page(['c'], 'p4')),
	);
	const times = ['b', 'c', 'a'].map((id) =>
		creationTimes.createdOf(id, scope).then(() => clock.now() - FAKE_EPOCH),
	);
	await expect(clock.finish(Promise.all(times))).resolves.toEqual([100, 150, 50]);
});

test('a run that is on no page has no creation time', async () => {
	const { clock, creationTimes, scope } = lookup(page(['a'], 'p2'), page(['b']));
	await expect(clock.finish(creationTimes.createdOf('elsewhere', scope))).resolves.toBeUndefined();
});

test('an API that cannot list knows none', async () => {
	const { clock, client, creationTimes, scope } = lookup();
	await expect(clock.finish(creationTimes.createdOf('a', scope))).resolves.toBeUndefined();
	expect(client.requests).toEqual([]);
});

test('a server that repeats its page token is not paged for ever', async () => {
	const { clock, client, creationTimes, scope } = lookup(page(['a'], 'same'));
	await expect(clock.finish(creationTimes.createdOf('elsewhere', scope))).resolves.toBeUndefined();
	expect(client.of('list')).toHaveLength(2);
});

test('ten pages are enough', async () => {
	let count = 0;
	const { clock, client, creationTimes, scope } = lookup(async (context) =>
		page(['a'], `p${count++}`)(context),
	);
	await expect(clock.finish(creationTimes.createdOf('elsewhere', scope))).resolves.toBeUndefined();
	expect(client.of('list')).toHaveLength(10);
});

test('a page that fails, fails for all who wait for it, and is read again by the next who asks', async () => {
	const { clock, client, creationTimes, scope } = lookup(takes(50, fails(503)), page(['a']));
	const both = Promise.allSettled([creationTimes.createdOf('a', scope), creationTimes.createdOf('b', scope)]);
	expect(await clock.finish(both)).toMatchObject([
		{ status: 'rejected', reason: { kind: 'server' } },
		{ status: 'rejected', reason: { kind: 'server' } },
	]);
	await expect(clock.finish(creationTimes.createdOf('a', scope))).resolves.toEqual(KNOWN);
	expect(client.of('list')).toHaveLength(2);
});

test('who waits for the page of another ends with their own scope, not with the page', async () => {
	const { clock, creationTimes, scope } = lookup(hangs());
	const patient = creationTimes.createdOf('a', scope.child());
	patient.catch(() => undefined);
	const own = scope.child();
	const impatient = creationTimes.createdOf('b', own);
	impatient.catch(() => undefined);
	await clock.advance(5_000);
	own.cancel('deadline');
	const begun = clock.now();
	await expect(clock.finish(impatient)).rejects.toEqual(new CancelReason('deadline'));
	expect(clock.now()).toBe(begun);
});

test('when the one who reads a page is gone, another reads it', async () => {
	const { clock, client, creationTimes, scope } = lookup(hangs(), page(['b']));
	const own = scope.child();
	const first = creationTimes.createdOf('a', own);
	first.catch(() => undefined);
	const second = creationTimes.createdOf('b', scope);
	await clock.advance(1_000);
	own.cancel('deadline');
	await expect(clock.finish(second)).resolves.toEqual(KNOWN);
	await expect(first).rejects.toEqual(new CancelReason('deadline'));
	expect(client.times('list')).toEqual([0, 1_000]);
});

test('a page that hangs gives way to a cancel', async () => {
	const { clock, client, scope } = lookup(hangs());
	const requestQueue = queueOf(1, clock);
	void new CreationTimes(client, requestQueue).createdOf('a', scope).catch(() => undefined);
	await clock.settle();
	const leaving = requestQueue.request(scope, { priority: 'urgent' }, async () => clock.now() - FAKE_EPOCH);
	await expect(clock.finish(leaving)).resolves.toBe(20);
});
