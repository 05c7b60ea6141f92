import type { IExecuteFunctions, IPollFunctions } from 'n8n-workflow';
import { z } from 'zod';

import { DAY, HOUR, MINUTE, SECOND, SETTING, TEXT } from '../../core/config';
import type { PollSettings } from '../../core/watch/pollDelay';
import { FETCH_BY, type FetchBy } from '../../providers/types';
import { InvalidParameterError } from '../output/errors';

/** What users type, checked before any request leaves. Every failure names the parameter and says what is allowed. */

/** Where the parameters of a node are read from: an execution, or the poll of a trigger, which has no items. */
export interface ParameterSource {
	getNodeParameter(name: string, itemIndex: number, fallback?: unknown): unknown;
}

/** The parameters of a poll trigger. */
export function parametersOf(context: IPollFunctions): ParameterSource {
	return {
		getNodeParameter: (name, _itemIndex, fallback): unknown => context.getNodeParameter(name, fallback),
	};
}

const UNIT_MS = { seconds: SECOND, minutes: MINUTE, hours: HOUR } as const;

interface Range {
	min: number;
	max: number;
}

/** A value as it is named in an error. */
export function describe(value: unknown): string {
	if (value === undefined) return 'nothing';
	if (typeof value === 'string') return `the text "${value.slice(0, 40)}"`;
	if (typeof value === 'number') return String(value);
	return `a value of type ${value === null ? 'null' : typeof value}`;
}

function check<T>(schema: z.ZodType<T, z.ZodTypeDef, unknown>, value: unknown): T {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	throw new InvalidParameterError(parsed.error.issues[0]?.message ?? 'A parameter is not valid');
}

/** A number within the range of a setting. `min: 0` stands for "more than 0". */
function numberIn(label: string, range: Range, unit: string): z.ZodType<number> {
	const allowed =
		range.min === 0 ? `more than 0 and at most ${range.max}` : `from ${range.min} to ${range.max}`;
	return z.custom<number>(
		(value) =>
			typeof value === 'number' &&
			Number.isFinite(value) &&
			value <= range.max &&
			(range.min === 0 ? value > 0 : value >= range.min),
		(value) => ({ message: `${label} must be a number of ${unit}, ${allowed}; it is ${describe(value)}` }),
	);
}

function wholeNumberIn(label: string, range: Range, unit: string): z.ZodType<number> {
	return numberIn(label, range, unit).refine(Number.isInteger, {
		message: `${label} must be a whole number of ${unit}, from ${range.min} to ${range.max}`,
	});
}

function oneOf<const T extends string>(label: string, values: readonly [T, ...T[]]): z.ZodType<T> {
	return z.custom<T>(
		(value) => values.some((allowed) => allowed === value),
		(value) => ({ message: `${label} must be one of ${values.join(', ')}; it is ${describe(value)}` }),
	);
}

/** A value left out, or an emptied field, counts as the default. */
function orDefault<T>(schema: z.ZodType<T>, fallback: T): z.ZodType<T, z.ZodTypeDef, unknown> {
	return z.unknown().transform((value, context) => {
		if (value === undefined || value === null || value === '') return fallback;
		const parsed = schema.safeParse(value);
		if (parsed.success) return parsed.data;
		parsed.error.issues.forEach((issue) => context.addIssue(issue));
		return z.NEVER;
	});
}

const maxConcurrentRequests = orDefault(
	wholeNumberIn('Max Concurrent Requests', SETTING.maxConcurrentRequests, 'requests'),
	SETTING.maxConcurrentRequests.default,
);

const options = z.object({
	intervalMode: orDefault(oneOf('Poll Interval Mode', ['adaptive', 'fixed']), 'adaptive'),
	interval: orDefault(numberIn('Poll Interval', SETTING.interval, 'seconds'), SETTING.interval.default),
	maxInterval: orDefault<number | undefined>(
		numberIn('Max Poll Interval', SETTING.maxInterval, 'seconds'),
		undefined,
	),
	confirmFor: orDefault(
		numberIn('Confirm Cancel For', SETTING.confirmFor, 'seconds'),
		SETTING.confirmFor.default,
	),
	onWorkflowStop: orDefault(oneOf('When the Workflow Is Stopped', ['leave', 'cancel']), 'leave'),
	maxConcurrentRequests,
});

export interface Options {
	polls: PollSettings;
	/** Milliseconds. */
	confirmFor: number;
	onWorkflowStop: 'leave' | 'cancel';
}

/**
 * The "Options" of an item, in milliseconds.
 *
 * @throws InvalidParameterError
 */
export function readOptions(context: IExecuteFunctions, itemIndex: number): Options {
	const given = check(options, context.getNodeParameter('options', itemIndex, {}));
	const longest = given.maxInterval ?? Math.max(SETTING.maxInterval.default, given.interval);
	if (given.intervalMode === 'adaptive' && longest < given.interval) {
		throw new InvalidParameterError(
			`Max Poll Interval (${longest} s) must not be shorter than Poll Interval (${given.interval} s)`,
		);
	}
	return {
		polls: {
			mode: given.intervalMode,
			interval: given.interval * SECOND,
			maxInterval: longest * SECOND,
		},
		confirmFor: given.confirmFor * SECOND,
		onWorkflowStop: given.onWorkflowStop,
	};
}

/**
 * Requests in flight for the whole node, from the options of its first item.
 *
 * @throws InvalidParameterError
 */
export function readMaxConcurrentRequests(context: ParameterSource): number {
	const given = check(z.record(z.unknown()), context.getNodeParameter('options', 0, {}));
	return check(maxConcurrentRequests, given.maxConcurrentRequests);
}

/**
 * Who downloads the documents of an item that are given by their address.
 *
 * @throws InvalidParameterError
 */
export function readFetchBy(context: ParameterSource, itemIndex: number): FetchBy {
	const given = check(z.record(z.unknown()), context.getNodeParameter('options', itemIndex, {}));
	return check(orDefault(oneOf('Fetch By', FETCH_BY), 'auto'), given.fetchBy);
}

/** Whether an item keeps what came in. */
export function readIncludeInputFields(context: ParameterSource, itemIndex: number): boolean {
	const given = check(z.record(z.unknown()), context.getNodeParameter('options', itemIndex, {}));
	return given.includeInputFields === true;
}

/**
 * Ids of files.
 *
 * @throws InvalidParameterError
 */
export function readFileIds(ids: readonly string[]): string[] {
	return ids.map((id) => {
		if (SAFE_ID.test(id) && id.length <= TEXT.id) return id;
		throw new InvalidParameterError(
			`File ID may only hold letters, digits and _ - : ~ @ = +; it is ${describe(id)}`,
		);
	});
}

/** What an id may hold: ids are opaque to us, but none may change the path it is put into. */
const SAFE_ID = /^[\w:~@=+-]+$/;

const runId = z.custom<string>(
	(value) => typeof value === 'string' && SAFE_ID.test(value) && value.length <= TEXT.id,
	(value) => ({ message: runIdProblem(value) }),
);

function runIdProblem(value: unknown): string {
	if (value === undefined || value === null || value === '') return 'Run ID is empty';
	if (typeof value !== 'string') return `Run ID must be a text; it is ${describe(value)}`;
	if (value.length > TEXT.id) return `Run ID is too long: at most ${TEXT.id} characters`;
	return 'Run ID may only hold letters, digits and _ - : ~ @ = +, such as extr_01J9';
}

/**
 * The id of a run: a text, or what a resource locator holds. Spaces around it are dropped.
 *
 * @throws InvalidParameterError
 */
export function readRunId(context: IExecuteFunctions, itemIndex: number): string {
	const raw: unknown = context.getNodeParameter('runId', itemIndex, '', { extractValue: true });
	const value = typeof raw === 'object' && raw !== null && 'value' in raw ? raw.value : raw;
	return check(runId, typeof value === 'string' ? value.trim() : value);
}

interface DurationField {
	name: 'timeout' | 'olderThan' | 'stuckAfter' | 'lookBack';
	label: string;
	unit: 'seconds' | 'minutes' | 'hours';
	longest: string;
}

/** A number and its unit, in milliseconds. The range of the setting is in seconds. */
function readDuration(context: ParameterSource, itemIndex: number, field: DurationField): number {
	const { name } = field;
	return durationOf(field, {
		value: context.getNodeParameter(name, itemIndex, SETTING[name].default),
		unit: context.getNodeParameter(`${name}Unit`, itemIndex, field.unit),
	});
}

function durationOf(
	{ name, label, longest }: DurationField,
	given: { value: unknown; unit: unknown },
): number {
	const range = SETTING[name];
	const unit = check(oneOf(`${label} Unit`, ['seconds', 'minutes', 'hours']), given.unit);
	const inUnit: Range = { ...range, max: (range.max * SECOND) / UNIT_MS[unit] };
	return check(numberIn(label, inUnit, `${unit} (${longest} at most)`), given.value) * UNIT_MS[unit];
}

/**
 * Timeout of an item, in milliseconds.
 *
 * @throws InvalidParameterError
 */
export function readTimeout(context: IExecuteFunctions, itemIndex: number): number {
	return readDuration(context, itemIndex, {
		name: 'timeout',
		label: 'Timeout',
		unit: 'seconds',
		longest: '30 days',
	});
}

/**
 * Age from which an unfinished run is stuck, in milliseconds.
 *
 * @throws InvalidParameterError
 */
export function readOlderThan(context: IExecuteFunctions, itemIndex: number): number {
	return readDuration(context, itemIndex, {
		name: 'olderThan',
		label: 'Older Than',
		unit: 'minutes',
		longest: '365 days',
	});
}

/**
 * Age from which the trigger reports an unfinished run as stuck, in milliseconds.
 *
 * @throws InvalidParameterError
 */
export function readStuckAfter(context: ParameterSource): number {
	return readDuration(context, 0, {
		name: 'stuckAfter',
		label: 'Stuck After',
		unit: 'minutes',
		longest: '365 days',
	});
}

/**
 * How far back a trigger looks when it begins, in milliseconds: 0 where nothing is set.
 *
 * @throws InvalidParameterError
 */
export function readLookBack(context: ParameterSource): number {
	const given = check(z.record(z.unknown()), context.getNodeParameter('options', 0, {}));
	const value = given.lookBack ?? 0;
	if (value === 0 || value === '') return 0;
	return durationOf(
		{ name: 'lookBack', label: 'Look Back', unit: 'hours', longest: '30 days' },
		{ value, unit: given.lookBackUnit ?? 'hours' },
	);
}

/** @throws InvalidParameterError */
export function readCleanupLimit(context: IExecuteFunctions, itemIndex: number): number {
	const value = context.getNodeParameter('limit', itemIndex, SETTING.cleanupLimit.default);
	return check(wholeNumberIn('Limit', SETTING.cleanupLimit, 'runs'), value);
}

/** @throws InvalidParameterError */
export function readMaxWait(context: IExecuteFunctions, itemIndex: number): number {
	const value = context.getNodeParameter('maxWait', itemIndex, SETTING.maxWait.default);
	return check(numberIn('Max Wait', SETTING.maxWait, 'seconds'), value) * SECOND;
}

/** @throws InvalidParameterError */
export function readLimit(context: IExecuteFunctions, itemIndex: number): number {
	const returnAll: unknown = context.getNodeParameter('returnAll', itemIndex, false);
	if (returnAll === true) return Number.POSITIVE_INFINITY;
	const value = context.getNodeParameter('limit', itemIndex, SETTING.limit.default);
	return check(wholeNumberIn('Limit', SETTING.limit, 'runs'), value);
}

/**
 * A choice among fixed values.
 *
 * @throws InvalidParameterError
 */
export function readChoice<const T extends string>(
	context: ParameterSource,
	name: string,
	label: string,
	values: readonly [T, ...T[]],
	itemIndex: number,
): T {
	return check(oneOf(label, values), context.getNodeParameter(name, itemIndex, values[0]));
}

/** Text of any value: numbers and dates of n8n's expressions as they write themselves. */
export const asText = z.coerce.string();

/** `YYYY-MM-DD` of a date parameter (ISO text, or a date of n8n's expressions). @throws InvalidParameterError */
export function dayOf(label: string, value: unknown): string {
	const text = value instanceof Date ? value.toISOString() : asText.parse(value ?? '');
	const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
	const at = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
	if (day === undefined || Number.isNaN(at) || Math.abs(at) > 1e5 * DAY) {
		throw new InvalidParameterError(`${label} must be a date such as 2026-01-31; it is ${describe(value)}`);
	}
	return day;
}
