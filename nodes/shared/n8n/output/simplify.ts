import type { INodeExecutionData } from 'n8n-workflow';

import type { JsonObject } from '../../core/runs/run';
import { valueAt } from '../../providers/client/parseResponse';
import { type SimpleShape, simplifyRun } from '../../providers/simplify';
import type { ResourceSpec, SimpleField } from '../../providers/types';
import type { ParameterSource } from '../parameters/values';
import { InvalidParameterError } from './errors';

/** How much of a run goes into an item: its main fields, all of it, or the fields named. */
export type OutputShape = 'simplified' | 'raw' | { fields: readonly string[] };

/**
 * What the user chose under Simplify, or an agent's tool under Output.
 *
 * @throws InvalidParameterError when no field is named
 */
export function readOutputShape(parameters: ParameterSource, itemIndex: number): OutputShape {
	// Only tools have it. Versions of n8n that cannot tell show Simplify there as well.
	const output = parameters.getNodeParameter('output', itemIndex, '');
	if (output === 'simplified' || output === 'raw') return output;
	if (output === 'selected') return { fields: readFields(parameters, itemIndex) };
	return parameters.getNodeParameter('simplify', itemIndex, true) === false ? 'raw' : 'simplified';
}

function readFields(parameters: ParameterSource, itemIndex: number): string[] {
	const given = parameters.getNodeParameter('fields', itemIndex, '');
	const parts: unknown[] = Array.isArray(given) ? given : typeof given === 'string' ? given.split(',') : [];
	const fields = parts.flatMap((part) => (typeof part === 'string' && part.trim() ? [part.trim()] : []));
	if (fields.length > 0) return fields;
	throw new InvalidParameterError(
		'Fields names no field',
		'Name at least one, such as "id, status, output", or set Output to Simplified.',
	);
}

/** The item of a run. */
export function shapeRun(shape: OutputShape, spec: SimpleShape, body: JsonObject): object {
	if (shape === 'raw') return body;
	const simple = simplifyRun(spec, body);
	return shape === 'simplified' ? simple : pick(shape.fields, { ...body, ...simple });
}

/** What Timeout Cancel and the trigger put around a run. */
export interface AroundRun {
	[name: string]: unknown;
	run: JsonObject | null;
}

/** A field of an item, for the preview of the output. */
type ItemField = Pick<SimpleField, 'name' | 'type'>;

/** Fields of a run that a simplified item of `watch` and `check` has, by the name that they have there. */
const RESULT_FIELDS: ReadonlyArray<[name: string, of: string]> = [
	['output', 'output'],
	['text', 'text'],
	// A field `error` at the top would make n8n's Retry On Fail run the node again.
	['failure', 'error'],
];

function fields(type: ItemField['type'], ...names: string[]): ItemField[] {
	return names.map((name) => ({ name, type }));
}

/** What a run has used, where the API tells. Runs with a text have 12 fields without it. */
function creditsIn({ simple }: ResourceSpec): ItemField[] {
	return simple.some(({ name }) => name === 'text') ? [] : simple.filter(({ name }) => name === 'credits');
}

/** The fields of a simplified item of `watch` and `check`, at most 12. */
export function reportFields(spec: ResourceSpec): ItemField[] {
	const results = RESULT_FIELDS.flatMap(([name, of]) => {
		const field = spec.simple.find((one) => one.name === of);
		return field ? [{ name, type: field.type }] : [];
	});
	return [
		...fields('string', 'outcome', 'id', 'status'),
		...results,
		...fields('boolean', 'timedOut'),
		...fields('number', 'elapsedMs'),
		...creditsIn(spec),
		...fields('object', 'cancel'),
		...fields('object', ...(spec.cancel?.members ? ['members'] : [])),
		...fields('string', 'lastError', 'provider', 'resource'),
	];
}

/** The item of `watch` and `check`: its main fields, or all that is known. */
export function shapeReport(shape: OutputShape, spec: ResourceSpec, report: AroundRun): object {
	const run = report.run ? simplifyRun(spec, report.run) : {};
	const { outcome, ...rest } = report;
	const full = { outcome, output: run.output ?? null, ...rest };
	if (shape === 'raw') return full;
	const results = RESULT_FIELDS.flatMap(([name, of]) => (of in run ? [[name, run[of]] as const] : []));
	const lastError = 'lastError' in report && { lastError: messageOf(report.lastError) };
	const credits = 'credits' in run && { credits: run.credits };
	const known = { ...report, ...Object.fromEntries(results), ...credits, ...lastError };
	const simple = fieldsIn(known, reportFields(spec));
	return shape === 'simplified' ? simple : pick(shape.fields, { ...full, ...simple });
}

function fieldsIn(item: Record<string, unknown>, fields: readonly ItemField[]): Record<string, unknown> {
	const present = fields.filter(({ name }) => name in item);
	return Object.fromEntries(present.map(({ name }) => [name, item[name]]));
}

function messageOf(error: unknown): unknown {
	const parts = [valueAt(error, ['message']), valueAt(error, ['description'])];
	return parts.filter((part): part is string => typeof part === 'string').join('. ');
}

/** The fields of a simplified event, what it is about first. No event has them all. */
export const EVENT_FIELDS: readonly ItemField[] = [
	...fields('string', 'event', 'id', 'status'),
	...fields('object', 'output'),
	...fields('string', 'text', 'error', 'fileName', 'reviewId', 'versionId'),
	...fields('string', 'provider', 'resource', 'createdAt', 'detectedAt', 'url'),
	...fields('number', 'credits'),
];

/** The item of the trigger. */
export function shapeEvent(shape: OutputShape, spec: ResourceSpec, event: AroundRun): object {
	if (shape === 'raw') return event;
	const run = event.run ? simplifyRun(spec, event.run) : {};
	const simple = fieldsIn({ ...run, ...event }, EVENT_FIELDS);
	return shape === 'simplified' ? simple : pick(shape.fields, { ...event, ...simple });
}

/** The item with the fields and files that came in beside its own, which win. */
export function withInput(item: INodeExecutionData, input?: INodeExecutionData): INodeExecutionData {
	const binary = input?.binary && { binary: input.binary };
	return { ...item, json: { ...input?.json, ...item.json }, ...binary };
}

/** Each name may be a path, such as `output.total`. */
function pick(names: readonly string[], from: object): object {
	const found = names.flatMap((name) => {
		const value = name in from ? valueAt(from, [name]) : valueAt(from, name.split('.'));
		return value === undefined ? [] : [[name, value] as const];
	});
	return Object.fromEntries(found);
}
