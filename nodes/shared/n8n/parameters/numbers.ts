import type { IExecuteFunctions } from 'n8n-workflow';

import { DAY, HOUR, MINUTE, SECOND, SETTING } from '../../core/config';
import { InvalidParameterError } from '../output/errors';
import {
	type Origin,
	type ParameterSource,
	describe,
	emptyError,
	fieldsOf,
	isEmpty,
	numberFrom,
} from './values';

type Setting = (typeof SETTING)[keyof typeof SETTING];

interface NumberRule {
	label: string;
	/** What is counted, such as `seconds`. */
	unit: string;
	/** Smallest and largest value; `min: 0` stands for "more than 0". */
	range: Pick<Setting, 'min' | 'max' | 'default'>;
	isWhole?: boolean;
	/** The largest value in words, where the number itself says little. */
	longest?: string;
}

/**
 * A number within its range. A text that is a number counts as that number.
 *
 * @throws InvalidParameterError
 */
export function numberIn(
	{ label, unit, range, isWhole, longest }: NumberRule,
	given: unknown,
	origin?: Origin,
): number {
	const value = numberFrom(given);
	const isInRange =
		typeof value === 'number' &&
		Number.isFinite(value) &&
		value <= range.max &&
		(range.min === 0 ? value > 0 : value >= range.min);
	if (isInRange && (!isWhole || Number.isInteger(value))) return value;
	const kind = isWhole ? 'a whole number' : 'a number';
	const most = longest ?? String(range.max);
	const hint = `Enter a number such as ${range.default || 1}, or an expression that gives one.`;
	if (isEmpty(given)) throw emptyError(label, given, hint, origin);
	const allowed = range.min === 0 ? `more than 0 and at most ${most}` : `from ${range.min} to ${most}`;
	throw new InvalidParameterError(
		`${label} must be ${kind} of ${unit}, ${allowed}; it is ${describe(given)}`,
		hint,
	);
}

/** The same, where a value left out, or an emptied field, counts as the default. */
export function numberOrDefault(rule: NumberRule, given: unknown): number {
	return given === undefined || given === null || given === '' ? rule.range.default : numberIn(rule, given);
}

const UNIT_MS = { seconds: SECOND, minutes: MINUTE, hours: HOUR } as const;

export type DurationUnit = keyof typeof UNIT_MS;

interface DurationRule {
	name: 'timeout' | 'olderThan' | 'stuckAfter' | 'lookBack';
	label: string;
	unit: DurationUnit;
}

/** A number and its unit, in milliseconds. The range of the setting is in seconds. */
function durationOf(
	{ name, label }: DurationRule,
	given: { value: unknown; unit: unknown },
	origin?: Origin,
): number {
	const units = Object.keys(UNIT_MS) as DurationUnit[];
	const unit = units.find((one) => one === given.unit);
	if (!unit) {
		throw new InvalidParameterError(
			`${label} Unit must be one of ${units.join(', ')}; it is ${describe(given.unit)}`,
			'Choose one of them in the field, or let the expression give one.',
		);
	}
	const { max, ...range } = SETTING[name];
	const rule = {
		label,
		unit,
		range: { ...range, max: (max * SECOND) / UNIT_MS[unit] },
		longest: `${(max * SECOND) / DAY} days`,
	};
	return numberIn(rule, given.value, origin) * UNIT_MS[unit];
}

function readDuration(parameters: ParameterSource, itemIndex: number, rule: DurationRule): number {
	const { name } = rule;
	const value = parameters.getNodeParameter(name, itemIndex, SETTING[name].default);
	const unit = parameters.getNodeParameter(`${name}Unit`, itemIndex, rule.unit);
	return durationOf(rule, { value, unit }, { parameters, name, itemIndex });
}

/** Timeout of an item, in milliseconds. @throws InvalidParameterError */
export function readTimeout(context: IExecuteFunctions, itemIndex: number): number {
	return readDuration(context, itemIndex, { name: 'timeout', label: 'Timeout', unit: 'seconds' });
}

/** Age from which an unfinished run is stuck, in milliseconds. @throws InvalidParameterError */
export function readOlderThan(context: IExecuteFunctions, itemIndex: number): number {
	return readDuration(context, itemIndex, { name: 'olderThan', label: 'Older Than', unit: 'minutes' });
}

/** Age from which the trigger reports an unfinished run as stuck, in milliseconds. @throws InvalidParameterError */
export function readStuckAfter(parameters: ParameterSource): number {
	return readDuration(parameters, 0, { name: 'stuckAfter', label: 'Stuck After', unit: 'minutes' });
}

/** How far back a trigger looks at its first poll, in milliseconds: 0 where nothing is set. @throws InvalidParameterError */
export function readLookBack(parameters: ParameterSource): number {
	const given = fieldsOf(parameters.getNodeParameter('options', 0, {}));
	const value = numberFrom(given.lookBack ?? 0);
	if (value === 0 || value === '') return 0;
	const rule: DurationRule = { name: 'lookBack', label: 'Look Back', unit: 'hours' };
	return durationOf(rule, { value, unit: given.lookBackUnit ?? rule.unit });
}

/** Runs a cleanup acts on. @throws InvalidParameterError */
export function readCleanupLimit(context: IExecuteFunctions, itemIndex: number): number {
	const range = SETTING.cleanupLimit;
	const value: unknown = context.getNodeParameter('limit', itemIndex, range.default);
	return numberIn({ label: 'Limit', unit: 'runs', range, isWhole: true }, value, {
		parameters: context,
		name: 'limit',
		itemIndex,
	});
}

/** How long to wait for a run to end, in milliseconds. @throws InvalidParameterError */
export function readMaxWait(context: IExecuteFunctions, itemIndex: number): number {
	const range = SETTING.maxWait;
	const value: unknown = context.getNodeParameter('maxWait', itemIndex, range.default);
	const longest = `${(range.max * SECOND) / DAY} days`;
	return (
		numberIn({ label: 'Max Wait', unit: 'seconds', range, longest }, value, {
			parameters: context,
			name: 'maxWait',
			itemIndex,
		}) * SECOND
	);
}

/** Rows of a list; no limit where all are wanted. @throws InvalidParameterError */
export function readLimit(context: IExecuteFunctions, itemIndex: number): number {
	const returnAll: unknown = context.getNodeParameter('returnAll', itemIndex, false);
	if (returnAll === true) return Number.POSITIVE_INFINITY;
	const range = SETTING.limit;
	const value: unknown = context.getNodeParameter('limit', itemIndex, range.default);
	return numberIn({ label: 'Limit', unit: 'runs', range, isWhole: true }, value, {
		parameters: context,
		name: 'limit',
		itemIndex,
	});
}
