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

function named(reports: readonly WatchReport[]): string {
	const ids = [...new Set(reports.map(({ id }) => id))];
	return ids.length > NAMED
		? `${ids.slice(0, NAMED).join(', ')} and ${ids.length - NAMED} more`
		: ids.join(', ');
}

/** What a user should know about how some runs ended, beyond what the items say. */
export function hintsFor({ title, notFoundHint }: ProviderSpec, reports: readonly WatchReport[]): string[] {
	const hints: string[] = [];
	const unknown = new Set(
		reports.flatMap(({ history }) =>
			history.filter(({ phase }) => phase === 'unknown').map(({ status }) => status),
		),
	);
	if (unknown.size > 0) {
		hints.push(
			`${title} reported a status this node does not know: ${[...unknown].join(', ')}. It was treated as still running. Look for a newer version of this package.`,
		);
	}
	const having = (outcome: WatchReport['outcome'], text: (runs: string, ids: string) => string) => {
		const found = reports.filter((report) => report.outcome === outcome);
		if (found.length > 0) hints.push(text(counted(found.length, 'run'), named(found)));
	};
	having(
		'unreachable',
		(runs, ids) =>
			`${runs} could not be asked about and may still be going on: ${ids}. The reason is in the item under lastError.`,
	);
	having('notFound', (runs, ids) => `${runs} not found (404): ${ids}. ${notFoundHint}`);
	having(
		'cancelPending',
		(runs, ids) =>
			`The cancel of ${runs} was accepted but not confirmed in time: ${ids}. They may still be going on.`,
	);
	having(
		'notCancellable',
		(runs, ids) => `${title} refused to cancel ${runs}, which may still be going on: ${ids}.`,
	);
	return hints;
}
