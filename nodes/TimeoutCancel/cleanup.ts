import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { type Result, attempt } from '../shared/core/concurrency/result';
import { z } from 'zod';

import {
	type CleanedRun,
	type CleanupOutcome,
	type CleanupReport,
	cancelStuckRuns,
} from '../shared/core/cleanup/cancelStuckRuns';
import type { CleanupSource, ListGap } from '../shared/core/cleanup/findCandidates';
import { SECOND } from '../shared/core/config';
import { unfinishedPhases } from '../shared/core/runs/run';
import { systemClock } from '../shared/n8n/transport/systemClock';
import { InvalidParameterError, orInvalidParameter } from '../shared/n8n/output/errors';
import { addHints, unknownStatusHints } from '../shared/n8n/output/hints';
import { readCleanupLimit, readOlderThan } from '../shared/n8n/parameters/numbers';
import { readOptions } from '../shared/n8n/parameters/options';
import { errorItem, outputItem, throwFirstError } from '../shared/n8n/output/items';
import { filterReader, readMetadata, readOwner } from '../shared/n8n/parameters/filters';
import type { Session } from '../shared/n8n/transport/session';
import { counted, inWords, listed } from '../shared/n8n/output/text';
import { callDeps } from '../shared/n8n/operations/work';
import type { ResourceClient } from '../shared/providers/client/resourceClient';
import { type CleanupFilters, cleanupSource } from '../shared/providers/lists/cleanupSource';
import { cancelDetails, errorDetails } from './report';

/** `cleanup`: finds stuck runs and cancels them, or tells which it would. One item per run, oldest first. */
export async function cleanUpRuns(
	context: IExecuteFunctions,
	session: Session,
): Promise<INodeExecutionData[]> {
	const results: Array<Result<Cleanup>> = [];
	const itemCount = context.getInputData().length;
	// One input item after another: two cleanups at once would meet at the same runs.
	for (let itemIndex = 0; itemIndex < itemCount && !session.scope.signal.aborted; itemIndex++) {
		results.push(await attempt(() => cleanUpItem(context, session, itemIndex)));
	}
	const done = results.flatMap((result) => ('value' in result ? [result.value] : []));
	const summaries = done.map((one) => summary(one, session));
	// A stopped workflow does not fail: n8n keeps the items of what was done until then.
	if (!session.scope.signal.aborted) throwFirstError(context, results, summaries.join('; '));
	addHints(context, summaries, 'info');
	addHints(context, [...new Set(done.flatMap(({ report }) => warningsOf(report, session)))]);
	return results.flatMap((result, itemIndex) =>
		'error' in result
			? [errorItem(context, result.error, itemIndex)]
			: result.value.report.runs.map((run) => outputItem(cleanupItem(run, session), itemIndex)),
	);
}

/** What was done for one input item, and what was looked for. */
interface Cleanup {
	report: CleanupReport;
	/** Milliseconds. */
	olderThan: number;
	/** Names in the plural, such as `extractions`. */
	plurals: readonly string[];
	isFiltered: boolean;
}

async function cleanUpItem(
	context: IExecuteFunctions,
	session: Session,
	itemIndex: number,
): Promise<Cleanup> {
	const olderThan = readOlderThan(context, itemIndex);
	const { includeNeedsReview, ...filters } = readStuckFilters(context, itemIndex);
	const phases = unfinishedPhases(includeNeedsReview || filters.statuses.length > 0);
	const youngest = systemClock.now() - olderThan;
	const sources = readSources(context, session, itemIndex, (resource, client) =>
		cleanupSource(resource, client, filters, phases, youngest),
	);
	if (sources.every(({ lists }) => lists.length === 0)) {
		throw new InvalidParameterError(
			`None of the chosen resources knows a status of ${filters.statuses.join(', ')}`,
			'Choose other statuses, or leave Statuses empty for all that are not finished.',
		);
	}
	const { commandId, claims, isOfAccount } = session;
	const listPoller = (resource: string) => session.listPoller(session.client(resource).spec.path);
	const deps = { ...callDeps(session), commandId, claims, listPoller, isOfAccount };
	const report = await cancelStuckRuns(deps, sources, {
		olderThan,
		phases,
		limit: readCleanupLimit(context, itemIndex),
		// Whatever is not clearly "off" counts as a dry run: nothing is cancelled by a mistyped expression.
		dryRun: context.getNodeParameter('dryRun', itemIndex, true) !== false,
		confirmFor: readOptions(context, itemIndex).confirmFor,
	});
	const plurals = sources.map(({ resource }) => session.client(resource).spec.plural);
	return { report, olderThan, plurals, isFiltered: areFiltered(filters) };
}

function areFiltered({ statuses, metadata, workflowId, processorId }: CleanupFilters): boolean {
	const owner = workflowId ?? processorId;
	return owner !== undefined || statuses.length > 0 || Object.keys(metadata).length > 0;
}

function readSources(
	context: IExecuteFunctions,
	session: Session,
	itemIndex: number,
	sourceOf: (resource: string, client: ResourceClient) => CleanupSource,
): CleanupSource[] {
	const chosen = z.array(z.string()).safeParse(context.getNodeParameter('resources', itemIndex, []));
	if (!chosen.success || chosen.data.length === 0) {
		throw new InvalidParameterError(
			'Resources must name at least one kind of run to clean up',
			'Choose one or more in the list.',
		);
	}
	return [...new Set(chosen.data)].map((resource) => {
		const client = session.client(resource);
		if (!client.spec.cancel)
			throw new InvalidParameterError(
				`${client.provider.title} has no way to cancel ${client.spec.plural}`,
				'Take it out of Resources.',
			);
		return orInvalidParameter(
			() => sourceOf(resource, client),
			'Change the filters, or take the resource out of Resources.',
		);
	});
}

const somePairs = z.object({ pairs: z.array(z.unknown()).min(1) });

function readStuckFilters(
	context: IExecuteFunctions,
	itemIndex: number,
): CleanupFilters & { includeNeedsReview: boolean } {
	const filter = filterReader(context, itemIndex);
	const pairs = filter('metadata', somePairs, 'Metadata must hold at least one pair of a name and a value');
	return {
		...readOwner(filter),
		metadata: readMetadata('Metadata', pairs),
		statuses: filter('statuses', z.array(z.string()), 'Statuses must be a list of statuses') ?? [],
		includeNeedsReview:
			filter('includeNeedsReview', z.boolean(), 'Include Runs in Review must be true or false') ?? false,
	};
}

function cleanupItem(cleaned: CleanedRun, { provider }: Session): object {
	const { run, cancel, lastError } = cleaned;
	return {
		outcome: cleaned.outcome,
		provider: provider.name,
		resource: cleaned.resource,
		id: cleaned.id,
		status: run?.status ?? null,
		phase: run?.phase ?? 'unknown',
		ageSeconds: cleaned.age === undefined ? null : Math.round(cleaned.age / SECOND),
		...(cancel && { cancel: cancelDetails(cancel) }),
		...(lastError && { lastError: errorDetails(lastError) }),
		run: run?.body ?? null,
	};
}

const WORDS: Record<CleanupOutcome, string> = {
	wouldCancel: 'would be cancelled',
	cancelled: 'cancelled',
	cancelPending: 'not confirmed yet',
	alreadyFinished: 'finished first',
	notCancellable: 'refused',
	unreachable: 'unreachable',
};

/** `12 stuck, 11 cancelled, 1 finished first`; where there are none, what was looked for. */
function summary({ report, olderThan, plurals, isFiltered }: Cleanup, { provider }: Session): string {
	const { runs } = report;
	if (runs.length === 0) {
		const filtered = isFiltered ? ', with the filters of this node' : '';
		const lookedFor = `looked for ${listed(plurals)} of ${provider.title}${filtered}`;
		return `No unfinished runs older than ${inWords(olderThan)}: ${lookedFor}. ${provider.keySees}`;
	}
	const parts = Object.entries(WORDS).flatMap(([outcome, words]) => {
		const count = runs.filter((run) => run.outcome === outcome).length;
		return count > 0 ? [`${count} ${words}`] : [];
	});
	return [`${runs.length} stuck`, ...parts].join(', ');
}

function warningsOf({ runs, ...report }: CleanupReport, session: Session): string[] {
	const unknown = runs.flatMap(({ run }) => (run?.phase === 'unknown' ? [run.status] : []));
	return [
		report.stopped && 'The workflow was stopped before the cleanup had come to its end.',
		report.beyondLimit > 0 &&
			`${counted(report.beyondLimit, 'more run')} may be stuck beyond the limit. Raise it, or run the cleanup again.`,
		report.undated > 0 &&
			`${counted(report.undated, 'unfinished run')} left alone: nothing tells how old they are.`,
		...unknownStatusHints(session.provider, unknown, 'It counts as not finished'),
		...report.incomplete.map(
			({ resource, reason }) =>
				`The list of ${session.client(resource).spec.plural} could not be read to its end, so stuck runs may be missing: ${describeGap(reason)}`,
		),
	].filter((hint) => hint !== false);
}

function describeGap(reason: ListGap['reason']): string {
	if (reason === 'tooLong') return 'it is too long';
	if (reason === 'circular') return 'one of its pages leads back to an earlier one';
	return [reason.message, reason.hint].filter(Boolean).join('. ');
}
