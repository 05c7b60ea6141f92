import { z } from 'zod';

import { parseTime } from '../../core/runs/parseTime';
import { ApiError } from '../../core/requests/apiError';
import type { JsonObject, Phase, Run, TimeMark } from '../../core/runs/run';
import type { ProviderSpec, ResourceSpec } from '../types';
import type { Paging } from '../listTypes';
import type { Query } from './wire';

/**
 * What comes from the wire, checked for what the code needs and for nothing else: unknown fields and statuses pass
 * through untouched.
 */

/** Rows and runs come by the thousands: no schema, which would copy each of them. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object that holds `inner` at `path`, and whatever else. */
function nested(path: readonly string[], inner: z.ZodType<unknown>): z.ZodType<unknown> {
	return path.reduceRight((schema, key) => z.object({ [key]: schema }), inner);
}

/** What stands at a path; `undefined` where the path leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
	return path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
}

/** Made once for each resource: making a schema takes longer than checking a run with it. */
const runSchemas = new WeakMap<ResourceSpec, z.ZodType<unknown>>();

function runSchema(spec: ResourceSpec): z.ZodType<unknown> {
	const known = runSchemas.get(spec);
	if (known) return known;
	const run = z.object({ id: z.string().min(1) }).and(nested(spec.statusPath, z.string().min(1)));
	const schema = nested(spec.wrappedIn ? [spec.wrappedIn] : [], run);
	runSchemas.set(spec, schema);
	return schema;
}

/** The phase of a raw status; `unknown` for one the table does not have. */
export function phaseOf(spec: Pick<ResourceSpec, 'phases'>, status: string): Phase {
	return Object.hasOwn(spec.phases, status) ? (spec.phases[status] ?? 'unknown') : 'unknown';
}

function timeMark(body: unknown, path: readonly string[] | undefined): TimeMark | undefined {
	if (!path) return undefined;
	const at = parseTime(valueAt(body, path));
	return at === undefined ? undefined : { at, field: path.join('.') };
}

/**
 * A run, out of the body of a read.
 *
 * @throws ApiError `malformed` that names the field that is missing or wrong
 */
export function parseRun(provider: ProviderSpec, spec: ResourceSpec, body: unknown): Run {
	checked(provider, spec.plural, runSchema(spec), body);
	const run = (spec.wrappedIn ? valueAt(body, [spec.wrappedIn]) : body) as JsonObject;
	const status = String(valueAt(run, spec.statusPath));
	return {
		id: run.id as string,
		status,
		phase: phaseOf(spec, status),
		created: timeMark(run, spec.createdPath),
		started: timeMark(run, spec.startedPath),
		body: run,
	};
}

/** The phase that the answer to a cancel claims; `undefined` where it holds no run. */
export function claimedPhase(spec: ResourceSpec, answer: unknown): Phase | undefined {
	const run = valueAt(answer, spec.wrappedIn ? [spec.wrappedIn] : []);
	const status = valueAt(run, spec.statusPath);
	return typeof status === 'string' ? phaseOf(spec, status) : undefined;
}

/** `cancellation_status` of a Retab workflow run; without one the signal counts as accepted (its documented default). */
export function cancellationStatus(answer: unknown): string {
	const status = valueAt(answer, ['cancellation_status']);
	return typeof status === 'string' && status !== '' ? status : 'cancellation_requested';
}

export interface Page {
	/** Rows as the API gave them; anything that is not an object is left out. */
	rows: JsonObject[];
	next?: string;
}

/** How a page says where the next one begins: Retab's cursor, its older form (jobs until 2026-05-22), Extend's token. */
const paging = z.object({
	list_metadata: z.object({ after: z.string().nullish() }).nullish(),
	has_more: z.boolean().nullish(),
	last_id: z.string().nullish(),
	nextPageToken: z.string().nullish(),
});

/** What asks for a page of a list. */
export function pageQuery(list: Paging, token: string | undefined, size: number): Query {
	const sizes = Object.fromEntries(list.pageSizeParams.map((param) => [param, size]));
	if (token === undefined) return sizes;
	return { ...sizes, [list.paging === 'cursor' ? 'after' : 'nextPageToken']: token };
}

/**
 * A page of a list.
 *
 * @throws ApiError `malformed` that names the field that is missing or wrong
 */
export function parsePage(
	provider: ProviderSpec,
	{ plural, list }: { plural: string; list?: Paging },
	body: unknown,
): Page {
	const rowsIn = list?.rowsIn ?? 'data';
	const schema = nested([rowsIn], z.array(z.unknown())).and(paging);
	const page = checked(provider, plural, schema, body);
	const cursor = page.list_metadata ? page.list_metadata.after : page.has_more ? page.last_id : undefined;
	return {
		rows: (valueAt(body, [rowsIn]) as unknown[]).filter(isObject),
		next: (list?.paging === 'cursor' ? cursor : page.nextPageToken) || undefined,
	};
}

/**
 * What a list row tells about its run; `undefined` for a row without an id, or with one that could not stand in a path.
 * Old rows may have no status.
 */
export function parseRow(
	spec: ResourceSpec,
	row: JsonObject,
): { id: string; status?: string; created?: TimeMark; started?: TimeMark } | undefined {
	if (typeof row.id !== 'string' || /^\.{0,2}$/.test(row.id)) return undefined;
	const status = valueAt(row, spec.statusPath);
	return {
		id: row.id,
		status: typeof status === 'string' ? status : undefined,
		created: timeMark(row, spec.createdPath) ?? timeMark(row, spec.rowCreatedPath),
		started: timeMark(row, spec.startedPath),
	};
}

/**
 * The name of the file that a list row is about: `file.filename` (Retab), `file.name` (Extend), or that of the first of its
 * `files` and how many more there are (Extend workflow runs).
 */
export function fileNameOf(row: JsonObject): string | undefined {
	if (!Array.isArray(row.files)) return nameIn(row.file);
	const [first, ...others] = row.files.flatMap((file) => nameIn(file) ?? []);
	return first !== undefined && others.length > 0 ? `${first} and ${others.length} more` : first;
}

function nameIn(file: unknown): string | undefined {
	if (!isObject(file)) return undefined;
	const name = file.filename ?? file.name;
	return typeof name === 'string' && name !== '' ? name : undefined;
}

/**
 * An answer as its schema wants it.
 *
 * @param about what was asked for, for the message
 * @throws ApiError `malformed` that names the field that is missing or wrong
 */
export function checked<T>(
	provider: ProviderSpec,
	about: string,
	schema: z.ZodType<T, z.ZodTypeDef, unknown>,
	answer: unknown,
): T {
	const parsed = schema.safeParse(answer);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	const field = issue?.path.length ? `the field "${issue.path.join('.')}"` : 'the answer';
	const problem = issue?.message === 'Required' ? 'is missing' : `is wrong (${issue?.message ?? 'unknown'})`;
	const text = `${provider.title} gave an answer about ${about} that cannot be used: ${field} ${problem}`;
	throw new ApiError('malformed', text, { hint: wrongApiHint(provider) });
}

/** What to check when answers are not those of the API. */
export function wrongApiHint({ title }: ProviderSpec): string {
	return `Check that the Base URL in the ${title} credential is the one of the API, and that no proxy changes the answers on the way.`;
}
