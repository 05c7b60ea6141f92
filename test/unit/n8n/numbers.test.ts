import { attemptSync } from '../../../nodes/shared/core/concurrency/result';
import { SETTING } from '../../../nodes/shared/core/config';
import { numberIn, readTimeout } from '../../../nodes/shared/n8n/parameters/numbers';

const timeout = { label: 'Timeout', unit: 'seconds', range: SETTING.timeout };

describe('numbers that come as text', () => {
	test.each([
		['60', 60],
		[' 60 ', 60],
		['1e3', 1_000],
		['0.5', 0.5],
	])('"%s" is the number it says', (given, number) => {
		expect(numberIn(timeout, given)).toBe(number);
	});

	test.each(['soon', '60 s', '0x', 'Infinity'])('"%s" is no number', (given) => {
		expect(() => numberIn(timeout, given)).toThrow('Timeout must be a number of seconds');
	});

	test.each(['', ' '])('"%s" is empty', (given) => {
		expect(() => numberIn(timeout, given)).toThrow('Timeout is empty');
	});

	test('the timeout of an item may come as text', () => {
		const parameters: Record<string, unknown> = { timeout: '2', timeoutUnit: 'minutes' };
		const context = { getNodeParameter: (name: string) => parameters[name] };
		expect(readTimeout(context as unknown as Parameters<typeof readTimeout>[0], 0)).toBe(120_000);
	});
});

test('an error says what to do, with an example', () => {
	const refused = attemptSync(() => numberIn(timeout, 'soon'));
	expect(refused).toMatchObject({
		error: { hint: 'Enter a number such as 60, or an expression that gives one.' },
	});
});
