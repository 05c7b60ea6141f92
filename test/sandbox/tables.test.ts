import { z, type ZodTypeAny } from 'zod';

import { PROVIDERS } from '../../nodes/shared/providers';
import type { ResourceSpec } from '../../nodes/shared/providers/types';
import { EXTEND_ROWS, type ExtendRow } from '../../sandbox/server/extend/resources';
import { RETAB_ROWS, type RetabRow } from '../../sandbox/server/retab/resources';

/**
 * The nodes' tables and the sandbox's own data say the same about both APIs. Each was made from the vendors' documents, so a
 * difference is a mistake in one of them.
 */

type Shape = Record<string, ZodTypeAny>;

interface Pair {
	name: string;
	spec: ResourceSpec;
	row: RetabRow | ExtendRow;
	listQuery: Shape;
	getQuery: Shape;
}

function pairOf(name: string, spec: ResourceSpec, row: RetabRow | ExtendRow): Pair {
	const listQuery = row.provider === 'retab' ? row.listQuery : row.list?.query;
	return {
		name: `${row.provider} ${name}`,
		spec,
		row,
		listQuery: listQuery ?? {},
		getQuery: row.getQuery ?? {},
	};
}

const RETAB: Record<string, RetabRow> = RETAB_ROWS;
const EXTEND: Record<string, ExtendRow> = EXTEND_ROWS;

function pairs(provider: 'retab' | 'extend', rows: Record<string, RetabRow | ExtendRow>): Pair[] {
	return Object.entries(PROVIDERS[provider].resources).map(([name, spec]) => {
		const row = rows[name];
		if (!row) throw new Error(`the sandbox does not know ${provider} ${name}`);
		return pairOf(name, spec, row);
	});
}

const PAIRS = [...pairs('retab', RETAB), ...pairs('extend', EXTEND)];
const LISTED = PAIRS.filter(({ spec }) => spec.list);
/** The nodes do not start legacy processor runs. */
const CREATED = PAIRS.filter(({ spec }) => spec.create);

/** A schema without what says that its value may be absent, has a default or is checked further. */
function bare(schema: ZodTypeAny | undefined): ZodTypeAny | undefined {
	if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
		return bare(schema.unwrap() as ZodTypeAny);
	}
	if (schema instanceof z.ZodDefault) return bare(schema.removeDefault() as ZodTypeAny);
	if (schema instanceof z.ZodEffects) return bare(schema.innerType() as ZodTypeAny);
	if (schema instanceof z.ZodPipeline) {
		const { out } = (schema as z.ZodPipeline<ZodTypeAny, ZodTypeAny>)._def;
		return out instanceof z.ZodArray ? bare(out.element as ZodTypeAny) : bare(out);
	}
	return schema;
}

function fieldsOf(schema: ZodTypeAny | undefined): Shape {
	const found = bare(schema);
	if (found instanceof z.ZodObject) return found.shape as Shape;
	if (found instanceof z.ZodDiscriminatedUnion) {
		const options = found.options as ZodTypeAny[];
		const types = options.map((option) => (fieldsOf(option).type as z.ZodLiteral<string>).value);
		const merged: Shape = Object.assign({}, ...options.map(fieldsOf));
		return { ...merged, type: z.enum(types as [string, ...string[]]) };
	}
	return {};
}

function schemaAt(schema: ZodTypeAny, path: readonly string[]): ZodTypeAny | undefined {
	return path.reduce<ZodTypeAny | undefined>((one, key) => fieldsOf(one)[key], schema);
}

function valuesOf(schema: ZodTypeAny | undefined): string[] | undefined {
	const found = bare(schema);
	return found instanceof z.ZodEnum ? [...(found.options as string[])].sort() : undefined;
}

function rangeOf(schema: ZodTypeAny | undefined): { min: number; max: number } | undefined {
	const found = bare(schema);
	const { minValue, maxValue } = found instanceof z.ZodNumber ? found : { minValue: null, maxValue: null };
	const limited = minValue !== null && maxValue !== null && Number.isFinite(maxValue);
	return limited ? { min: minValue, max: maxValue } : undefined;
}

test('both know the same resources', () => {
	expect(Object.keys(PROVIDERS.retab.resources).sort()).toEqual(Object.keys(RETAB).sort());
	expect(Object.keys(PROVIDERS.extend.resources).sort()).toEqual(Object.keys(EXTEND).sort());
});

describe.each(PAIRS)('$name', ({ spec, row, getQuery }) => {
	test('has the same path and operations', () => {
		expect({
			path: spec.path,
			list: spec.list !== undefined,
			delete: spec.canDelete === true,
			// The members of a batch are cancelled, not the batch.
			cancel: spec.cancel !== undefined && spec.cancel.members === undefined,
			wrapped: spec.wrappedIn !== undefined,
			idempotent: spec.create?.idempotent === true,
			background: spec.create?.backgroundField !== undefined,
		}).toEqual({
			path: row.path,
			list: row.operations.includes('list'),
			delete: row.operations.includes('delete'),
			cancel: row.operations.includes('cancel'),
			wrapped: row.provider === 'extend' && row.legacy,
			idempotent: row.provider === 'retab' && row.idempotencyKey,
			background: row.provider === 'retab' && row.waits,
		});
	});

	test('has the same meaning for each status', () => {
		for (const [phase, status] of Object.entries(row.statuses)) {
			expect([status, spec.phases[status]]).toEqual([status, phase]);
		}
	});

	test('is read with parameters that there are', () => {
		const sent = [
			...Object.keys({ ...spec.lightQuery, ...spec.fullQuery }),
			...(spec.readOptions ?? []).map(({ param }) => param),
		];
		expect(Object.keys(getQuery)).toEqual(expect.arrayContaining(sent));
	});
});

describe.each(LISTED)('the list of $name', ({ spec, listQuery }) => {
	test('is asked with parameters that there are', () => {
		const { pageSizeParams = [], newestFirst = {}, oldestFirst = {}, filters = [] } = spec.list ?? {};
		const sent = [
			...pageSizeParams,
			...Object.keys({ ...newestFirst, ...oldestFirst }),
			...filters.map(({ param }) => param),
		];
		expect(Object.keys(listQuery)).toEqual(expect.arrayContaining(sent));
	});

	const choices = (spec.list?.filters ?? []).flatMap(({ param, options }) => {
		const allowed = valuesOf(listQuery[param]);
		return options && allowed ? [{ param, options, allowed }] : [];
	});
	if (choices.length > 0) {
		test.each(choices)('offers the values that $param takes', ({ options, allowed }) => {
			expect([...options].sort()).toEqual(allowed);
		});
	}
});

describe.each(CREATED)('the create call of $name', ({ spec, row }) => {
	const fields = spec.create?.fields ?? [];
	if (fields.length > 0) {
		test.each(fields)('agrees on $name', ({ path, required, options, range }) => {
			const schema = schemaAt(row.body, path);
			expect([path.join('.'), schema !== undefined]).toEqual([path.join('.'), true]);
			if (path.length === 1) expect(required === true).toBe(schema?.isOptional() === false);
			const allowed = valuesOf(schema);
			if (allowed) expect([...(options ?? [])].sort()).toEqual(allowed);
			const limits = rangeOf(schema);
			if (limits) expect(range).toEqual(limits);
		});
	}

	test('hands documents over where there is a place for them', () => {
		const { documents, backgroundField } = spec.create ?? {};
		const places = [documents?.key, backgroundField].filter((place) => place !== undefined);
		if (documents?.form === 'oneOrPackage') places.push('package');
		if (documents?.sources.includes('template')) places.push('template_id');
		expect(Object.keys(fieldsOf(row.body))).toEqual(expect.arrayContaining(places));
	});
});
