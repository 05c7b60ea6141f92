import * as fc from 'fast-check';

import { isCancelReason } from '../../nodes/shared/core/concurrency/cancellationScope';
import { PHASES, isTerminal } from '../../nodes/shared/core/runs/run';
import type { WatchReport } from '../../nodes/shared/core/watch/watchRuns';
import { KeyedProvider } from '../support/keyedProvider';
import {
	type Played,
	type PlayedExecution,
	accountsCases,
	credentialFrom,
	playAccounts,
} from './accountsCase';
import { runs } from './runs';

const RUNS = runs(60);

/** Sums of fractions of milliseconds are not exact. */
const DUST = 0.01;

/** Milliseconds. A failure is made smaller step by step, which may take longer than finding it: then that is enough. */
const ENOUGH = 60_000 + RUNS * 1_000;

test(
	'whoever shares an account, and whatever goes wrong for one of them, the others see nothing of it',
	async () => {
		await fc.assert(
			fc.asyncProperty(accountsCases, async (story) => {
				const played = await playAccounts(story);
				keysStayApart(played);
				for (const one of played.executions) {
					rowsOfItsOwnAccountOnly(played, one);
					endsAsItsRunsDo(played, one);
				}
				nothingIsLeft(played);
			}),
			{ numRuns: RUNS, interruptAfterTimeLimit: ENOUGH, endOnFailure: true },
		);
	},
	2 * ENOUGH,
);

/** Who asks, asks for its own runs, with its own key; and a page goes to those only who have the key it came with. */
function keysStayApart({ executions, provider }: Played): void {
	for (const { execution, id, host, key, stored } of provider.log) {
		if (id !== undefined) expect(executions[execution]?.ids).toContain(id);
		expect({ host, key }).toEqual(stored);
	}
	for (const { joined, opened } of executions) {
		for (const identity of opened) expect(identity).toEqual(joined);
	}
}

/** Every status in a history was shown by a read of the execution itself, or by a row of a list of its account. */
function rowsOfItsOwnAccountOnly({ provider, start }: Played, one: PlayedExecution): void {
	for (const { id, history, polls } of reportsOf(one)) {
		const reads = provider.log.filter((sent) => sent.kind === 'read' && sent.id === id);
		expect(reads.length).toBeLessThanOrEqual(polls);
		for (const { phase, at } of history) {
			const told = provider.log.some(({ execution, id: asked, host, key, entry }) => {
				if (!entry || Math.abs(entry.endedAt + start - at) > DUST) return false;
				if (asked !== undefined) return execution === one.index && asked === id && entry.phase === phase;
				return host === one.joined?.host && key === one.joined.key && entry.shown?.get(id) === phase;
			});
			expect({ id, phase, told }).toEqual({ id, phase, told: true });
		}
	}
}

/** What is said of a run is true, and the end of each is known where nothing went wrong for the execution itself. */
function endsAsItsRunsDo(played: Played, one: PlayedExecution): void {
	const { plan, ids, account, joined, results, thrown, endedAt } = one;
	if (!joined) return;
	if (!results) {
		expect([plan.stopAt, isCancelReason(thrown, 'stopped')]).toEqual([expect.any(Number), true]);
		return;
	}
	expect(results).toHaveLength(ids.length);
	const reports = new Map(reportsOf(one).map((report) => [report.id, report]));
	ids.forEach((id, index) => {
		const run = played.remotes[account]?.runs.find((own) => own.id === id);
		const outcome = reports.get(id)?.outcome;
		const phase = run?.phaseAt(endedAt - played.start);
		if (outcome && isEnd(outcome)) expect({ id, outcome }).toEqual({ id, outcome: phase });
		if (!isUntroubled(played, one)) return;
		const expected = plan.runs[index]?.endsAt === undefined ? 'cancelled' : plan.runs[index].endsAs;
		switch (plan.mode) {
			case 'untilSettled':
				expect({ id, outcome }).toEqual({ id, outcome: expected });
				break;
			case 'once':
				if (!phase || !isTerminal(phase)) expect({ id, outcome }).toEqual({ id, outcome: 'stillRunning' });
				break;
			case 'none':
				expect({ id, isKnown: outcome && (isEnd(outcome) || outcome === 'notCancellable') }).toEqual({
					id,
					isKnown: true,
				});
		}
	});
}

function isEnd(outcome: string): boolean {
	return PHASES.some((phase) => phase === outcome && isTerminal(phase));
}

/** True when nothing happened to it but what happens to its account, and that is over before it gives up. */
function isUntroubled({ story }: Played, { plan, account }: PlayedExecution): boolean {
	const held = credentialFrom(story, plan.credential, plan.startsAt);
	const isPatient = plan.mode === 'untilSettled' || story.faults[account]?.length === 0;
	const isOfAccount = held.every((identity) => KeyedProvider.accountOf(identity?.key ?? '') === account);
	return isPatient && isOfAccount && plan.trouble === undefined && plan.stopAt === undefined;
}

function nothingIsLeft({ accountsLeft, timersLeft, executions, remotes }: Played): void {
	const inFlight = remotes.flatMap(({ log }) =>
		log.filter(({ endedAt }) => endedAt === Number.POSITIVE_INFINITY),
	);
	const listenersLeft = executions.reduce((sum, one) => sum + one.listenersLeft, 0);
	expect({ accountsLeft, timersLeft, listenersLeft, inFlight }).toEqual({
		accountsLeft: 0,
		timersLeft: 0,
		listenersLeft: 0,
		inFlight: [],
	});
}

function reportsOf({ results = [] }: PlayedExecution): WatchReport[] {
	return results.flatMap((result) => ('report' in result ? [result.report] : []));
}
