import { init, type SeriesOption } from 'echarts';

/** Line plots as SVG, for the documentation. */

export interface Point {
	x: number;
	y: number;
	/** Spread over the rounds. */
	low: number;
	high: number;
}

export interface Series {
	name: string;
	points: readonly Point[];
	/** Drawn with a thicker line. */
	ours: boolean;
}

export interface Plot {
	title: string;
	xLabel: string;
	yLabel: string;
	series: readonly Series[];
	/** Drawn as a horizontal line. */
	limit?: { y: number; label: string };
}

const SIZE = { width: 880, height: 440 };
/** Room for the axes, and on the right for the names of the lines. */
const MARGIN = { top: 48, right: 290, bottom: 56, left: 78 };
/** One for each contender. */
const COLOURS = [
	...['#0b6e4f', '#1f77b4', '#5a8f00', '#d1495b', '#c8881a'],
	...['#8d6a9f', '#5c677d', '#00a3b4', '#a0522d', '#e377c2'],
];
const LIMIT_COLOUR = '#cf222e';

/** Both axes are logarithmic, since figures here go from 1 to 100,000. */
export function plotSvg({ title, xLabel, yLabel, series, limit }: Plot): string {
	const values = series.flatMap(({ points }) => points.flatMap(({ low, y, high }) => [low, y, high]));
	const positive = values.filter((value) => value > 0);
	if (positive.length === 0) throw new RangeError('A logarithmic scale needs a value above 0');
	// 0 has no place on the scale and is drawn on its edge.
	const min = 10 ** Math.floor(Math.log10(Math.min(...positive)));
	const placed = (value: number): number => Math.max(value, min);

	const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
	const axis = { type: 'log', nameLocation: 'middle' } as const;
	chart.setOption({
		animation: false,
		backgroundColor: '#ffffff',
		color: COLOURS,
		title: { text: title, left: MARGIN.left, textStyle: { fontSize: 16 } },
		grid: MARGIN,
		xAxis: { ...axis, name: xLabel, nameGap: 32 },
		yAxis: { ...axis, name: yLabel, nameGap: 52, min },
		series: series.flatMap(({ name, points, ours }, index): SeriesOption[] => {
			const sorted = [...points].sort((a, b) => a.x - b.x);
			const color = COLOURS[index % COLOURS.length] ?? '';
			return [
				{
					type: 'line',
					name,
					data: sorted.map(({ x, y }) => [x, placed(y)]),
					lineStyle: { width: ours ? 3 : 1.5 },
					symbol: 'circle',
					symbolSize: ours ? 8 : 6,
					itemStyle: { color },
					endLabel: {
						show: true,
						formatter: '{a}',
						distance: 14,
						color,
						...(ours && { fontWeight: 'bold' }),
					},
					labelLayout: { moveOverlap: 'shiftY' },
				},
				...sorted.map(({ x, low, high }): SeriesOption => ({
					type: 'line',
					data: [low, high].map((value) => [x, placed(value)]),
					lineStyle: { width: 1 },
					symbol: 'none',
					itemStyle: { color },
				})),
				...(limit && index === 0 ? [limitLine(limit)] : []),
			];
		}),
	});
	const svg = chart.renderToSVGString();
	chart.dispose();
	return `${svg}\n`;
}

function limitLine({ y, label }: { y: number; label: string }): SeriesOption {
	return {
		type: 'line',
		markLine: {
			data: [{ yAxis: y }],
			symbol: 'none',
			label: { formatter: label, position: 'insideStartTop', color: LIMIT_COLOUR },
			lineStyle: { color: LIMIT_COLOUR, type: 'dashed' },
		},
	};
}
