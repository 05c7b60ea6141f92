import { checkLine, checksOf } from '../../../bench/checks';
import type { LatenessSample } from '../../../bench/figures/lateness';
import type { WatchSample } from '../../../bench/figures/requests';
import type { Results } from '../../../bench/results';

const NOTHING: Results = {
	requests: [],
	crowd: [],
	executions: [],
	lateness: [],
	cleanUp: [],
	many: [],
	batch: [],
};

function watched(given: Partial<WatchSample>): WatchSample {
	return {
		contender: 'node2s',
		runs: 1_000,
		round: 0,
		requests: 1_100,
		beyond: 100,
		delayMeanMs: 900,
		delayP99Ms: 1_900,
		wallRatio: 1.05,
		cpuMs: 1_000,
		heapGrowthMb: 90,
		liveGrowthMb: 50,
		loopDelayP99Ms: 5,
		missed: 0,
		...given,
	};
}

function cancelled(given: Partial<LatenessSample>): LatenessSample {
	return {
		contender: 'node',
		kind: 'spread',
		runs: 1_000,
		inFlight: 20,
		round: 0,
		p50Ms: 3,
		p99Ms: 20,
		maxMs: 40,
		boundP99Ms: 0,
		doneAfterMs: 500,
		wrong: 0,
		missing: 0,
		refused: 3,
		...given,
	};
}

/** The lines of the checks, by what they begin with. */
function lines(results: Partial<Results>): string[] {
	return checksOf({ ...NOTHING, ...results }).map((check) => checkLine(check));
}

const DOCS = { contender: 'retabDocs', requests: 9_000, beyond: 8_000, delayMeanMs: 1_000 };

test('what was not measured is not checked', () => {
	expect(lines({})).toEqual([]);
});

test('a fiftieth of the requests of a contender that polls singly is enough, when the delay is as short', () => {
	const line = lines({ requests: [watched({ beyond: 160 }), watched(DOCS)] })[1];
	expect(line).toMatch(/^ok: .* against loop of the Retab docs: 160 .* \(limit 160, 1\/50 of 8,000\)/);
});

test('one request more is too many', () => {
	expect(lines({ requests: [watched({ beyond: 161 }), watched(DOCS)] })[1]).toMatch(/^NOT OK: /);
});

test('few requests do not count when the delay is longer than that of the other', () => {
	const requests = [watched({ beyond: 10, delayMeanMs: 2_000 }), watched(DOCS)];
	expect(lines({ requests })[1]).toMatch(/^NOT OK: .* none of ours has as short a delay/);
});

test('ours at another interval counts where that one is as soon', () => {
	const slow = watched({ contender: 'node3s', beyond: 40, delayMeanMs: 2_000 });
	const fast = watched({ beyond: 90 });
	const smithy = watched({ contender: 'smithy', beyond: 3_000, delayMeanMs: 5_000 });
	expect(lines({ requests: [slow, fast, smithy] })[1]).toMatch(/^ok: .*: 40 of Timeout Cancel, every 3 s/);
});

test('only the same API is compared', () => {
	const sdk = watched({ contender: 'extendSdk', beyond: 8_000, delayMeanMs: 1_000 });
	expect(lines({ requests: [watched({}), sdk] })[1]).toMatch(/^NOT OK: /);
});

test('a run that nobody read at its end spoils the comparison', () => {
	expect(lines({ requests: [watched({ missed: 1 })] })[0]).toMatch(
		/^NOT OK: .*: 1, 1 of 1,000 by Timeout Cancel, .* \(limit 0\)/,
	);
});

test('ten runs never take more than single reads, in any round', () => {
	const small = (contender: string, round: number, beyond: number) =>
		watched({ contender, runs: 10, round, beyond });
	const good = [
		small('node2s', 0, 70),
		small('retabDocs', 0, 80),
		small('node2s', 1, 90),
		small('retabDocs', 1, 80),
	];
	expect(lines({ requests: good })[1]).toMatch(
		/^ok: .* 90 \(limit 90, what single reads take: 80 of the loop/,
	);
	const bad = [...good, small('node2s', 2, 91), small('retabDocs', 2, 80)];
	expect(lines({ requests: bad })[1]).toMatch(/^NOT OK: .* 91 \(limit 90/);
});

test('nor do they among many other runs, where lists would be long', () => {
	const small = (contender: string, beyond: number) => watched({ contender, runs: 10, beyond });
	expect(lines({ crowd: [small('node2s', 91), small('retabDocs', 80)] })[1]).toMatch(
		/^NOT OK: .* among many others of the account, .* 91 \(limit 90/,
	);
});

test('among few, the latest cancel counts', () => {
	const few = { runs: 10, p99Ms: 5 };
	const line = (maxMs: number) => lines({ lateness: [cancelled({}), cancelled({ ...few, maxMs })] })[2];
	expect(line(100)).toMatch(/^ok: the latest of 10 cancels .* 100 ms \(limit 100 ms\)/);
	expect(line(101)).toMatch(/^NOT OK: /);
});

test('cancels come within 50 ms', () => {
	expect(lines({ lateness: [cancelled({ p99Ms: 50 })] })[3]).toMatch(/^ok: .* 50\.0 ms \(limit 50 ms/);
	expect(lines({ lateness: [cancelled({ p99Ms: 51 })] })[3]).toMatch(/^NOT OK: /);
});

test('the bound on requests in flight is an excuse, and is named', () => {
	const line = lines({ lateness: [cancelled({ p99Ms: 80, boundP99Ms: 90 })] })[3];
	expect(line).toMatch(/^ok: .*the bound on requests in flight alone brings 90\.0 ms/);
});

test('deadlines at the same moment are shown, not judged, but a wrong or missing cancel counts anywhere', () => {
	const atOnce = cancelled({ kind: 'atOnce', p99Ms: 900, wrong: 1, missing: 2 });
	const [wrong, missing, , late] = lines({ lateness: [cancelled({}), atOnce] });
	expect(wrong).toBe('NOT OK: cancels that were wrong or only claimed: 1 (limit 0)');
	expect(missing).toBe('NOT OK: cancels that were missing: 2 (limit 0)');
	expect(late).toMatch(/^ok: .* 20\.0 ms/);
});

test('a batch takes little more than its slowest run', () => {
	const batch = [1.05, 1.2, 1.09].map((ratio, round) => ({ round, ratio, requests: 1 }));
	expect(lines({ batch })).toEqual([
		'ok: time for a batch of equal runs: 1.090 × its slowest run (limit 1.1)',
	]);
});

test('ten thousand runs leave n8n room to work', () => {
	const sample = { runs: 10_000, round: 0, requests: 1, loopDelayMaxMs: 90, missed: 0 };
	const many = [{ ...sample, liveGrowthMb: 101, heapGrowthMb: 240, loopDelayP99Ms: 19 }];
	expect(lines({ many }).slice(1)).toEqual([
		'NOT OK: peak heap growth with 10,000 watched runs: 101 MB (limit 100 MB; 240 MB with garbage not collected yet)',
		'ok: event loop delay p99 with 10,000 watched runs: 19.0 ms (limit 20 ms)',
	]);
});

test('the package is at most 150 kB and loads in 50 ms', () => {
	const published = { loadMs: [40, 45, 90], packedBytes: 146_600, unpackedBytes: 570_000, files: 287 };
	expect(lines({ published })).toEqual([
		'ok: size of the tarball: 147 kB (limit 150 kB)',
		'ok: loading all nodes and credentials: 45 ms (limit 50 ms)',
	]);
	const tooMuch = { ...published, loadMs: [51], packedBytes: 150_001 };
	for (const line of lines({ published: tooMuch })) expect(line).toMatch(/^NOT OK: /);
});

test('a hundred executions with one run each may take a fifth more requests than one execution', () => {
	const one = {
		contender: 'node2s',
		isSplit: false,
		runs: 100,
		round: 0,
		requests: 150,
		delayMeanMs: 900,
		missed: 0,
	};
	const [, good] = lines({ executions: [one, { ...one, isSplit: true, requests: 180 }] });
	expect(good).toMatch(
		/^ok: .* Timeout Cancel, every 2 s \(Retab\): 1.20 × those of one execution \(limit 1.2\)/,
	);
	const [, bad] = lines({ executions: [one, { ...one, isSplit: true, requests: 190 }] });
	expect(bad).toMatch(/^NOT OK: .* 1.27 ×/);
});
