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
	/** Drawn stronger than the others. */
	ours: boolean;
}

export interface Plot {
	title: string;
	xLabel: string;
	yLabel: string;
	series: readonly Series[];
	/** A line across that must not be exceeded. */
	limit?: { y: number; label: string };
}

const WIDTH = 880;
const HEIGHT = 440;
/** Room for the axes, and on the right for the names of the lines. */
const MARGIN = { top: 48, right: 290, bottom: 56, left: 78 };
/** As many as there are contenders. */
const COLOURS = [
	'#0b6e4f',
	'#1f77b4',
	'#5a8f00',
	'#d1495b',
	'#c8881a',
	'#8d6a9f',
	'#5c677d',
	'#00a3b4',
	'#a0522d',
	'#e377c2',
];
const INK = '#24292f';
const GRID = '#d8dee4';

/** Maps a value to a position: both axes are logarithmic, since figures here go from 1 to 100,000. */
export interface Scale {
	from: number;
	to: number;
	at: (value: number) => number;
	ticks: number[];
}

/**
 * A logarithmic scale over whole powers of ten that holds all `values`.
 *
 * @param values only those above 0 have a place; at least one must
 * @param start position of the smallest value of the scale, in pixels
 * @param end position of the largest
 */
export function logScale(values: readonly number[], start: number, end: number): Scale {
	const positive = values.filter((value) => value > 0);
	if (positive.length === 0) throw new RangeError('A logarithmic scale needs a value above 0');
	const first = Math.floor(Math.log10(Math.min(...positive)) + ROUNDING);
	const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...positive)) - ROUNDING));
	const from = 10 ** first;
	const to = 10 ** last;
	return {
		from,
		to,
		at: (value) => {
			const inside = Math.min(to, Math.max(from, value));
			return start + ((Math.log10(inside) - first) / (last - first)) * (end - start);
		},
		ticks: Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)),
	};
}

/** Log10 of a power of ten may be a hair off. */
const ROUNDING = 1e-9;

export function plotSvg({ title, xLabel, yLabel, series, limit }: Plot): string {
	const points = series.flatMap((one) => one.points);
	const right = WIDTH - MARGIN.right;
	const bottom = HEIGHT - MARGIN.bottom;
	const x = logScale(
		points.map((point) => point.x),
		MARGIN.left,
		right,
	);
	const y = logScale(
		[...points.flatMap(({ low, high }) => [low, high]), ...(limit ? [limit.y] : [])],
		bottom,
		MARGIN.top,
	);

	const grid = [
		...x.ticks.map((tick) => [
			line(x.at(tick), MARGIN.top, x.at(tick), bottom, GRID),
			tickX(tick, x, bottom),
		]),
		...y.ticks.map((tick) => [line(MARGIN.left, y.at(tick), right, y.at(tick), GRID), tickY(tick, y)]),
	].flat();
	const axes = [
		text((MARGIN.left + right) / 2, HEIGHT - 14, xLabel, 'middle'),
		`<text transform="translate(20 ${round((MARGIN.top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
		`<text x="${MARGIN.left}" y="26" font-size="16" font-weight="600">${escaped(title)}</text>`,
	];
	const bound = limit
		? [
				line(MARGIN.left, y.at(limit.y), right, y.at(limit.y), '#cf222e', '6 4'),
				text(MARGIN.left + 8, y.at(limit.y) - 6, limit.label, 'start', '#cf222e'),
			]
		: [];
	const lines = series.map((one, index) => drawn(one, COLOURS[index % COLOURS.length] ?? INK, x, y));
	const names = placed(series, y).map(({ name, at, index, ours }) =>
		text(right + 14, at + 4, name, 'start', COLOURS[index % COLOURS.length] ?? INK, ours),
	);
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}">`,
		`<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
		...grid,
		...axes,
		...bound,
		...lines,
		...names,
		'</svg>',
		'',
	].join('\n');
}

function drawn({ points, ours }: Series, colour: string, x: Scale, y: Scale): string {
	const sorted = [...points].sort((a, b) => a.x - b.x);
	const path = sorted.map((point) => `${round(x.at(point.x))},${round(y.at(point.y))}`).join(' ');
	const marks = sorted.flatMap((point) => [
		line(x.at(point.x), y.at(point.low), x.at(point.x), y.at(point.high), colour),
		`<circle cx="${round(x.at(point.x))}" cy="${round(y.at(point.y))}" r="${ours ? 4 : 3}" fill="${colour}"/>`,
	]);
	return [
		`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${ours ? 3 : 1.5}"/>`,
		...marks,
	].join('');
}

const NAME_HEIGHT = 17;

interface Name {
	name: string;
	index: number;
	ours: boolean;
	at: number;
}

/** The names beside the ends of their lines, moved apart where lines end together. */
function placed(series: readonly Series[], y: Scale): Name[] {
	const names = series
		.map(({ name, points, ours }, index): Name => {
			const end = [...points].sort((a, b) => a.x - b.x).at(-1);
			return { name, index, ours, at: y.at(end?.y ?? y.from) };
		})
		.sort((a, b) => a.at - b.at);
	let free = MARGIN.top;
	for (const name of names) {
		name.at = Math.max(name.at, free);
		free = name.at + NAME_HEIGHT;
	}
	let ceiling = HEIGHT - MARGIN.bottom;
	for (const name of [...names].reverse()) {
		name.at = Math.min(name.at, ceiling);
		ceiling = name.at - NAME_HEIGHT;
	}
	return names;
}

function tickX(tick: number, x: Scale, bottom: number): string {
	return text(x.at(tick), bottom + 18, number(tick), 'middle');
}

function tickY(tick: number, y: Scale): string {
	return text(MARGIN.left - 8, y.at(tick) + 4, number(tick), 'end');
}

function number(value: number): string {
	return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, dashes = ''): string {
	const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
	return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"${dashed}/>`;
}

function text(x: number, y: number, content: string, anchor: string, colour = INK, strong = false): string {
	const weight = strong ? ' font-weight="600"' : '';
	return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${colour}"${weight}>${escaped(content)}</text>`;
}

function round(value: number): string {
	return value.toFixed(1);
}

function escaped(content: string): string {
	return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
