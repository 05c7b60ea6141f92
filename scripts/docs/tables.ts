import { STATUS_CODES } from 'node:http';

import { OUTPUT_OF, reportItem } from '../../nodes/TimeoutCancel/report';
import { SECOND, SETTING } from '../../nodes/shared/core/config';
import type { CleanupOutcome } from '../../nodes/shared/core/cleanup/cancelStuckRuns';
import type { Clock } from '../../nodes/shared/core/concurrency/clock';
import {
	API_ERROR_KINDS,
	ApiError,
	type ApiErrorKind,
	errorKindOf,
} from '../../nodes/shared/core/requests/apiError';
import { type Phase, isTerminal } from '../../nodes/shared/core/runs/run';
import { type PollSettings, nextPollDelay } from '../../nodes/shared/core/watch/pollDelay';
import type { Outcome } from '../../nodes/shared/core/watch/outcome';
import { type Operation, hasOperation } from '../../nodes/shared/n8n/description/runFields';
import { PROVIDERS, cancellable } from '../../nodes/shared/providers';
import {
	EVENT_TYPES,
	WEBHOOK_EVENTS,
	type ResourceType,
} from '../../nodes/shared/providers/extend/webhookEvents';
import type { ProviderSpec, ResourceSpec } from '../../nodes/shared/providers/types';
import { code, table, unique } from './markdown';

/** Tables of what the nodes do, from the tables and rules of the code. */

type ProviderName = keyof typeof PROVIDERS;

const OPERATIONS: Array<[string, Operation]> = [
	['Create', 'create'],
	['Get', 'get'],
	['Get Many', 'getAll'],
	['Create Batch', 'createBatch'],
	['Get Batch', 'getBatch'],
	['Poll Until Finished', 'poll'],
	['Cancel', 'cancel'],
	['Delete', 'delete'],
];

/** Which resources have which operations. */
export function operations(): string {
	const rows = Object.values<ProviderSpec>(PROVIDERS).flatMap(({ title, resources, reviews }) => {
		const labels = new Map<string, string[]>();
		for (const spec of Object.values<ResourceSpec>(resources)) {
			const names = OPERATIONS.filter(([, operation]) => hasOperation(spec, operation)).map(([name]) => name);
			const key = names.join(', ');
			labels.set(key, [...(labels.get(key) ?? []), spec.label]);
		}
		const ofReviews = reviews && [
			reviews.label,
			['Get Many', 'Get', ...Object.values(reviews.actions).map(({ label }) => label)].join(', '),
		];
		return [
			...[...labels].map(([names, same]) => [title, same.sort().join(', '), names]),
			...(ofReviews ? [[title, ...ofReviews]] : []),
		];
	});
	return table(['Node', 'Resources', 'Operations'], rows);
}

/** The fields that the deadline is counted from. Resources with the same fields share a row. */
export function countedFrom(): string {
	const rows = Object.values(PROVIDERS).flatMap((provider) => {
		const names = new Map<string, string[]>();
		for (const [name, { createdPath, startedPath }] of cancellable(provider)) {
			const key = [createdPath, startedPath ?? []].map((path) => path.join('.')).join(' ');
			names.set(key, [...(names.get(key) ?? []), name]);
		}
		return [...names].map(([key, same]) => [
			provider.title,
			code(same.sort()),
			...key.split(' ').map((path) => (path ? code([path]) : '')),
		]);
	});
	return table(['Provider', 'Resources', 'Creation', 'Start'], rows);
}

/** What each status means for a watch. Resources with the same statuses share a row. */
export function statuses(provider: ProviderName): string {
	const groups = new Map<string, string[]>();
	for (const [name, { phases }] of Object.entries(PROVIDERS[provider].resources)) {
		const key = JSON.stringify(Object.entries(phases).sort());
		groups.set(key, [...(groups.get(key) ?? []), name]);
	}
	const rows = [...groups].map(([key, names]) => {
		const phases = JSON.parse(key) as Array<[string, Phase]>;
		const having = (test: (phase: Phase) => boolean) =>
			code(phases.flatMap(([status, phase]) => (test(phase) ? [status] : [])));
		return [
			code(names.sort()),
			having((phase) => !isTerminal(phase) && phase !== 'needsReview'),
			having(isTerminal),
			having((phase) => phase === 'needsReview'),
		];
	});
	return table(['Resources', 'Unfinished', 'Ended', 'Waits for a person'], rows.sort());
}

const OUTCOMES: Record<Outcome, string> = {
	completed: 'Finished, also when it finished just before our cancel took effect',
	needsReview: 'It waits for a person',
	failed: 'It failed by itself',
	expired: 'The provider gave it up (Retab jobs)',
	rejected: 'A reviewer rejected it (Extend workflow runs)',
	cancelledElsewhere: 'Cancelled, but not by this node: its cancels were refused, or it sent none',
	notFound:
		'The provider answered 404 three times in a row: wrong ID or resource, or a key of another environment',
	unreachable: 'The provider could not be asked; `lastError` says why. The run may still be going on',
	cancelled: 'Its time was up, the node cancelled it, and a read showed it as cancelled',
	cancelPending: 'The cancel was accepted, but no read showed its effect in time. It may still be going on',
	notCancellable: 'The provider refused every cancel. The run goes on',
	stillRunning: '`check` only: its time is not up yet',
};

/** Outcomes of `watch` and `check`, with their outputs. */
export function outcomes(): string {
	const rows = Object.entries(OUTPUT_OF) as Array<[Outcome, string]>;
	return table(
		['`outcome`', 'Output', 'Meaning'],
		rows.map(([outcome, output]) => [`\`${outcome}\``, output, OUTCOMES[outcome]]),
	);
}

const CLEANUP_OUTCOMES: Record<CleanupOutcome, string> = {
	wouldCancel: 'Dry run: it would be cancelled',
	cancelled: 'Cancelled, and a read showed it',
	cancelPending: 'The cancel was accepted, but not confirmed in time',
	alreadyFinished: 'It ended before the cancel took effect',
	notCancellable: 'The provider refused',
	unreachable: 'It could not be asked; `lastError` says why',
};

export function cleanupOutcomes(): string {
	const rows = Object.entries(CLEANUP_OUTCOMES).map(([outcome, meaning]) => [`\`${outcome}\``, meaning]);
	return table(['`outcome`', 'Meaning'], rows);
}

const CAUSES: Partial<Record<ApiErrorKind, string>> = {
	network: 'refused, reset, host not found, no answer in time',
	malformed: 'empty, not JSON, or without a needed field',
};

/** `401, 403`; the rest of a class, such as all other 5xx, as one. */
function statusesOf(kind: ApiErrorKind): string[] {
	return ['3', '4', '5'].flatMap((first) => {
		const others = errorKindOf(Number(`${first}99`));
		const known = Object.keys(STATUS_CODES).filter((status) => status.startsWith(first));
		const named = known.filter((status) => errorKindOf(Number(status)) === kind && kind !== others);
		const hasExceptions = known.some((status) => errorKindOf(Number(status)) !== others);
		return kind === others ? [...named, `${hasExceptions ? 'other ' : ''}${first}xx`] : named;
	});
}

const FOLLOWS: Partial<Record<ApiErrorKind, string>> = {
	auth: 'ends the watch of a run that was never read; after a good read, asked again slowly until the deadline',
	notFound: 'read again; the third in a row ends the watch of the run',
	rateLimited: 'all requests with the same account pause as long as `Retry-After` says',
};

export function errorKinds(): string {
	const rows = API_ERROR_KINDS.map((kind) => [
		`\`${kind}\``,
		[...statusesOf(kind), ...(CAUSES[kind] ? [CAUSES[kind]] : [])].join(', '),
		FOLLOWS[kind] ??
			(new ApiError(kind, '').retryable ? 'sent again, until the deadline' : 'ends the watch of the run'),
	]);
	return table(['Kind', 'When', 'While watching'], rows);
}

const DURATIONS: Array<[string, number]> = [
	['10 s', 10],
	['1 min', 60],
	['5 min', 300],
	['10 min', 600],
	['1 h', 3_600],
	['24 h', 86_400],
];

/** Reads of a run until it has taken some seconds, without jitter. */
function readsOf(seconds: number, settings: PollSettings): string {
	const clock: Clock = { now: () => 0, sleep: () => Promise.resolve(), random: () => 0.5 };
	let reads = 0;
	for (let at = 0; at < seconds * SECOND; at += nextPollDelay(settings, at, clock)) reads += 1;
	return reads.toLocaleString('en-US');
}

/** What it takes to poll one run. */
export function reads(): string {
	const adaptive: PollSettings = {
		mode: 'adaptive',
		interval: SETTING.interval.default * SECOND,
		maxInterval: SETTING.maxInterval.default * SECOND,
	};
	const fixed: PollSettings = { ...adaptive, mode: 'fixed', interval: 5 * SECOND };
	return table(
		['The run takes', 'Adaptive (default)', 'Adaptive, Max Poll Interval 120', 'Fixed, Poll Interval 5'],
		DURATIONS.map(([text, seconds]) => [
			text,
			readsOf(seconds, adaptive),
			readsOf(seconds, { ...adaptive, maxInterval: 120 * SECOND }),
			readsOf(seconds, fixed),
		]),
	);
}

/** An item of Timeout Cancel. */
export function item(): string {
	const at = Date.UTC(2026, 0, 31, 9, 31);
	const run = { id: 'extr_01J9', status: 'cancelled' };
	const example = reportItem(
		{
			id: run.id,
			outcome: 'cancelled',
			timedOut: true,
			run: { ...run, phase: 'cancelled', body: { ...run, created_at: '2026-01-31T09:30:00.000Z' } },
			deadline: at,
			countedFrom: { at: at - 60 * SECOND, field: 'created_at' },
			elapsed: 60_213,
			polls: 30,
			history: [{ status: 'cancelled', phase: 'cancelled', at: at + 213 }],
			cancel: { requestedAt: at + 4, attempts: 1, confirmedAt: at + 213 },
		},
		'retab',
		'extraction',
	);
	return ['```json', JSON.stringify(example, undefined, '\t'), '```'].join('\n');
}

/** Kinds of runs that a provider cannot list. */
export function unlisted(): string {
	const rows = Object.values(PROVIDERS).map(({ title, resources }) => [
		title,
		Object.values(resources)
			.flatMap(({ list, plural }) => (list ? [] : [plural]))
			.sort()
			.join(', '),
	]);
	return table(['Provider', 'Not in any list'], unique(rows));
}

/** The events of Extend's webhooks: whose runs have which, and what Extend calls them. */
export function webhookEvents(): string {
	const rows = WEBHOOK_EVENTS.map((event) => {
		const having = (Object.keys(EVENT_TYPES) as ResourceType[]).filter((type) => EVENT_TYPES[type][event]);
		const types = having.flatMap((type) => EVENT_TYPES[type][event] ?? []);
		return [`\`${event}\``, code(having), code(unique(types))];
	});
	return table(['Event', 'Runs Of', 'What Extend calls it'], rows);
}
