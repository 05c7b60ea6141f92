import { type Check, checkLine } from './checks';
import { CONTENDERS, contender } from './contenders';
import { IN_EXECUTIONS } from './figures/executions';
import type { LatenessSample } from './figures/lateness';
import { takesPart, type WatchSample } from './figures/requests';
import { type Series, plotSvg } from './lib/svg';
import { NONE, shown, spread, table } from './lib/text';
import type { Machine } from './machine';
import { LIMITS, LIVES, type Plan } from './plan';
import { over, passesOf, type Results, valuesOf } from './results';

/** The results as Markdown. */
export function reportOf(results: Results, checks: readonly Check[], plan: Plan): string {
	return [
		requestTables(results, plan),
		crowdTable(results, plan),
		executionsTable(results),
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
		`Runs that live ${from} to ${to} s, all started at the same time. Median of the rounds, with lowest and highest in brackets. "Speed" is how many times faster than real time the clock of the sandbox and all waits ran; times are in the time of the runs.`,
		'',
		speedTable(plan),
		...(notRun.length > 0 ? ['', ...notRun] : []),
		'',
		'### All requests',
		'',
		overRuns(requests, (sample) => sample.requests),
		'',
		'### Requests beyond the one read that each run needs at its end',
		'',
		overRuns(requests, (sample) => sample.beyond),
		'',
		'### Delay from the end of a run to the read that shows it, seconds: mean',
		'',
		overRuns(requests, (sample) => sample.delayMeanMs / 1_000, 2),
		'',
		'### The same, 99th percentile',
		'',
		overRuns(requests, (sample) => sample.delayP99Ms / 1_000, 2),
		'',
		'### Time until all ends are read / end of the slowest run',
		'',
		overRuns(requests, (sample) => sample.wallRatio, 3),
		'',
		`### CPU and memory for ${shown(atSize[0]?.runs ?? 0)} runs`,
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
	return table(
		['Contender', 'CPU time (s)', 'Heap, live (MB)', 'Heap, with garbage (MB)', 'Event loop delay p99 (ms)'],
		CONTENDERS.map(({ key, title }) => {
			const own = samples.filter((sample) => sample.contender === key);
			return [
				title,
				cellOf(own, ({ cpuMs }) => cpuMs / 1_000, 2),
				cellOf(own, ({ liveGrowthMb }) => liveGrowthMb),
				cellOf(own, ({ heapGrowthMb }) => heapGrowthMb),
				cellOf(own, ({ loopDelayP99Ms }) => loopDelayP99Ms, 1),
			];
		}),
	);
}

function crowdTable({ crowd }: Results, plan: Plan): string {
	if (crowd.length === 0) return '';
	const { runs, others } = plan.crowd;
	return [
		`## ${shown(runs)} runs in an account with ${shown(others)} other unfinished runs`,
		'',
		table(
			['Contender', 'Requests beyond the last reads', 'Delay (s)'],
			plan.crowd.contenders.map((key) => {
				const samples = crowd.filter((sample) => sample.contender === key);
				return [
					contender(key).title,
					cellOf(samples, ({ beyond }) => beyond),
					cellOf(samples, ({ delayMeanMs }) => delayMeanMs / 1_000, 2),
				];
			}),
		),
	].join('\n');
}

function executionsTable({ executions }: Results): string {
	if (executions.length === 0) return '';
	const sizes = valuesOf(executions, ({ runs }) => runs);
	const rows = IN_EXECUTIONS.map(contender).flatMap(({ key, title, ours }) =>
		(ours ? [false, true] : [false]).map((isSplit) => [
			ours ? `${title}, ${isSplit ? 'one execution for each run' : 'one execution'}` : title,
			...sizes.flatMap((runs) => {
				const samples = passesOf(executions, key, runs).filter((sample) => sample.isSplit === isSplit);
				return [
					cellOf(samples, ({ requests }) => requests),
					cellOf(samples, ({ delayMeanMs }) => delayMeanMs / 1_000, 2),
				];
			}),
		]),
	);
	const heads = sizes.flatMap((runs) => [
		`Requests, ${shown(runs)} ${runs === 1 ? 'run' : 'runs'}`,
		'Delay (s)',
	]);
	return [
		'## One execution for each run',
		'',
		'All requests, and the mean delay from the end of a run to the read that shows it. The others poll each run by itself, in whichever execution.',
		'',
		table(['Contender', ...heads], rows),
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
				cellOf(samples, ({ p50Ms }) => p50Ms, 1),
				cellOf(samples, ({ p99Ms }) => p99Ms, 1),
				cellOf(samples, ({ maxMs }) => maxMs, 1),
				cellOf(samples, ({ boundP99Ms }) => boundP99Ms, 1),
				cellOf(samples, ({ doneAfterMs }) => doneAfterMs / 1_000, 2),
				sum((sample) => sample.wrong),
				sum((sample) => sample.missing),
			],
		];
	});
	const others = [...new Set(CONTENDERS.filter(({ ours }) => !ours).map(({ title }) => title))];
	return [
		'## Cancels at the deadline',
		'',
		`How late the cancel of a stuck run arrives, in ms, while the sandbox returns 429s (for reads and for cancels) and slow responses again and again; every other response takes ${plan.answerMs} ms. "Bound" is the p99 that the limit on requests in flight alone would cause.`,
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
	decimals = 0,
): string {
	const summary = over(samples, figure);
	return summary ? spread(summary, decimals) : NONE;
}

function cleanUpTable({ cleanUp }: Results, plan: Plan): string {
	if (cleanUp.length === 0) return '';
	return [
		`## Cleanup of ${shown(largest(cleanUp))} stuck runs`,
		'',
		`Every response takes ${plan.answerMs} ms.`,
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
				['Requests', cellOf(batch, ({ requests }) => requests)],
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
				['Requests', cellOf(many, ({ requests }) => requests)],
				['Peak heap growth, live (MB)', cellOf(many, ({ liveGrowthMb }) => liveGrowthMb)],
				['Peak heap growth, with garbage (MB)', cellOf(many, ({ heapGrowthMb }) => heapGrowthMb)],
				['Event loop delay p99 (ms)', cellOf(many, ({ loopDelayP99Ms }) => loopDelayP99Ms, 1)],
				['Longest event loop delay (ms)', cellOf(many, ({ loopDelayMaxMs }) => loopDelayMaxMs)],
			],
		),
	].join('\n');
}

function publishedTable({ published }: Results): string {
	if (!published) return '';
	return [
		'## The package',
		'',
		table(
			['Figure', ''],
			[
				['Loading all nodes and credentials (ms)', cellOf(published.loadMs, (ms) => ms)],
				['Tarball (kB)', shown(published.packedBytes / 1_000)],
				['Unpacked (kB)', shown(published.unpackedBytes / 1_000)],
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
			title: 'Requests to watch runs to their end',
			xLabel: 'runs watched at once',
			yLabel: 'requests, beyond one last read per run',
			series: CONTENDERS.flatMap((one) => seriesOf(one.title, one.ours, requests, one.key, 'beyond')),
		});
	}
	const spreadOut = lateness.filter(({ kind }) => kind === 'spread');
	if (spreadOut.length > 0) {
		plots['bench-lateness.svg'] = plotSvg({
			title: 'Lateness of cancels, with 429s and slow responses',
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
