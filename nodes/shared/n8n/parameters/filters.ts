import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';

import type { JsonObject } from '../../core/runs/run';
import { parseRow } from '../../providers/client/parseResponse';
import { sentTime } from '../../providers/lists/filters';
import type { FilterSpec } from '../../providers/listTypes';
import type { Query, QueryValue, ResourceSpec } from '../../providers/types';
import { InvalidParameterError } from '../output/errors';
import { plainValue } from './locator';
import { endOfDay, startOfDay } from './timeZone';
import { type ParameterSource, asText, dayOf, describe, numberFrom } from './values';

const fields = z.record(z.unknown());

const metadata = z.object({ pairs: z.array(z.object({ name: z.unknown(), value: z.unknown() })).optional() });

/**
 * The filters of an item as query parameters. Empty fields are left out.
 *
 * @throws InvalidParameterError
 */
export function readFilters(
	context: IExecuteFunctions,
	spec: Pick<ResourceSpec, 'list'>,
	itemIndex: number,
): Query {
	const given = fields.parse(context.getNodeParameter('filters', itemIndex, {}));
	const query: Query = {};
	for (const filter of spec.list?.filters ?? []) {
		const value = plainValue(given[filter.name]);
		if (value === undefined || value === null || value === '') continue;
		const sent = sentAs(context, filter, value);
		if (sent !== undefined) query[filter.param] = sent;
	}
	return query;
}

/** Unix ms from which, or up to which, runs are wanted: the begin or the end of the day in the workflow's time zone. */
function momentOf(context: IExecuteFunctions, { label, role }: FilterSpec, value: unknown): number {
	const timeZone = context.getTimezone();
	const day = dayOf(label, value, timeZone);
	return role === 'until' ? endOfDay(timeZone, day) : startOfDay(timeZone, day);
}

/**
 * Tests rows for the date filters of an item to the millisecond. A row without a creation time is let through.
 *
 * @throws InvalidParameterError
 */
export function readDateTest(
	context: IExecuteFunctions,
	spec: ResourceSpec,
	itemIndex: number,
): (row: JsonObject) => boolean {
	const given = fields.parse(context.getNodeParameter('filters', itemIndex, {}));
	const bounds = (spec.list?.filters ?? []).flatMap((filter) => {
		const value = plainValue(given[filter.name]);
		if (filter.kind !== 'date' || value === undefined || value === null || value === '') return [];
		return [{ at: momentOf(context, filter, value), isEnd: filter.role === 'until' }];
	});
	return (row) => {
		const created = parseRow(spec, row)?.created?.at;
		return bounds.every(({ at, isEnd }) => created === undefined || (isEnd ? created <= at : created >= at));
	};
}

function sentAs(context: IExecuteFunctions, filter: FilterSpec, value: unknown): QueryValue | undefined {
	switch (filter.kind) {
		case 'date':
			return sentTime(filter, momentOf(context, filter, value));
		case 'number':
			return wholeNumberOf(filter, value);
		case 'metadata':
			return metadataOf(filter, value);
		case 'options':
			return optionOf(filter, value);
		case 'several': {
			const chosen = (Array.isArray(value) ? value : [value]).map((one) => optionOf(filter, one));
			return chosen.length > 0 ? chosen : undefined;
		}
		case 'text':
			if (typeof value === 'string') return value.trim();
			throw new InvalidParameterError(
				`${filter.label} must be a string; it is ${describe(value)}`,
				'Take the filter out, or let the expression name a single field.',
			);
	}
}

/** Nothing for 0, which means no limit. */
function wholeNumberOf({ label }: FilterSpec, given: unknown): number | undefined {
	const value = numberFrom(given);
	if (value === 0) return undefined;
	if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
	throw new InvalidParameterError(
		`${label} must be a whole number, 0 or more; it is ${describe(given)}`,
		'Enter a number such as 1000; 0 means no limit.',
	);
}

function optionOf({ label, options }: FilterSpec, value: unknown): string {
	if (options?.includes(String(value))) return String(value);
	throw new InvalidParameterError(
		`${label} must be one of ${options?.join(', ')}; it is "${String(value)}"`,
		'Choose one of them in the filter, or take the filter out.',
	);
}

function metadataOf(filter: FilterSpec, value: unknown): string | undefined {
	const wanted = readMetadata(filter.label, value);
	return Object.keys(wanted).length > 0 ? JSON.stringify(wanted) : undefined;
}

/**
 * The pairs of a metadata field.
 *
 * @throws InvalidParameterError when a pair has no name, or two have the same
 */
export function readMetadata(label: string, value: unknown): Record<string, string> {
	const given = metadata.safeParse(value ?? {});
	const howTo = 'Add one row per pair, each with a name and a value.';
	if (!given.success) throw new InvalidParameterError(`${label} must be pairs of a name and a value`, howTo);
	const wanted = new Map<string, string>();
	for (const { name, value: text } of given.data.pairs ?? []) {
		if (typeof name !== 'string' || name.trim() === '') {
			throw new InvalidParameterError(`${label}: each pair needs a name`, howTo);
		}
		if (wanted.has(name.trim()))
			throw new InvalidParameterError(`${label}: the name "${name.trim()}" is duplicated`, howTo);
		wanted.set(name.trim(), asText.parse(text ?? ''));
	}
	return Object.fromEntries(wanted);
}

/** The query of a `get`: that of a full read, with the switches the user set. */
export function readGetQuery(context: IExecuteFunctions, spec: ResourceSpec, itemIndex: number): Query {
	const given = fields.parse(context.getNodeParameter('options', itemIndex, {}));
	const query: Query = { ...spec.fullQuery };
	for (const option of spec.readOptions ?? []) {
		const value = given[option.name];
		if (typeof value !== 'boolean') continue;
		query[option.param] = option.values ? option.values[value ? 'on' : 'off'] : value;
	}
	return query;
}

type FilterReader = <T>(name: string, schema: z.ZodType<T>, problem: string) => T | undefined;

/**
 * Reads the filters of nodes that act on whatever they find. One that is there but says nothing (an expression that led
 * nowhere) is a mistake: without it more runs would be cancelled, or reported, than were meant.
 *
 * @throws InvalidParameterError, also from the reader
 */
export function filterReader(parameters: ParameterSource, itemIndex: number): FilterReader {
	const given = z.record(z.unknown()).safeParse(parameters.getNodeParameter('filters', itemIndex, {}));
	if (!given.success) {
		throw new InvalidParameterError('Filters must be an object', 'Add filters in the panel, one by one.');
	}
	return (name, schema, problem) => {
		if (!Object.hasOwn(given.data, name)) return undefined;
		const parsed = schema.safeParse(plainValue(given.data[name]));
		if (parsed.success) return parsed.data;
		throw new InvalidParameterError(problem, 'Fill the filter in, or take it out of the node.');
	};
}

/** Whose runs are meant. @throws InvalidParameterError */
export function readOwner(filter: FilterReader): { workflowId?: string; processorId?: string } {
	const id = (name: string, label: string) =>
		filter(name, z.string().trim().min(1), `${label} must be a text that is not empty`);
	return {
		workflowId: id('workflowId', 'Workflow'),
		processorId: id('extractorId', 'Extractor, Classifier or Splitter'),
	};
}
