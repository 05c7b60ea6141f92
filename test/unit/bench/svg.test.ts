import { logScale, plotSvg } from '../../../bench/lib/svg';
import { shown, spread, table } from '../../../bench/lib/text';

const point = (x: number, y: number) => ({ x, y, low: y, high: y });

describe('the axes of a plot', () => {
	test('go over whole powers of ten that hold all values', () => {
		const scale = logScale([3, 5_000], 0, 400);
		expect(scale).toMatchObject({ from: 1, to: 10_000, ticks: [1, 10, 100, 1_000, 10_000] });
		expect([1, 10, 100, 10_000].map(scale.at)).toEqual([0, 100, 200, 400]);
	});

	test('may run from the bottom to the top', () => {
		const scale = logScale([1, 100], 300, 100);
		expect(scale.at(10)).toBe(200);
	});

	test('end at a power of ten that is a value itself', () => {
		expect(logScale([1, 1_000], 0, 1)).toMatchObject({ from: 1, to: 1_000 });
		expect(logScale([10], 0, 1)).toMatchObject({ from: 10, to: 100 });
	});

	test('a value that has no place on it, such as 0, lies on its edge', () => {
		const scale = logScale([0, 1, 100], 0, 200);
		expect(scale.from).toBe(1);
		expect(scale.at(0)).toBe(0);
	});

	test('without any value above 0 there is nothing to plot', () => {
		expect(() => logScale([0], 0, 1)).toThrow(RangeError);
	});
});

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

	test('draws each series from left to right', () => {
		const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points = '']) =>
			points.split(' ').map((pair) => Number(pair.split(',')[0])),
		);
		expect(lines).toHaveLength(2);
		for (const [first = 0, second = 0] of lines) expect(first).toBeLessThan(second);
	});

	test('draws more requests further up', () => {
		const [ours = 0, theirs = 0] = [...svg.matchAll(/<polyline points="[\d.]+,([\d.]+)/g)].map(([, y]) =>
			Number(y),
		);
		expect(theirs).toBeLessThan(ours);
	});

	test('names its series and its limit, and is well-formed', () => {
		expect(svg).toContain('>ours</text>');
		expect(svg).toContain('>theirs</text>');
		expect(svg).toContain('>allowed</text>');
		expect(svg).toContain('Requests &amp; runs');
		expect(svg).not.toContain('NaN');
	});

	test('keeps the names of lines that end together apart', () => {
		const same = ['a', 'b', 'c'].map((name) => ({ name, ours: false, points: [point(1, 7), point(10, 7)] }));
		const text = plotSvg({ title: '', xLabel: '', yLabel: '', series: same });
		const heights = same.map(({ name }) =>
			Number(new RegExp(` y="([\\d.]+)"[^>]*>${name}</text>`).exec(text)?.[1]),
		);
		const [top = 0, middle = 0, bottom = 0] = [...heights].sort((a, b) => a - b);
		expect(middle - top).toBeGreaterThan(12);
		expect(bottom - middle).toBeGreaterThan(12);
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
