import type { IExecuteFunctions } from 'n8n-workflow';

import type { WatchReport } from '../../core/watch/watchRuns';
import type { ProviderSpec } from '../../providers/types';
import { counted, safeMessage } from './text';

/** Ids named in one hint at most. */
const NAMED = 5;

/** Shows hints above the output of the node. Older versions of n8n have none. */
export function addHints(
	context: Partial<Pick<IExecuteFunctions, 'addExecutionHints'>>,
	messages: readonly string[],
	type: 'info' | 'warning' = 'warning',
): void {
	for (const message of messages) {
		context.addExecutionHints?.({ message: safeMessage(message), type, location: 'outputPane' });
	}
}

/** Why a list may have no rows. */
export function emptyListHint({ keySees }: ProviderSpec, { plural }: { plural: string }): string {
	return `No ${plural} found. ${keySees}`;
}

/** Tells of statuses that a newer version may know; nothing where there are none. */
export function unknownStatusHints(
	{ title }: ProviderSpec,
	statuses: readonly string[],
	then: string,
): string[] {
	if (statuses.length === 0) return [];
	const names = [...new Set(statuses)].join(', ');
	return [
		`${title} reported a status this node does not know: ${names}. ${then}. Look for a newer version of this package.`,
	];
}

/** What a user should know about runs that ended in these ways, beyond what the items say. */
const OUTCOME_HINTS: ReadonlyArray<
	[WatchReport['outcome'], (runs: string, ids: string, provider: ProviderSpec) => string]
> = [
	[
		'unreachable',
		(runs, ids) =>
			`${runs} could not be asked about and may still be going on: ${ids}. The reason is in the item under lastError.`,
	],
	['notFound', (runs, ids, { notFoundHint }) => `${runs} not found (404): ${ids}. ${notFoundHint}`],
	[
		'cancelPending',
		(runs, ids) =>
			`The cancel of ${runs} was accepted but not confirmed in time: ${ids}. They may still be going on.`,
	],
	[
		'notCancellable',
		(runs, ids, { title }) => `${title} refused to cancel ${runs}, which may still be going on: ${ids}.`,
	],
];

export function hintsFor(provider: ProviderSpec, reports: readonly WatchReport[]): string[] {
	const seen = reports.flatMap(({ history }) => history.filter(({ phase }) => phase === 'unknown'));
	const statuses = seen.map(({ status }) => status);
	const outcomes = OUTCOME_HINTS.flatMap(([outcome, say]) => {
		const found = reports.filter((report) => report.outcome === outcome);
		return found.length > 0 ? [say(counted(found.length, 'run'), idsOf(found), provider)] : [];
	});
	return [...unknownStatusHints(provider, statuses, 'It was treated as still running'), ...outcomes];
}

function idsOf(reports: readonly WatchReport[]): string {
	const ids = [...new Set(reports.map(({ id }) => id))];
	const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
	return `${ids.slice(0, NAMED).join(', ')}${more}`;
}
