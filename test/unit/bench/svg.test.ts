import { plotSvg } from '../../../bench/lib/svg';
import { shown, spread, table } from '../../../bench/lib/text';

const point = (x: number, y: number) => ({ x, y, low: y, high: y });

describe('a plot', () => {
	const svg = plotSvg({
		title: 'Requests & runs',
		xLabel: 'runs',
		yLabel: 'requests',
		limit: { y: 50, label: 'allowed' },
		series: [
			{ name: 'ours', ours: true, points: [point(100, 5), point(10, 2)] },
			{ name: 'theirs', ours: false, points: [point(10, 100), point(100, 1_000)] },
		],
	});

	/** Where the points of the lines are drawn, line by line, in pixels. */
	const lines = [...svg.matchAll(/<path d="(M[^"]+)" fill="none"[^>]* stroke-width="(?:3|1.5)"/g)].map(
		([, path = '']) =>
			path
				.slice(1)
				.split('L')
				.map((point) => point.split(' ').map(Number)),
	);

	test('draws each series from left to right', () => {
		expect(lines).toHaveLength(2);
		for (const [first, second] of lines) expect(first?.[0]).toBeLessThan(second?.[0] ?? 0);
	});

	test('has logarithmic axes over whole powers of ten', () => {
		for (const tick of ['1', '10', '100', '1,000']) expect(svg).toContain(`>${tick}</text>`);
		const [ours = [], theirs = []] = lines;
		const heights = [...ours, ...theirs].map(([, y = 0]) => y);
		const [two = 0, five = 0, hundred = 0, thousand = 0] = heights;
		const decade = hundred - thousand;
		expect(two - five).toBeCloseTo(decade * Math.log10(2.5), 0);
		expect(five - hundred).toBeCloseTo(decade * Math.log10(20), 0);
	});

	test('names its series and its limit, and is well-formed', () => {
		expect(svg).toContain('>ours</text>');
		expect(svg).toContain('>theirs</text>');
		expect(svg).toContain('>allowed</text>');
		expect(svg).toContain('Requests &amp; runs');
		expect(svg).not.toContain('NaN');
	});

	const plotOf = (points: Array<ReturnType<typeof point>>, names = ['a']) =>
		plotSvg({
			title: '',
			xLabel: '',
			yLabel: '',
			series: names.map((name) => ({ name, ours: false, points })),
		});

	test('a value that has no place on it, such as 0, lies on its edge', () => {
		expect(plotOf([point(1, 0), point(10, 20)])).toMatch(/<path d="M78 384L590 /);
	});

	test('without any value above 0 there is nothing to plot', () => {
		expect(() => plotOf([point(1, 0)])).toThrow(RangeError);
	});

	test('keeps the names of lines that end together apart', () => {
		const names = ['a', 'b', 'c'];
		const text = plotOf([point(1, 7), point(10, 7)], names);
		const heights = names.map((name) =>
			Number(new RegExp(`translate\\([\\d.]+ ([\\d.]+)\\)"[^>]*>${name}</text>`).exec(text)?.[1]),
		);
		const [top = 0, middle = 0, bottom = 0] = [...heights].sort((a, b) => a - b);
		expect(middle - top).toBeGreaterThanOrEqual(12);
		expect(bottom - middle).toBeGreaterThanOrEqual(12);
	});
});

describe('a table', () => {
	test('lines up its columns, text left and figures right', () => {
		const rows = [
			['a', '1'],
			['long name', '1,000'],
		];
		expect(table(['Name', 'Runs'], rows).split('\n')).toEqual([
			'| Name      |  Runs |',
			'| --------- | ----: |',
			'| a         |     1 |',
			'| long name | 1,000 |',
		]);
	});

	test('shows decimals where they matter, and a dash where there is no figure', () => {
		expect(shown(12_345.6, 2)).toBe('12,346');
		expect(shown(1.234, 2)).toBe('1.23');
		expect(shown(Number.NaN)).toBe('–');
	});

	test('shows the spread of rounds that differ', () => {
		expect(spread({ median: 12, min: 10, max: 15 })).toBe('12 (10–15)');
		expect(spread({ median: 7, min: 7, max: 7 })).toBe('7');
		expect(spread({ median: 1.26, min: 1.24, max: 1.31 }, 1)).toBe('1.3 (1.2–1.3)');
	});
});
