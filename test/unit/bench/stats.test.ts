import { orderOfRound } from '../../../bench/lib/order';
import { queueLateness } from '../../../bench/lib/queue';
import { mean, median, quantile, summarize } from '../../../bench/lib/stats';

const ONE_TO_HUNDRED = Array.from({ length: 100 }, (_, at) => 100 - at);

describe('figures of many values', () => {
	test('a percentile is the smallest value that so many do not exceed', () => {
		expect(quantile(ONE_TO_HUNDRED, 0.5)).toBe(50);
		expect(quantile(ONE_TO_HUNDRED, 0.99)).toBe(99);
		expect(quantile(ONE_TO_HUNDRED, 1)).toBe(100);
	});

	test('of few values, the 99th percentile is the highest', () => {
		expect(quantile([3, 9, 1], 0.99)).toBe(9);
		expect(quantile([7], 0.01)).toBe(7);
	});

	test('of no values there is no percentile', () => {
		expect(quantile([], 0.5)).toBeNaN();
	});

	test('values are left as they were', () => {
		const values = [3, 1, 2];
		quantile(values, 0.5);
		median(values);
		expect(values).toEqual([3, 1, 2]);
	});

	test('the median of an even number of values lies between the two in the middle', () => {
		expect(median([4, 1, 3])).toBe(3);
		expect(median([4, 1, 3, 2])).toBe(2.5);
		expect(median([])).toBeNaN();
	});

	test('rounds come down to their median and their spread', () => {
		expect(summarize([10, 12, 30, 11, 9])).toEqual({ median: 11, min: 9, max: 30 });
		expect(mean([1, 2, 6])).toBe(3);
	});
});

describe('who goes when', () => {
	test('each round begins with another one, and every second round runs backwards', () => {
		const contenders = ['a', 'b', 'c'];
		expect([0, 1, 2, 3].map((round) => orderOfRound(contenders, round).join(''))).toEqual([
			'abc',
			'acb',
			'cab',
			'cba',
		]);
	});

	test('nobody is left out, and one alone is no problem', () => {
		expect(orderOfRound([1, 2, 3, 4, 5], 7).sort()).toEqual([1, 2, 3, 4, 5]);
		expect(orderOfRound(['only'], 3)).toEqual(['only']);
		expect(orderOfRound([], 3)).toEqual([]);
	});
});

describe('what a bound on requests in flight costs by itself', () => {
	test('nothing, as long as there is a free slot', () => {
		expect(queueLateness([0, 100, 200], 1, 100)).toEqual([0, 0, 0]);
	});

	test('at the same moment, each turn of answers delays the next one', () => {
		expect(queueLateness([0, 0, 0, 0, 0], 2, 10)).toEqual([0, 0, 10, 10, 20]);
	});

	test('a backlog is worked off when requests are due further apart', () => {
		expect(queueLateness([0, 0, 0, 50], 1, 20)).toEqual([0, 20, 40, 10]);
	});
});
