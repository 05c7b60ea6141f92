import type { INodeParameters } from 'n8n-workflow';
import { z } from 'zod';

import { DAY, TEXT } from '../../core/config';
import { InvalidParameterError } from '../output/errors';
import { dayAt } from './timeZone';

/** What users type, checked before any request is sent. Every error names the parameter, says what is allowed and what to do. */

/** Where the parameters of a node are read from: an execution, or the poll of a trigger, which has no items. */
export interface ParameterSource {
	getNodeParameter(name: string, itemIndex: number, fallback?: unknown): unknown;
	/** The node as it was saved, with its expressions. */
	getNode(): { parameters: INodeParameters };
}

/** As a trigger has them. */
interface TriggerParameters {
	getNodeParameter(name: string, fallback?: unknown): unknown;
	getNode(): { parameters: INodeParameters };
}

/** The parameters of a trigger. */
export function parametersOf(context: TriggerParameters): ParameterSource {
	return {
		getNodeParameter: (name, _itemIndex, fallback): unknown => context.getNodeParameter(name, fallback),
		getNode: () => context.getNode(),
	};
}

/** A value as it is named in an error. */
export function describe(value: unknown): string {
	if (value === undefined) return 'undefined';
	if (typeof value === 'string') return `the text "${value.slice(0, 40)}"`;
	if (typeof value === 'number') return String(value);
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'a list';
	return typeof value === 'object' ? 'an object' : `a value of type ${typeof value}`;
}

/** An object with unknown values; anything else counts as an empty one. */
export function fieldsOf(value: unknown): Record<string, unknown> {
	const parsed = z.record(z.unknown()).safeParse(value);
	return parsed.success ? parsed.data : {};
}

/** The parts of a list that was typed with commas. */
export function listOf(text: string): string[] {
	return text
		.split(',')
		.map((part) => part.trim())
		.filter((part) => part !== '');
}

/** Text of any value: numbers and dates of n8n's expressions as they write themselves. */
export const asText = z.coerce.string();

export function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** Which parameter of which item a value is, so that an error can show its expression. */
export interface Origin {
	parameters: ParameterSource;
	name: string;
	itemIndex: number;
}

/**
 * The error for a parameter without a value. Where it is an expression, the expression says most about what is wrong.
 *
 * @param hint how to fill it in, with an example
 */
export function emptyError(
	label: string,
	value: unknown,
	hint: string,
	origin?: Origin,
): InvalidParameterError {
	const saved: unknown = origin?.parameters.getNode().parameters[origin.name];
	const text = fieldsOf(saved).value ?? saved;
	if (!origin || typeof text !== 'string' || !text.startsWith('='))
		return new InvalidParameterError(`${label} is empty`, hint);
	const state = typeof value === 'string' ? 'empty' : String(value);
	const expression = text.slice(1).trim().slice(0, TEXT.detail);
	return new InvalidParameterError(
		`${label} is ${state}: the expression ${expression} found nothing`,
		`Look at the input of this node for the field that holds it, and name that field. ${hint}`,
	);
}

/**
 * Refuses an expression that n8n took for plain text, where the text is to name something: it would only not be found.
 *
 * @param example what the text looks like
 * @throws InvalidParameterError
 */
export function refuseExpression(label: string, text: string, example: string): void {
	const shown = describe(text.trim());
	if (text.includes('{{'))
		throw new InvalidParameterError(
			`${label} holds an expression that is not evaluated; it is ${shown}`,
			`Switch the field from Fixed to Expression. Its value then looks like ${example}.`,
		);
	if (/^=?\$(?:json|input|node|\()/.test(text))
		throw new InvalidParameterError(
			`${label} holds an expression without braces; it is ${shown}`,
			'Put it in double braces, such as {{ $json.id }}, and switch the field from Fixed to Expression.',
		);
	if (text.startsWith('='))
		throw new InvalidParameterError(
			`${label} begins with "="; it is ${shown}`,
			`Take the "=" out: n8n adds it by itself. For a fixed value such as ${example}, switch the field from Expression to Fixed.`,
		);
}

/** A text that is not empty, without the spaces around it. @throws InvalidParameterError */
export function textFrom(label: string, value: unknown, origin?: Origin): string {
	if (isEmpty(value))
		throw emptyError(label, value, 'Fill it in, or use an expression such as {{ $json.name }}.', origin);
	if (typeof value === 'string') return value.trim();
	throw new InvalidParameterError(
		`${label} must be a string; it is ${describe(value)}`,
		'Let the expression name a single field, such as {{ $json.name }}.',
	);
}

/** A text that is a number counts as that number; anything else stays what it is. */
export function numberFrom(value: unknown): unknown {
	if (typeof value !== 'string' || value.trim() === '') return value;
	const number = Number(value);
	return Number.isFinite(number) ? number : value;
}

/** A moment with its place in time, such as `2026-01-31T23:30:00Z`. The picker of n8n gives days without. */
const MOMENT = /T.*(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * `YYYY-MM-DD` of a date parameter: a day as it was picked, or the day in a time zone that a moment is in.
 *
 * @throws InvalidParameterError
 */
export function dayOf(label: string, value: unknown, timeZone: string): string {
	const given = value instanceof Date ? value.toISOString() : asText.parse(value ?? '');
	const moment = MOMENT.test(given) ? Date.parse(given) : Number.NaN;
	const text = Number.isNaN(moment) ? given : dayAt(timeZone, moment);
	const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
	const at = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
	if (day === undefined || Number.isNaN(at) || Math.abs(at) > 1e5 * DAY) {
		throw new InvalidParameterError(
			`${label} must be a date; it is ${describe(value)}`,
			'Enter a date such as 2026-01-31.',
		);
	}
	return day;
}
