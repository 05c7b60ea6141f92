import { type Check, checkLine } from './checks';
import { CONTENDERS, type Contender, contender } from './contenders';
import type { LatenessSample } from './figures/lateness';
import { takesPart, type WatchSample } from './figures/requests';
import { type Series, plotSvg } from './lib/svg';
import { NONE, shown, spread, table } from './lib/text';
import type { Machine } from './machine';
import { LIMITS, LIVES, type Plan } from './plan';
import { over, passesOf, type Results, valuesOf } from './results';

/** The results as Markdown, which reads well in a terminal too. */
export function reportOf(results: Results, checks: readonly Check[], plan: Plan): string {
	return [
		requestTables(results, plan),
		crowdTable(results, plan),
		latenessTable(results, plan),
		cleanUpTable(results, plan),
		batchTable(results, plan),
		manyTable(results, plan),
		publishedTable(results),
		checkList(checks),
	]
		.filter((part) => part !== '')
		.join('\n\n');
}

function checkList(checks: readonly Check[]): string {
	if (checks.length === 0) return '';
	return ['## Checks', '', ...checks.map((check) => `- ${checkLine(check)}`)].join('\n');
}

export function headOf(machine: Machine, plan: Plan, minutes: number): string {
	return [
		'# Results of `npm run bench`',
		'',
		'Written by the benchmark; what each figure means is in [README.md](README.md).',
		'',
		table(
			['Where', ''],
			[
				['CPU', `${machine.cpu}, ${machine.cores} cores`],
				['Memory', `${machine.memoryGib} GiB`],
				['System', machine.system],
				['Node.js', machine.node],
				['Commit', machine.commit],
				['Rounds', `${plan.rounds}, contenders in turns, ${shown(minutes)} minutes in all`],
			],
		),
	].join('\n');
}

/** One figure of all contenders over the number of runs. */
function overRuns(
	samples: readonly WatchSample[],
	figure: (sample: WatchSample) => number,
	decimals = 0,
): string {
	const sizes = valuesOf(samples, ({ runs }) => runs);
	const rows = CONTENDERS.map((one) => [
		one.title,
		...sizes.map((runs) => {
			const summary = over(passesOf(samples, one.key, runs), figure);
			if (summary) return spread(summary, decimals);
			return takesPart(one, runs) ? NONE : 'not run';
		}),
	]);
	return table(['Runs', ...sizes.map((runs) => shown(runs))], rows);
}

function requestTables({ requests }: Results, plan: Plan): string {
	if (requests.length === 0) return '';
	const [from, to] = [LIVES.fromMs / 1_000, LIVES.toMs / 1_000];
	const notRun = CONTENDERS.flatMap(({ title, upTo }) =>
		upTo && plan.requests.some(({ runs }) => runs > upTo.runs)
			? [`- ${title}: not run beyond ${shown(upTo.runs)} runs; it ${upTo.because}.`]
			: [],
	);
	const atSize = requests.filter(({ runs }) => runs === Math.min(LIMITS.sharedAt, largest(requests)));
	return [
		'## Watching runs to their end',
		'',
		`Runs that live ${from} to ${to} s, all started at the same moment. Median of the rounds, spread in brackets. The clock of the sandbox, and all waits with it, passed so many times as fast; times are times of the runs.`,
		'',
		speedTable(plan),
		...(notRun.length > 0 ? ['', ...notRun] : []),
		'',
		'### All requests',
		'',
		overRuns(requests, (sample) => sample.requests),
		'',
		'### Requests without the one read that each run needs at its end',
		'',
		overRuns(requests, (sample) => sample.beyond),
		'',
		'### From the end of a run to knowing it, seconds: mean',
		'',
		overRuns(requests, (sample) => sample.delayMeanMs / 1_000, 2),
		'',
		'### The same, 99th percentile',
		'',
		overRuns(requests, (sample) => sample.delayP99Ms / 1_000, 2),
		'',
		'### Time until all are known, against the end of the slowest run',
		'',
		overRuns(requests, (sample) => sample.wallRatio, 3),
		'',
		`### What ${shown(atSize[0]?.runs ?? 0)} runs take from the process`,
		'',
		costTable(atSize),
	].join('\n');
}

function speedTable({ requests }: Plan): string {
	return table(
		['Speed', ...requests.map(({ runs }) => shown(runs))],
		(['retab', 'extend'] as const).map((api) => [
			api === 'retab' ? 'Retab' : 'Extend',
			...requests.map(({ runs, speed }) =>
				CONTENDERS.some((one) => one.api === api && takesPart(one, runs)) ? shown(speed[api], 1) : NONE,
			),
		]),
	);
}

function largest(samples: ReadonlyArray<{ runs: number }>): number {
	return Math.max(...samples.map(({ runs }) => runs));
}

function costTable(samples: readonly WatchSample[]): string {
	const cell = (one: Contender, figure: (sample: WatchSample) => number, decimals: number): string => {
		const summary = over(
			samples.filter((sample) => sample.contender === one.key),
			figure,
		);
		return summary ? spread(summary, decimals) : NONE;
	};
	return table(
		['Contender', 'CPU time (s)', 'Heap, live (MB)', 'Heap, with garbage (MB)', 'Event loop delay p99 (ms)'],
		CONTENDERS.map((one) => [
			one.title,
			cell(one, (sample) => sample.cpuMs / 1_000, 2),
			cell(one, (sample) => sample.liveGrowthMb, 0),
			cell(one, (sample) => sample.heapGrowthMb, 0),
			cell(one, (sample) => sample.loopDelayP99Ms, 1),
		]),
	);
}

function crowdTable({ crowd }: Results, plan: Plan): string {
	if (crowd.length === 0) return '';
	const { runs, others } = plan.crowd;
	return [
		`## ${shown(runs)} runs in an account with ${shown(others)} others that go on`,
		'',
		table(
			['Contender', 'Requests without the last reads', 'From the end to knowing it (s)'],
			plan.crowd.contenders.map((key) => {
				const samples = crowd.filter((sample) => sample.contender === key);
				return [
					contender(key).title,
					cellOf(samples, ({ beyond }) => beyond, 0),
					cellOf(samples, ({ delayMeanMs }) => delayMeanMs / 1_000, 2),
				];
			}),
		),
	].join('\n');
}

function latenessTable({ lateness }: Results, plan: Plan): string {
	if (lateness.length === 0) return '';
	const groups = new Map<string, LatenessSample[]>();
	for (const sample of lateness) {
		const { contender: key, kind, runs, inFlight } = sample;
		const group = [kind, runs, inFlight, key].join(' ');
		groups.set(group, [...(groups.get(group) ?? []), sample]);
	}
	const ms = (samples: readonly LatenessSample[], figure: (sample: LatenessSample) => number): string =>
		cellOf(samples, figure, 1);
	const rows = [...groups.values()].flatMap((samples) => {
		const [first] = samples;
		if (!first) return [];
		const sum = (figure: (sample: LatenessSample) => number): string =>
			shown(samples.reduce((total, sample) => total + figure(sample), 0));
		return [
			[
				contender(first.contender).file.includes('Core') ? 'our core without n8n' : 'Timeout Cancel',
				`${shown(first.runs)} ${first.kind === 'spread' ? 'spread' : 'at once'}`,
				shown(first.inFlight),
				ms(samples, (sample) => sample.p50Ms),
				ms(samples, (sample) => sample.p99Ms),
				ms(samples, (sample) => sample.maxMs),
				ms(samples, (sample) => sample.boundP99Ms),
				cellOf(samples, (sample) => sample.doneAfterMs / 1_000, 2),
				sum((sample) => sample.wrong),
				sum((sample) => sample.missing),
			],
		];
	});
	const others = [...new Set(CONTENDERS.filter(({ ours }) => !ours).map(({ title }) => title))];
	return [
		'## Cancels at the deadline',
		'',
		`How late the cancel of a stuck run arrives, in ms, while 429s (for reads and for cancels) and slow answers are planted again and again; every other answer takes ${plan.answerMs} ms. "Bound" is the p99 that the limit on requests in flight brings about by itself.`,
		'',
		table(
			[
				'Contender',
				'Deadlines',
				'In flight',
				'p50',
				'p99',
				'Max',
				'Bound p99',
				'All confirmed after (s)',
				'Wrong',
				'Missing',
			],
			[...rows, ...others.map((title) => [title, ...Array.from({ length: 9 }, () => NONE)])],
		),
	].join('\n');
}

function cellOf<Sample>(
	samples: readonly Sample[],
	figure: (sample: Sample) => number,
	decimals: number,
): string {
	const summary = over(samples, figure);
	return summary ? spread(summary, decimals) : NONE;
}

function cleanUpTable({ cleanUp }: Results, plan: Plan): string {
	if (cleanUp.length === 0) return '';
	return [
		`## Cleanup of ${shown(largest(cleanUp))} stuck runs`,
		'',
		`Every answer takes ${plan.answerMs} ms.`,
		'',
		table(
			['Requests in flight', 'Time until all are cancelled and confirmed (s)', 'Missing'],
			valuesOf(cleanUp, ({ inFlight }) => inFlight).map((inFlight) => {
				const samples = cleanUp.filter((sample) => sample.inFlight === inFlight);
				const missing = samples.reduce((sum, sample) => sum + sample.missing, 0);
				return [shown(inFlight), cellOf(samples, ({ wallMs }) => wallMs / 1_000, 2), shown(missing)];
			}),
		),
	].join('\n');
}

function batchTable({ batch }: Results, plan: Plan): string {
	if (batch.length === 0) return '';
	return [
		`## A batch of ${plan.batch.runs} runs of ${plan.batch.lifeMs / 1_000} s, in real time`,
		'',
		table(
			['Figure', 'Timeout Cancel, defaults'],
			[
				['Time / slowest run', cellOf(batch, ({ ratio }) => ratio, 3)],
				['Requests', cellOf(batch, ({ requests }) => requests, 0)],
			],
		),
	].join('\n');
}

function manyTable({ many }: Results, plan: Plan): string {
	if (many.length === 0) return '';
	const [from, to] = [plan.many.fromMs / 1_000, plan.many.toMs / 1_000];
	return [
		`## ${shown(largest(many))} runs at once, in real time`,
		'',
		`Runs that live ${from} to ${to} s.`,
		'',
		table(
			['Figure', 'Timeout Cancel, defaults'],
			[
				['Requests', cellOf(many, ({ requests }) => requests, 0)],
				['Peak heap growth, live (MB)', cellOf(many, ({ liveGrowthMb }) => liveGrowthMb, 0)],
				['Peak heap growth, with garbage (MB)', cellOf(many, ({ heapGrowthMb }) => heapGrowthMb, 0)],
				['Event loop delay p99 (ms)', cellOf(many, ({ loopDelayP99Ms }) => loopDelayP99Ms, 1)],
				['Longest event loop delay (ms)', cellOf(many, ({ loopDelayMaxMs }) => loopDelayMaxMs, 0)],
			],
		),
	].join('\n');
}

const KB = 1_024;

function publishedTable({ published }: Results): string {
	if (!published) return '';
	return [
		'## The package',
		'',
		table(
			['Figure', ''],
			[
				['Loading all nodes and credentials (ms)', cellOf(published.loadMs, (ms) => ms, 0)],
				['Tarball (KB)', shown(published.packedBytes / KB)],
				['Unpacked (KB)', shown(published.unpackedBytes / KB)],
				['Files', shown(published.files)],
			],
		),
	].join('\n');
}

/** The plots of the documentation, by file name. */
export function plotsOf({ requests, lateness }: Results): Record<string, string> {
	const plots: Record<string, string> = {};
	if (requests.length > 0) {
		plots['bench-requests.svg'] = plotSvg({
			title: 'Requests to see runs to their end',
			xLabel: 'runs watched at once',
			yLabel: 'requests, beyond one last read per run',
			series: CONTENDERS.flatMap((one) => seriesOf(one.title, one.ours, requests, one.key, 'beyond')),
		});
	}
	const spreadOut = lateness.filter(({ kind }) => kind === 'spread');
	if (spreadOut.length > 0) {
		plots['bench-lateness.svg'] = plotSvg({
			title: 'Lateness of cancels, with 429s and slow answers',
			xLabel: 'running deadlines',
			yLabel: 'ms after the deadline',
			limit: { y: LIMITS.latenessP99Ms, label: `allowed at p99: ${LIMITS.latenessP99Ms} ms` },
			series: [
				...seriesOf('Timeout Cancel, p99', true, spreadOut, 'node', 'p99Ms'),
				...seriesOf('Timeout Cancel, p50', true, spreadOut, 'node', 'p50Ms'),
				...seriesOf('our core without n8n, p99', false, spreadOut, 'core', 'p99Ms'),
			],
		});
	}
	return plots;
}

function seriesOf<Key extends string>(
	name: string,
	ours: boolean,
	samples: ReadonlyArray<{ contender: string; runs: number } & Record<Key, number>>,
	key: string,
	figure: Key,
): Series[] {
	const own = samples.filter((sample) => sample.contender === key);
	const points = valuesOf(own, ({ runs }) => runs).flatMap((runs) => {
		const summary = over(passesOf(own, key, runs), (sample) => sample[figure]);
		return summary ? [{ x: runs, y: summary.median, low: summary.min, high: summary.max }] : [];
	});
	return points.length > 0 ? [{ name, ours, points }] : [];
}
