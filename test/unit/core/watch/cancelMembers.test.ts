import { CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { CANCEL } from '../../../../nodes/shared/core/config';
import type { Phase } from '../../../../nodes/shared/core/runs/run';
import type { MemberList } from '../../../../nodes/shared/core/runs/runClient';
import { RunReader } from '../../../../nodes/shared/core/runs/runReader';
import { cancelMembers } from '../../../../nodes/shared/core/watch/cancelMembers';
import { FakeClock } from '../../../support/fakeClock';
import { queueOf } from '../../../support/queues';
import { ScriptedClient, accepts, fails, fault, refuses, says } from '../../../support/scriptedClient';
import { SECOND } from '../../../support/watching';

const BUDGET = 30 * SECOND;

type Rows = Record<string, Phase>;

/** A batch `b` whose members are in lists, which may tell other things each time that they are read. */
function batchOf(...lists: Array<(pass: number) => Rows>) {
	const clock = new FakeClock();
	const client = new ScriptedClient(clock);
	const requestQueue = queueOf(5, clock);
	client.reads('b', says('running'));
	const members = lists.map((rowsOf): MemberList => {
		let pass = 0;
		return {
			client,
			page: async () => ({ rows: Object.entries(rowsOf(pass++)).map(([id, phase]) => ({ id, phase })) }),
		};
	});
	const run = () =>
		clock.finish(
			cancelMembers(
				{
					client,
					requestQueue,
					clock,
					reader: new RunReader('b', { client, requestQueue, clock }),
					commandId: (id) => `cancel ${id}`,
					until: 'confirmed',
					lists: members,
				},
				CancellationScope.from(undefined),
				BUDGET,
			),
		);
	const sent = (kind: 'read' | 'cancel') =>
		client.requests.filter((request) => request.kind === kind && request.id !== 'b').map(({ id }) => id);
	return { clock, client, run, sent };
}

describe('members of a batch', () => {
	test('those that go on are cancelled, those that have ended are read', async () => {
		const { client, run, sent } = batchOf(() => ({ done: 'completed', first: 'running', second: 'waiting' }));
		client.reads('done', says('completed')).reads('*', says('cancelled')).cancels('*', accepts());

		const result = await run();

		expect(result).toMatchObject({ verdict: 'settled', members: { completed: 1, cancelled: 2 } });
		expect(result.run).toMatchObject({ id: 'b', phase: 'cancelled' });
		expect(sent('cancel').sort()).toEqual(['first', 'second']);
		expect(sent('read').sort()).toEqual(['done', 'first', 'second']);
	});

	test('a list that shows an end too early is not believed', async () => {
		const { client, run, sent } = batchOf(() => ({ early: 'completed' }));
		client.reads('early', says('running'), says('cancelled')).cancels('early', accepts());

		expect(await run()).toMatchObject({ verdict: 'settled', members: { cancelled: 1 } });
		expect(sent('cancel')).toEqual(['early']);
	});

	test('one that a list shows as ended, and that cannot be read at first, is asked again', async () => {
		const { client, run } = batchOf(() => ({ done: 'failed' }));
		client.reads('done', fails(500), says('failed')).cancels('done', refuses(409));

		expect(await run()).toMatchObject({ verdict: 'settled', members: { failed: 1 } });
	});

	test('one that a list shows late is cancelled too', async () => {
		const { client, run, sent } = batchOf((pass): Rows =>
			pass === 0 ? { first: 'running' } : { first: 'cancelled', late: 'running' },
		);
		client.reads('*', says('cancelled')).cancels('*', accepts());

		expect(await run()).toMatchObject({ members: { cancelled: 2 } });
		expect(sent('cancel')).toEqual(['first', 'late']);
	});

	test('as long as one may go on, the batch is not cancelled', async () => {
		const { client, run } = batchOf(() => ({ first: 'running', second: 'running' }));
		client.reads('first', says('cancelled')).reads('second', says('running'));
		client.cancels('first', accepts()).cancels('second', refuses(409));

		expect(await run()).toMatchObject({
			verdict: 'refused',
			run: { phase: 'running' },
			members: { cancelled: 1, notCancellable: 1 },
		});
	});

	test('the lists of other resources are not read again', async () => {
		let readsOfOther = 0;
		const other = () => ((readsOfOther += 1), {});
		const { client, run } = batchOf(other, () => ({ first: 'running' }));
		client.reads('*', says('cancelled')).cancels('*', accepts());

		expect(await run()).toMatchObject({ verdict: 'settled' });
		expect(readsOfOther).toBe(1);
	});

	test('each further member has more time: the API takes them one after the other', async () => {
		const { clock, client, run } = batchOf(() => ({ first: 'running', second: 'running' }));
		client.reads('*', says('cancelling')).cancels('*', accepts());
		const start = clock.now();

		expect(await run()).toMatchObject({ verdict: 'pending', members: { cancelPending: 2 } });
		expect(clock.now() - start).toBe(BUDGET + CANCEL.budgetPerMember);
	});

	test('without a list that can be read, nothing is known of the batch', async () => {
		const { run } = batchOf(() => {
			throw fault(403);
		});

		expect(await run()).toMatchObject({ verdict: 'unreachable', error: { status: 403 } });
	});
});
