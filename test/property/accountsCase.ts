import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';

import { Accounts } from '../../nodes/shared/core/account';
import type { RunClient } from '../../nodes/shared/core/runs/runClient';
import type { WatchOptions, WatchResult } from '../../nodes/shared/core/watch/watchRuns';
import { accountKey } from '../../nodes/shared/n8n/transport/accounts';
import { CurrentAccess } from '../../nodes/shared/n8n/transport/currentAccess';
import { sendThrough } from '../../nodes/shared/n8n/transport/httpRequest';
import { PROVIDERS, resourceOf } from '../../nodes/shared/providers';
import { ResourceClient } from '../../nodes/shared/providers/client/resourceClient';
import { extendAccess } from '../../nodes/shared/providers/extend/credential';
import { retabAccess } from '../../nodes/shared/providers/retab/credential';
import { type Execution, startExecution } from '../support/executions';
import { FakeClock } from '../support/fakeClock';
import { type Identity, KeyedProvider, StoredCredential } from '../support/keyedProvider';
import {
	DIALECTS,
	type FaultPlan,
	GOOD_LISTS,
	type ListsPlan,
	RemoteApi,
	type RemoteRunPlan,
} from '../support/remote';

const ACCESS_OF = { extend: extendAccess, retab: retabAccess };

/** All times are virtual milliseconds from the begin. */
interface ExecutionPlan {
	/** Its place among the credentials. */
	credential: number;
	startsAt: number;
	runs: readonly RemoteRunPlan[];
	mode: WatchOptions['mode'];
	onStop: WatchOptions['onStop'];
	interval: number;
	/** Absent for one whose workflow is not stopped. */
	stopAt?: number;
	/** What goes wrong on this machine, from when on, and how long. */
	trouble?: { what: 'way' | 'listener'; from: number; lasts: number };
}

/** A credential gets another key, or another address, or cannot be used for a while. */
interface ChangePlan {
	credential: number;
	at: number;
	to: { account: number; version: number; host: string } | 'wrongKey' | 'unreadable';
}

/** A whole story: who uses which account, what the users change meanwhile, and what goes wrong. */
export interface AccountsCase {
	dialect: 'extraction' | 'extractRun' | 'workflowRun';
	/** What goes wrong at the provider, by account. */
	faults: ReadonlyArray<readonly FaultPlan[]>;
	/** What the lists of an account show of runs that belong to another one, by account. */
	decoys: readonly RemoteRunPlan[];
	lists: ListsPlan;
	credentials: number;
	executions: readonly ExecutionPlan[];
	changes: readonly ChangePlan[];
	latency: number;
	rowsPerPage: number;
	seed: number;
}

export interface PlayedExecution {
	plan: ExecutionPlan;
	index: number;
	ids: readonly string[];
	/** The account that its runs are of. */
	account: number;
	/** Absent when its credential could not be used at the begin: then it never began. */
	joined?: Identity;
	/** With what the pages were fetched whose rows went to the executions of `joined`. */
	opened: Identity[];
	results?: WatchResult[];
	thrown?: unknown;
	/** Unix ms. */
	startedAt: number;
	endedAt: number;
	/** On n8n's signal, when it has ended. */
	listenersLeft: number;
}

export interface Played {
	story: AccountsCase;
	provider: KeyedProvider;
	remotes: readonly RemoteApi[];
	executions: readonly PlayedExecution[];
	/** Unix ms. */
	start: number;
	accountsLeft: number;
	timersLeft: number;
}

const SECOND = 1_000;

const HOST = 'https://one.example.com';

/** Long enough for all that goes wrong to be over: what hangs is cancelled by then, and nothing else. */
const TIMEOUT = 100 * SECOND;

const ms = (min: number, max: number) => fc.integer({ min, max });

const optional = <T>(arbitrary: fc.Arbitrary<T>, freq = 2) => fc.option(arbitrary, { nil: undefined, freq });

const remoteRun: fc.Arbitrary<RemoteRunPlan> = fc.record({
	createdAt: ms(-90 * SECOND, 0),
	startsAt: ms(-30 * SECOND, 30 * SECOND),
	endsAt: optional(ms(-10 * SECOND, 60 * SECOND), 6),
	endsAs: fc.constantFrom('completed' as const, 'failed' as const),
	invisibleReads: fc.constant(0),
	cancel: fc.record({
		takes: fc.constantFrom(0, 0, 3 * SECOND),
		ignored: fc.constant(false),
		finishesFirst: fc.constant(false),
		races: fc.constantFrom(0, 0, 1),
		answersLost: fc.constantFrom(0, 0, 1),
	}),
});

const passing: fc.Arbitrary<FaultPlan> = fc.record({
	from: ms(0, 30 * SECOND),
	lasts: ms(1, 10 * SECOND),
	on: fc.constantFrom<FaultPlan['on']>('read', 'list', 'list', 'all'),
	every: fc.constantFrom(1, 1, 2, 5),
	what: fc.oneof(
		fc.record({
			kind: fc.constant('status' as const),
			status: fc.constantFrom(408, 429, 429, 429, 500, 503),
			retryAfter: optional(ms(0, 10 * SECOND)),
		}),
		fc.record({
			kind: fc.constantFrom(
				'hang' as const,
				'hangDeaf' as const,
				'reset' as const,
				'brokenJson' as const,
				'webPage' as const,
				'hugePage' as const,
			),
		}),
	),
});

const execution = (credentials: number): fc.Arbitrary<ExecutionPlan> =>
	fc.record({
		credential: fc.nat(credentials - 1),
		startsAt: fc.oneof(
			fc.constant(0),
			ms(0, 10).map((seconds) => seconds * SECOND),
		),
		runs: fc
			.constantFrom(1, 1, 4, 12, 20)
			.chain((count) => fc.array(remoteRun, { minLength: count, maxLength: count })),
		mode: fc.constantFrom<WatchOptions['mode']>(
			'untilSettled',
			'untilSettled',
			'untilSettled',
			'untilSettled',
			'once',
			'none',
		),
		onStop: fc.constantFrom<WatchOptions['onStop']>('leave', 'cancel'),
		interval: fc.constantFrom(SECOND, 3 * SECOND, 5 * SECOND),
		stopAt: optional(ms(0, 60 * SECOND), 3),
		trouble: fc.option(
			fc.record({
				what: fc.constantFrom('way' as const, 'listener' as const),
				from: ms(0, 40 * SECOND),
				lasts: fc.constantFrom(SECOND, 10 * SECOND, 600 * SECOND),
			}),
			{ nil: undefined, freq: 1 },
		),
	});

/** Nothing else happens in the same millisecond: then it is known what came first. */
const change = (credentials: number, accounts: number): fc.Arbitrary<ChangePlan> =>
	fc.record({
		credential: fc.nat(credentials - 1),
		at: ms(0, 60 * SECOND).map((at) => at + 0.5),
		to: fc.oneof(
			{
				weight: 4,
				arbitrary: fc.record({
					account: fc.nat(accounts - 1),
					version: fc.nat(1),
					host: fc.constantFrom(HOST, HOST, HOST, 'https://two.example.com'),
				}),
			},
			{ weight: 1, arbitrary: fc.constantFrom('wrongKey' as const, 'unreadable' as const) },
		),
	});

export const accountsCases: fc.Arbitrary<AccountsCase> = fc
	.record({ accounts: ms(1, 3), credentials: ms(1, 3) })
	.chain(({ accounts, credentials }) =>
		fc.record({
			dialect: fc.constantFrom('extraction' as const, 'extractRun' as const, 'workflowRun' as const),
			faults: fc.array(fc.array(passing, { maxLength: 2 }), { minLength: accounts, maxLength: accounts }),
			decoys: fc.array(remoteRun, { minLength: accounts, maxLength: accounts }),
			lists: fc.constantFrom(GOOD_LISTS, GOOD_LISTS, { ...GOOD_LISTS, ignoresStatus: true, skips: 3 }),
			credentials: fc.constant(credentials),
			executions: fc.array(execution(credentials), { minLength: 2, maxLength: 6, size: 'max' }),
			changes: fc.array(change(credentials, accounts), { maxLength: 3 }),
			latency: fc.constantFrom(0, 20, 200, 2 * SECOND),
			rowsPerPage: fc.constantFrom(5, 100),
			seed: fc.nat(),
		}),
	);

function identityOf({ to }: Pick<ChangePlan, 'to'>): Identity | undefined {
	if (to === 'unreadable') return undefined;
	if (to === 'wrongKey') return { host: HOST, key: 'key_of_nobody' };
	return { host: to.host, key: KeyedProvider.keyOf(to.account, to.version) };
}

/** What a credential holds at a time, and all that it gets from then on. */
export function credentialFrom(
	{ faults, changes }: AccountsCase,
	credential: number,
	at: number,
): [Identity | undefined, ...Array<Identity | undefined>] {
	const first = identityOf({ to: { account: credential % faults.length, version: 0, host: HOST } });
	const own = changes.filter((one) => one.credential === credential).sort((a, b) => a.at - b.at);
	const before = own.filter((one) => one.at < at).at(-1);
	return [before ? identityOf(before) : first, ...own.filter((one) => one.at >= at).map(identityOf)];
}

/** Plays a story on a fake clock. */
export async function playAccounts(story: AccountsCase): Promise<Played> {
	const clock = new FakeClock({ seed: story.seed, ties: 'shuffled' });
	const start = clock.now();
	const played = executionsOf(story);
	const accountOf = new Map(played.flatMap(({ ids, account }) => ids.map((id) => [id, account])));
	const remotes = story.faults.map((faults, account) => {
		const runs = played.flatMap((one) =>
			one.plan.runs.map((run) => (one.account === account ? run : (story.decoys[account] ?? run))),
		);
		const { dialect, lists, latency, rowsPerPage, seed } = story;
		return new RemoteApi(clock, {
			dialect,
			lists,
			runs,
			faults,
			latency,
			skew: 0,
			rowsPerPage,
			seed,
		});
	});
	const spec = DIALECTS[story.dialect];
	const provider = new KeyedProvider(spec.provider, remotes, (id) => accountOf.get(id) ?? -1);
	const credentials = Array.from(
		{ length: story.credentials },
		(_, credential) => new StoredCredential(credentialFrom(story, credential, 0)[0]),
	);
	const accounts = new Accounts(clock);
	const done = new AbortController();
	const later = (at: number, act: () => void) => {
		clock.sleep(at, done.signal).then(act, () => undefined);
	};
	for (const one of story.changes) {
		later(one.at, () => {
			const credential = credentials[one.credential];
			if (credential) credential.identity = identityOf(one);
		});
	}
	const play = async (one: PlayedExecution) => {
		const { plan } = one;
		await clock.sleep(plan.startsAt, done.signal);
		one.startedAt = clock.now();
		const credential = credentials[plan.credential];
		if (!credential?.identity) return;
		one.joined = credential.identity;
		const execution = begin(story, one, { clock, accounts, provider, credential });
		if (plan.stopAt !== undefined) later(plan.stopAt - plan.startsAt, execution.stop);
		await execution.results.then(
			(results) => (one.results = results),
			(error: unknown) => (one.thrown = error),
		);
		one.endedAt = clock.now();
		one.listenersLeft = getEventListeners(execution.signal, 'abort').length;
	};
	await clock.finish(Promise.all(played.map(play)), 3_600 * SECOND);
	done.abort();
	await clock.settle();
	return {
		story,
		provider,
		remotes,
		executions: played,
		start,
		accountsLeft: accounts.size,
		timersLeft: clock.sleeping,
	};
}

function executionsOf(story: AccountsCase): PlayedExecution[] {
	let runs = 0;
	return story.executions.map((plan, index) => {
		const ids = plan.runs.map(() => `run_${runs++}`);
		const [held] = credentialFrom(story, plan.credential, plan.startsAt);
		const account = KeyedProvider.accountOf(held?.key ?? '') ?? 0;
		return { plan, index, ids, account, opened: [], startedAt: 0, endedAt: 0, listenersLeft: 0 };
	});
}

interface Machine {
	clock: FakeClock;
	accounts: Accounts;
	provider: KeyedProvider;
	credential: StoredCredential;
}

/** Begins an execution as a session of n8n does. */
function begin(story: AccountsCase, one: PlayedExecution, machine: Machine): Execution {
	const { plan, index, ids, opened } = one;
	const { clock, accounts, provider, credential } = machine;
	const start = clock.now();
	const { trouble } = plan;
	const troubledBy = (what: 'way' | 'listener') => () => {
		const since = clock.now() - start - (trouble?.from ?? Infinity);
		if (trouble?.what === what && since >= 0 && since < trouble.lasts) throw new TypeError(`No ${what}`);
	};
	const spec = PROVIDERS[DIALECTS[story.dialect].provider];
	const accessOf = ACCESS_OF[DIALECTS[story.dialect].provider];
	const access = accessOf(credential.read());
	const current = new CurrentAccess(spec, accessOf, access);
	const send = sendThrough(provider.context(index, credential, troubledBy('way')), spec, current);
	const client = new ResourceClient(spec, resourceOf(spec, story.dialect), send, () => clock.now());
	const options: WatchOptions = {
		polls: { mode: 'adaptive', interval: plan.interval, maxInterval: 10 * SECOND },
		confirmFor: 60 * SECOND,
		atDeadline: 'cancel',
		onStop: plan.onStop,
		mode: plan.mode,
	};
	const { mode } = plan;
	const countFrom = mode === 'once' ? ('created' as const) : ('now' as const);
	const timeout = mode === 'none' ? 0 : TIMEOUT;
	const targets = ids.map((id) => ({ id, timeout, countFrom, options }));
	const observed = withPagesObserved(client, (signal) => {
		const identity = provider.identityOf(signal);
		if (identity) opened.push(identity);
	});
	return startExecution(clock, accounts, accountKey(spec, access), observed, targets, 5, {
		isOfAccount: () => current.isOfAccount,
		onChange: troubledBy('listener'),
	});
}

/** Tells of each page whose rows are looked at: it went to all executions of the account. */
function withPagesObserved(client: RunClient, onOpened: (signal: AbortSignal) => void): RunClient {
	return {
		title: client.title,
		hasLightReads: client.hasLightReads,
		read: (...request) => client.read(...request),
		cancel: (...request) => client.cancel(...request),
		unfinished: client.unfinished?.map((list) => ({
			...list,
			page: async (token, signal) => {
				const { rows, next } = await list.page(token, signal);
				return {
					next,
					get rows() {
						onOpened(signal);
						return rows;
					},
				};
			},
		})),
	};
}
