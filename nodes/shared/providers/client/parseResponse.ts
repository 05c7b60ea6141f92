import { z } from 'zod';

import { parseTime } from '../../core/runs/parseTime';
import { ApiError } from '../../core/requests/apiError';
import type { JsonObject, Phase, Run, TimeMark } from '../../core/runs/run';
import type { ProviderSpec, ResourceSpec } from '../types';

/**
 * What comes from the wire, checked for what the code needs and for nothing else: unknown fields and statuses pass
 * through untouched.
 */

/** Rows and runs come by the thousands: no schema, which would copy each of them. */
function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object that holds `inner` at `path`, and whatever else. */
function nested(path: readonly string[], inner: z.ZodTypeAny): z.ZodTypeAny {
	return path.reduceRight((schema, key) => z.object({ [key]: schema }), inner);
}

/** What stands at a path; `undefined` where the path leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
	return path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
}

/** Made once for each resource: making a schema takes longer than checking a run with it. */
const runSchemas = new WeakMap<ResourceSpec, z.ZodTypeAny>();

function runSchema(spec: ResourceSpec): z.ZodTypeAny {
	const known = runSchemas.get(spec);
	if (known) return known;
	const run = z.object({ id: z.string().min(1) }).and(nested(spec.statusPath, z.string().min(1)));
	const schema = nested(spec.wrappedIn ? [spec.wrappedIn] : [], run);
	runSchemas.set(spec, schema);
	return schema;
}

/** The phase of a raw status; `unknown` for one the table does not have. */
export function phaseOf(spec: ResourceSpec, status: string): Phase {
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
	const checked = runSchema(spec).safeParse(body);
	if (!checked.success) throw wrongAnswer(provider, spec, checked.error);
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

const envelope = z.object({ cancellation_status: z.string().optional() }).passthrough();

/** `cancellation_status` of a Retab workflow run; without one the signal counts as accepted (its documented default). */
export function cancellationStatus(answer: unknown): string {
	const parsed = envelope.safeParse(answer);
	return (parsed.success && parsed.data.cancellation_status) || 'cancellation_requested';
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

/**
 * A page of a list.
 *
 * @throws ApiError `malformed` that names the field that is missing or wrong
 */
export function parsePage(provider: ProviderSpec, spec: ResourceSpec, body: unknown): Page {
	const rowsIn = spec.list?.rowsIn ?? 'data';
	const page = nested([rowsIn], z.array(z.unknown())).and(paging).safeParse(body);
	if (!page.success) throw wrongAnswer(provider, spec, page.error);
	const { list_metadata, has_more, last_id, nextPageToken } = paging.parse(body);
	const cursor = list_metadata ? list_metadata.after : has_more ? last_id : undefined;
	return {
		rows: (valueAt(body, [rowsIn]) as unknown[]).filter(isObject),
		next: (spec.list?.paging === 'cursor' ? cursor : nextPageToken) || undefined,
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

function wrongAnswer(provider: ProviderSpec, spec: ResourceSpec, error: z.ZodError): ApiError {
	const issue = error.issues[0];
	const field = issue?.path.length ? `the field "${issue.path.join('.')}"` : 'the answer';
	const problem = issue?.message === 'Required' ? 'is missing' : `is wrong (${issue?.message ?? 'unknown'})`;
	return new ApiError(
		'malformed',
		`${provider.title} gave an answer about ${spec.plural} that cannot be used: ${field} ${problem}`,
		{
			hint: `Check that the Base URL in the ${provider.title} credential is the one of the API, and that no proxy changes the answers on the way.`,
		},
	);
}
