import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Settled } from '../shared/core/settle';
import { z } from 'zod';

import {
	type CleanedRun,
	type CleanupOutcome,
	type CleanupReport,
	type CleanupSource,
	type ListGap,
	cleanUp,
} from '../shared/core/cleanup';
import { SECOND } from '../shared/core/limits';
import { hostClock } from '../shared/n8n/clock';
import { BadInput, orBadInput } from '../shared/n8n/errors';
import { addHints } from '../shared/n8n/hints';
import { readCleanupLimit, readOlderThan, readOptions } from '../shared/n8n/input';
import { errorItem, outputItem, settleItems, throwFirst } from '../shared/n8n/items';
import { filterReader, readMetadata, readOwner } from '../shared/n8n/query';
import type { Session } from '../shared/n8n/session';
import { counted } from '../shared/n8n/text';
import { type StuckFilters, stuckSource, unfinishedPhases } from '../shared/providers/stuck';
import { cancelDetails, errorDetails } from './report';

/** `cleanup`: finds stuck runs and cancels them, or tells which it would. One item per run, oldest first. */
export async function cleanUpRuns(
	context: IExecuteFunctions,
	session: Session,
): Promise<INodeExecutionData[]> {
	const results: Array<Settled<CleanupReport>> = [];
	const itemCount = context.getInputData().length;
	// One input item after another: two cleanups at once would meet at the same runs.
	for (let itemIndex = 0; itemIndex < itemCount && !session.scope.signal.aborted; itemIndex++) {
		const settled = await settleItems(1, () => cleanUpItem(context, session, itemIndex));
		results.push(...settled);
	}
	const reports = results.flatMap((result) => ('value' in result ? [result.value] : []));
	// A stopped workflow does not fail: n8n keeps the items of what was done until then.
	if (!session.scope.signal.aborted) throwFirst(context, results, reports.map(summary).join('; '));
	addHints(context, reports.map(summary), 'info');
	addHints(context, [...new Set(reports.flatMap((report) => warningsOf(report, session)))]);
	return results.flatMap((result, itemIndex) =>
		'error' in result
			? [errorItem(context.getNode(), result.error, itemIndex)]
			: result.value.runs.map((run) => outputItem(cleanupItem(run, session), itemIndex)),
	);
}

async function cleanUpItem(
	context: IExecuteFunctions,
	session: Session,
	itemIndex: number,
): Promise<CleanupReport> {
	const { gate, scope, commandId } = session;
	const olderThan = readOlderThan(context, itemIndex);
	const { includeNeedsReview, ...filters } = readStuckFilters(context, itemIndex);
	const phases = unfinishedPhases(includeNeedsReview || filters.statuses.length > 0);
	return await cleanUp(
		{ gate, clock: hostClock, scope, commandId },
		readSources(context, session, itemIndex, { filters, phases, youngest: hostClock.now() - olderThan }),
		{
			olderThan,
			phases,
			limit: readCleanupLimit(context, itemIndex),
			// Whatever is not clearly "off" counts as a dry run: nothing is cancelled by a mistyped expression.
			dryRun: context.getNodeParameter('dryRun', itemIndex, true) !== false,
			confirmFor: readOptions(context, itemIndex).confirmFor,
		},
	);
}

interface Search {
	filters: StuckFilters;
	phases: ReturnType<typeof unfinishedPhases>;
	/** Unix ms. */
	youngest: number;
}

function readSources(
	context: IExecuteFunctions,
	session: Session,
	itemIndex: number,
	{ filters, phases, youngest }: Search,
): CleanupSource[] {
	const chosen = z.array(z.string()).safeParse(context.getNodeParameter('resources', itemIndex, []));
	if (!chosen.success || chosen.data.length === 0) {
		throw new BadInput('Resources must name at least one kind of run to clean up');
	}
	const sources = [...new Set(chosen.data)].map((resource) => {
		const api = session.api(resource);
		if (!api.spec.cancel) throw new BadInput(`${api.provider.title} has no way to cancel ${api.spec.plural}`);
		return orBadInput(() => stuckSource(resource, api, filters, phases, youngest));
	});
	if (sources.every(({ lists }) => lists.length === 0)) {
		throw new BadInput(`None of the chosen resources knows a status of ${filters.statuses.join(', ')}`);
	}
	return sources;
}

const somePairs = z.object({ pairs: z.array(z.unknown()).min(1) });

function readStuckFilters(
	context: IExecuteFunctions,
	itemIndex: number,
): StuckFilters & { includeNeedsReview: boolean } {
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
	const { run, cancel, lastFault } = cleaned;
	return {
		outcome: cleaned.outcome,
		provider: provider.name,
		resource: cleaned.resource,
		id: cleaned.id,
		status: run?.status ?? null,
		phase: run?.phase ?? 'unknown',
		ageSeconds: cleaned.age === undefined ? null : Math.round(cleaned.age / SECOND),
		...(cancel && { cancel: cancelDetails(cancel) }),
		...(lastFault && { lastError: errorDetails(lastFault) }),
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

/** `12 stuck, 11 cancelled, 1 finished first` */
function summary({ runs }: CleanupReport): string {
	const parts = Object.entries(WORDS).flatMap(([outcome, words]) => {
		const count = runs.filter((run) => run.outcome === outcome).length;
		return count > 0 ? [`${count} ${words}`] : [];
	});
	return [`${runs.length} stuck`, ...parts].join(', ');
}

function warningsOf(report: CleanupReport, session: Session): string[] {
	const hints: string[] = [];
	if (report.stopped) hints.push('The workflow was stopped before the cleanup had come to its end.');
	if (report.beyondLimit > 0) {
		hints.push(
			`${counted(report.beyondLimit, 'more run')} may be stuck beyond the limit. Raise it, or run the cleanup again.`,
		);
	}
	if (report.ageless > 0) {
		hints.push(`${counted(report.ageless, 'unfinished run')} left alone: nothing tells how old they are.`);
	}
	const unknown = new Set(report.runs.flatMap(({ run }) => (run?.phase === 'unknown' ? [run.status] : [])));
	if (unknown.size > 0) {
		hints.push(
			`${session.provider.title} reported a status this node does not know: ${[...unknown].join(', ')}. It counts as not finished. Look for a newer version of this package.`,
		);
	}
	for (const { resource, why } of report.incomplete) {
		const { plural } = session.api(resource).spec;
		hints.push(
			`The list of ${plural} could not be read to its end, so stuck runs may be missing: ${reasonOf(why)}`,
		);
	}
	return hints;
}

function reasonOf(why: ListGap): string {
	if (why === 'tooLong') return 'it is too long';
	if (why === 'circular') return 'one of its pages leads back to an earlier one';
	return [why.message, why.advice].filter(Boolean).join('. ');
}
