import { attemptRequest } from '../concurrency/result';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { CANCEL, LIST, RETRY } from '../config';
import { ApiError } from '../requests/apiError';
import { PageCursor, paginate } from '../requests/paginate';
import { retry } from '../requests/retry';
import { type CancelDeps, type CancelResult, confirmCancel } from '../runs/cancelRun';
import { type Phase, type Run, isTerminal } from '../runs/run';
import type { ListedRun, MemberList } from '../runs/runClient';
import { RunReader } from '../runs/runReader';
import { type Outcome, outcomeOfCancel } from './outcome';

export interface MembersDeps extends Omit<CancelDeps, 'commandId'> {
	commandId: (id: string) => string;
	lists: readonly MemberList[];
}

/** What became of a batch: as of a run, and how many of its members ended in which way. */
export interface MembersResult extends CancelResult {
	members: Partial<Record<Outcome, number>>;
}

/**
 * Cancels a batch that has no cancel of its own: each member that is not over, each confirmed by reads as a run alone is. The
 * next page is read while the members of the last one are settled, until a pass over the lists shows no other member: lists
 * may be late.
 *
 * @param budget milliseconds for the first member; each further one has `CANCEL.budgetPerMember` more
 * @throws the reason why `parent` ended
 */
export async function cancelMembers(
	deps: MembersDeps,
	parent: CancellationScope,
	budget: number,
): Promise<MembersResult> {
	const scope = parent.child();
	try {
		const members = new Map<string, Promise<CancelResult>>();
		const settle = (list: MemberList, { id, phase }: ListedRun): void => {
			if (members.has(id)) return;
			const reader = new RunReader(id, { ...deps, client: list.client, onChange: undefined });
			const own = { ...deps, client: list.client, reader, commandId: deps.commandId(id) };
			const time = budget + members.size * CANCEL.budgetPerMember;
			const member = isTerminal(phase) ? confirmEnd(own, scope, time) : confirmCancel(own, scope, time);
			// Looked at when all are under way.
			member.catch(() => undefined);
			members.set(id, member);
		};
		const listed = await attemptRequest(() => passOverMembers(deps, scope, members, settle));
		const results = await Promise.all(members.values());
		// What the batch itself says may be late: it is shown, not believed.
		const read = await attemptRequest(() => deps.reader.read('full', scope, 'confirm'));
		const run = 'value' in read ? read.value : deps.reader.last;
		return summaryOf(results, run, 'error' in listed ? listed.error : undefined);
	} finally {
		scope.dispose();
	}
}

/** A member that a list shows at its end. Rows are hints: one that goes on, or cannot be read, is cancelled as the others are. */
async function confirmEnd(deps: CancelDeps, scope: CancellationScope, budget: number): Promise<CancelResult> {
	const read = await attemptRequest(() => deps.reader.read('light', scope, 'confirm'));
	if ('error' in read || !isTerminal(read.value.phase)) return await confirmCancel(deps, scope, budget);
	const confirmedAt = deps.clock.now();
	return { verdict: 'settled', run: read.value, attempts: 0, cancelledByUs: false, confirmedAt };
}

/** @throws ApiError when a list cannot be read */
async function passOverMembers(
	deps: MembersDeps,
	scope: CancellationScope,
	known: ReadonlyMap<string, unknown>,
	settle: (list: MemberList, member: ListedRun) => void,
): Promise<void> {
	const { requestQueue, clock } = deps;
	const shouldRetry = (error: ApiError, failures: number) => error.retryable && failures < RETRY.attempts;
	// All members are of one resource: the lists of the others need not be read again.
	let { lists } = deps;
	for (let before = -1; before < known.size;) {
		before = known.size;
		for (const list of lists) {
			const pages = paginate(new PageCursor(), LIST.memberPages, (token) =>
				retry({ clock, scope }, { shouldRetry }, (failuresBefore) =>
					requestQueue.request(
						scope,
						{ priority: 'urgent', timeout: CANCEL.callTimeout, failuresBefore },
						(signal) => list.page(token, signal),
					),
				),
			);
			let isEmpty = true;
			for await (const page of pages) {
				isEmpty &&= page.rows.length === 0;
				page.rows.forEach((member) => settle(list, member));
			}
			if (isEmpty) continue;
			lists = [list];
			break;
		}
	}
}

/** The worst of what became of the members, for the batch: as long as one may go on, it is not cancelled. */
const WORST_FIRST: ReadonlyArray<[Outcome, CancelResult['verdict']]> = [
	['unreachable', 'unreachable'],
	['notCancellable', 'refused'],
	['cancelPending', 'pending'],
];

function summaryOf(
	results: readonly CancelResult[],
	run: Run | undefined,
	unlisted: ApiError | undefined,
): MembersResult {
	const outcomes = results.map(outcomeOfCancel);
	const members: MembersResult['members'] = {};
	for (const outcome of outcomes) members[outcome] = (members[outcome] ?? 0) + 1;
	const error = unlisted ?? (outcomes.length === 0 ? noMembers() : results.find((one) => one.error)?.error);
	const worst = WORST_FIRST.find(([outcome]) => members[outcome] !== undefined)?.[1];
	const verdict = unlisted ? 'unreachable' : outcomes.length === 0 ? 'refused' : (worst ?? 'settled');
	const times = (name: 'requestedAt' | 'acceptedAt' | 'confirmedAt') =>
		results.flatMap((result) => result[name] ?? []);
	const accepted = times('acceptedAt');
	return {
		verdict,
		run: run && verdict === 'settled' ? { ...run, phase: phaseOfMembers(members, run.phase) } : run,
		members,
		attempts: results.reduce((sum, { attempts }) => sum + attempts, 0),
		requestedAt: earliest(times('requestedAt')),
		acceptedAt: latest(accepted),
		confirmedAt: verdict === 'settled' ? latest(times('confirmedAt')) : undefined,
		cancelledByUs: members.cancelled !== undefined,
		error,
	};
}

/** Where a batch stands whose members are all over. */
function phaseOfMembers(members: MembersResult['members'], own: Phase): Phase {
	if (members.cancelled !== undefined) return 'cancelled';
	if (isTerminal(own)) return own;
	if (members.completed !== undefined || members.needsReview !== undefined) return 'completed';
	return members.cancelledElsewhere === undefined ? 'failed' : 'cancelled';
}

function earliest(times: readonly number[]): number | undefined {
	return times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : undefined;
}

function latest(times: readonly number[]): number | undefined {
	return times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : undefined;
}

function noMembers(): ApiError {
	return new ApiError('request', 'The lists show no member of the batch, so there was nothing to cancel', {
		hint: 'Look for its runs with Get Batch, and cancel those that go on.',
	});
}
