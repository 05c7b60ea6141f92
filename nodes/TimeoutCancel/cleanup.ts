import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { z } from 'zod';

import {
	type CleanedRun,
	type CleanupOutcome,
	type CleanupReport,
	type CleanupSource,
	cleanUp,
} from '../shared/core/cleanup';
import { SECOND } from '../shared/core/limits';
import { hostClock } from '../shared/n8n/clock';
import { BadInput } from '../shared/n8n/errors';
import { addHints } from '../shared/n8n/hints';
import { readCleanupLimit, readOlderThan, readOptions } from '../shared/n8n/input';
import { type Settled, errorItem, outputItem, settleItems, throwFirst } from '../shared/n8n/items';
import { readMetadata } from '../shared/n8n/query';
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
	// One input item after another: two cleanups at once would meet at the same runs.
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		const settled = await settleItems(1, () => cleanUpItem(context, session, itemIndex));
		results.push(...settled);
	}
	if (session.scope.signal.aborted) throw session.scope.signal.reason;
	const reports = results.flatMap((result) => ('value' in result ? [result.value] : []));
	throwFirst(context, results, reports.map(summary).join('; '));
	addHints(context, reports.map(summary), 'info');
	addHints(context, reports.flatMap(warningsOf));
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
		try {
			return stuckSource(resource, api, filters, phases, youngest);
		} catch (error) {
			throw new BadInput(error instanceof Error ? error.message : String(error));
		}
	});
	if (sources.every(({ lists }) => lists.length === 0)) {
		throw new BadInput(`None of the chosen resources knows a status of ${filters.statuses.join(', ')}`);
	}
	return sources;
}

const filtersField = z.object({
	workflowId: z.string().optional(),
	extractorId: z.string().optional(),
	includeNeedsReview: z.boolean().default(false),
	statuses: z.array(z.string()).default([]),
	metadata: z.unknown(),
});

function readStuckFilters(
	context: IExecuteFunctions,
	itemIndex: number,
): StuckFilters & { includeNeedsReview: boolean } {
	const given = filtersField.safeParse(context.getNodeParameter('filters', itemIndex, {}));
	if (!given.success) {
		const issue = given.error.issues[0];
		throw new BadInput(
			`Filters: ${issue?.path.join('.') ?? ''} is not valid (${issue?.message ?? 'unknown'})`,
		);
	}
	const { workflowId, extractorId, includeNeedsReview, statuses, metadata } = given.data;
	return {
		workflowId: workflowId?.trim() || undefined,
		processorId: extractorId?.trim() || undefined,
		metadata: readMetadata('Metadata', metadata),
		statuses,
		includeNeedsReview,
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

function warningsOf(report: CleanupReport): string[] {
	const hints: string[] = [];
	if (report.beyondLimit > 0) {
		hints.push(
			`${counted(report.beyondLimit, 'more run')} may be stuck beyond the limit. Run the cleanup again.`,
		);
	}
	if (report.ageless > 0) {
		hints.push(`${counted(report.ageless, 'unfinished run')} left alone: nothing tells how old they are.`);
	}
	for (const { resource, fault } of report.incomplete) {
		const reason = fault ? fault.message : 'it is too long';
		hints.push(
			`The list of ${resource} runs could not be read to its end, so stuck runs may be missing: ${reason}`,
		);
	}
	return hints;
}
