import { CONTENDERS, type Contender, contender } from './contenders';
import type { ExecutionsSample } from './figures/executions';
import type { WatchSample } from './figures/requests';
import { median } from './lib/stats';
import { shown } from './lib/text';
import { FULL, LIMITS } from './plan';
import { passesOf, type Results } from './results';

export interface Check {
	ok: boolean;
	/** What was measured, the value and the limit. */
	text: string;
}

/** What was not measured is not checked. */
export function checksOf(results: Results): Check[] {
	return [
		...readsAtTheEnd(results),
		...shareOfRequests(results),
		...smallBatches(results),
		...executions(results),
		...latenessOfCancels(results),
		...batchTime(results),
		...manyRuns(results),
		...publishedPackage(results),
	];
}

function readsAtTheEnd({ requests, crowd, executions, many }: Results): Check[] {
	// Only our node watches `many`.
	const all = [
		...requests,
		...crowd,
		...executions,
		...many.map((sample) => ({ ...sample, contender: 'node' })),
	];
	if (all.length === 0) return [];
	const missing = all.filter(({ missed }) => missed > 0);
	const missed = missing.reduce((sum, sample) => sum + sample.missed, 0);
	const by = missing.map(
		(sample) => `, ${sample.missed} of ${shown(sample.runs)} by ${contender(sample.contender).title}`,
	);
	return [
		{ ok: missed === 0, text: `runs not read after their end, by anyone: ${missed}${by.join('')} (limit 0)` },
	];
}

const inSeconds = (ms: number): string => `${shown(ms / 1_000, 2)} s`;

function shareOfRequests({ requests }: Results): Check[] {
	const passes = (one: Contender): WatchSample[] => passesOf(requests, one.key, LIMITS.sharedAt);
	const beyond = (one: Contender): number => median(passes(one).map((pass) => pass.beyond));
	const delay = (one: Contender): number => median(passes(one).map((pass) => pass.delayMeanMs));
	return CONTENDERS.filter((one) => !one.ours && passes(one).length > 0).map((peer) => {
		const asQuick = CONTENDERS.filter(
			(one) =>
				one.ours &&
				one.api === peer.api &&
				passes(one).length > 0 &&
				delay(one) <= delay(peer) * LIMITS.sameDelay,
		).sort((a, b) => beyond(a) - beyond(b));
		const allowed = beyond(peer) * LIMITS.shareOfRequests;
		const against = `requests beyond the last reads for ${shown(LIMITS.sharedAt)} runs, against ${peer.title}`;
		const [best] = asQuick;
		if (!best) {
			return {
				ok: false,
				text: `${against}: none of ours has as short a delay (${inSeconds(delay(peer))} on average)`,
			};
		}
		return {
			ok: beyond(best) <= allowed,
			text: `${against}: ${shown(beyond(best))} of ${best.title} (limit ${shown(allowed)}, 1/${1 / LIMITS.shareOfRequests} of ${shown(beyond(peer))}), delay ${inSeconds(delay(best))} (limit ${inSeconds(delay(peer))})`,
		};
	});
}

/**
 * Ours and the loop with the same interval, round by round: lists must not add requests for few runs. The loop reads whole
 * objects each time; our polls are light, so the end of a run takes one read more.
 */
function smallBatches({ requests, crowd }: Results): Check[] {
	const alone = requests.filter(({ runs }) => runs === LIMITS.smallBatch);
	return [
		...smallBatch(alone, `${LIMITS.smallBatch} runs`),
		...smallBatch(crowd, `${LIMITS.smallBatch} runs among many others of the account`),
	];
}

function smallBatch(samples: readonly WatchSample[], what: string): Check[] {
	const pairs = samples.flatMap((pass) => {
		if (pass.contender !== 'node2s') return [];
		const other = samples.find(({ contender, round }) => contender === 'retabDocs' && round === pass.round);
		return other ? [{ ours: pass.beyond, loop: other.beyond, singly: other.beyond + pass.runs }] : [];
	});
	if (pairs.length === 0) return [];
	const worst = pairs.reduce((a, b) => (b.ours - b.singly > a.ours - a.singly ? b : a));
	return [
		{
			ok: worst.ours <= worst.singly,
			text: `requests beyond the last reads for ${what}, every 2 s, in the worst round: ${shown(worst.ours)} (limit ${shown(worst.singly)}, what single reads take: ${shown(worst.loop)} of the loop, and the light read of each end)`,
		},
	];
}

function executions({ executions: samples }: Results): Check[] {
	const requestsOf = (sample: ExecutionsSample, isSplit: boolean): number =>
		median(
			passesOf(samples, sample.contender, sample.runs)
				.filter((one) => one.isSplit === isSplit)
				.map(({ requests }) => requests),
		);
	const split = samples.filter(
		({ isSplit, runs, round }) => isSplit && runs >= LIMITS.splitFrom && round === 0,
	);
	return split.map((sample) => {
		const ratio = requestsOf(sample, true) / requestsOf(sample, false);
		return {
			ok: ratio <= LIMITS.splitRatio,
			text: `requests of ${shown(sample.runs)} executions with one run each, ${contender(sample.contender).title}: ${ratio.toFixed(2)} × those of one execution (limit ${LIMITS.splitRatio})`,
		};
	});
}

function latenessOfCancels({ lateness }: Results): Check[] {
	if (lateness.length === 0) return [];
	const wrong = lateness.reduce((sum, sample) => sum + sample.wrong, 0);
	const missing = lateness.reduce((sum, sample) => sum + sample.missing, 0);
	const ours = lateness.filter(({ contender, kind }) => contender === 'node' && kind === 'spread');
	const sizes = ours.map(({ runs }) => runs);
	const most = Math.max(...sizes);
	const fewest = Math.min(...sizes);
	const spread = ours.filter(({ runs }) => runs === most);
	const latest = Math.max(...ours.filter(({ runs }) => runs === fewest).map(({ maxMs }) => maxMs));
	const p99 = median(spread.map(({ p99Ms }) => p99Ms));
	const bound = median(spread.map(({ boundP99Ms }) => boundP99Ms));
	return [
		{ ok: wrong === 0, text: `cancels that were wrong or only claimed: ${wrong} (limit 0)` },
		{ ok: missing === 0, text: `cancels that were missing: ${missing} (limit 0)` },
		{
			ok: latest <= LIMITS.latestCancelMs,
			text: `the latest of ${shown(fewest)} cancels in any round, while ${shown(FULL.lateness.healthy)} other runs are polled: ${shown(latest, 1)} ms (limit ${LIMITS.latestCancelMs} ms)`,
		},
		{
			ok: p99 <= Math.max(LIMITS.latenessP99Ms, bound),
			text: `p99 lateness of cancels with ${shown(most)} running deadlines: ${shown(p99, 1)} ms (limit ${LIMITS.latenessP99Ms} ms; the bound on requests in flight alone brings ${shown(bound, 1)} ms)`,
		},
	];
}

function batchTime({ batch }: Results): Check[] {
	if (batch.length === 0) return [];
	const ratio = median(batch.map((sample) => sample.ratio));
	return [
		{
			ok: ratio <= LIMITS.batchRatio,
			text: `time for a batch of equal runs: ${ratio.toFixed(3)} × its slowest run (limit ${LIMITS.batchRatio})`,
		},
	];
}

function manyRuns({ many }: Results): Check[] {
	const [first] = many;
	if (!first) return [];
	const heap = median(many.map(({ liveGrowthMb }) => liveGrowthMb));
	const withGarbage = median(many.map(({ heapGrowthMb }) => heapGrowthMb));
	const delay = median(many.map(({ loopDelayP99Ms }) => loopDelayP99Ms));
	const watched = `${shown(first.runs)} watched runs`;
	return [
		{
			ok: heap <= LIMITS.heapGrowthMb,
			text: `peak heap growth with ${watched}: ${shown(heap)} MB (limit ${LIMITS.heapGrowthMb} MB; ${shown(withGarbage)} MB with garbage not collected yet)`,
		},
		{
			ok: delay <= LIMITS.loopDelayP99Ms,
			text: `event loop delay p99 with ${watched}: ${shown(delay, 1)} ms (limit ${LIMITS.loopDelayP99Ms} ms)`,
		},
	];
}

function publishedPackage({ published }: Results): Check[] {
	if (!published) return [];
	const loadMs = median(published.loadMs);
	return [
		{
			ok: published.packedBytes <= LIMITS.packedBytes,
			text: `size of the tarball: ${shown(published.packedBytes / 1_000, 1)} kB (limit ${LIMITS.packedBytes / 1_000} kB)`,
		},
		{
			ok: loadMs <= LIMITS.loadMs,
			text: `loading all nodes and credentials: ${shown(loadMs)} ms (limit ${LIMITS.loadMs} ms)`,
		},
	];
}

export function checkLine({ ok, text }: Check): string {
	return `${ok ? 'ok' : 'NOT OK'}: ${text}`;
}
