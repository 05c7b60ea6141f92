import { z, type ZodIssue, type ZodRawShape, type ZodTypeAny } from 'zod';

import { extendError, retabError, retabInvalid, type RetabProblem } from './errors';
import type { JsonObject } from './json';
import { queryValues, strictQuery, type RuleAnswer } from './rules';
import { SteeringError } from './steering';

/** The generic check: tables of zod schemas in, answers in each vendor's own words out. */

interface Problem {
	path: Array<string | number>;
	msg: string;
	type: string;
}

function limitProblem(issue: z.ZodTooSmallIssue | z.ZodTooBigIssue): Omit<Problem, 'path'> {
	const small = issue.code === 'too_small';
	const limit = String(small ? issue.minimum : issue.maximum);
	if (issue.type === 'number') {
		return small
			? { msg: `Input should be greater than or equal to ${limit}`, type: 'greater_than_equal' }
			: { msg: `Input should be less than or equal to ${limit}`, type: 'less_than_equal' };
	}
	const kind = issue.type === 'string' ? 'string_' : '';
	const what = issue.type === 'string' ? 'String' : 'List';
	const unit = issue.type === 'string' ? 'characters' : 'items';
	return small
		? { msg: `${what} should have at least ${limit} ${unit}`, type: `${kind}too_short` }
		: { msg: `${what} should have at most ${limit} ${unit}`, type: `${kind}too_long` };
}

/** zod's words in the words of Retab's server (pydantic). */
function problemsOf(issue: ZodIssue): Problem[] {
	const { path } = issue;
	switch (issue.code) {
		case 'invalid_type': {
			if (issue.received === 'undefined') return [{ path, msg: 'Field required', type: 'missing' }];
			if (issue.expected === 'object') {
				return [{ path, msg: 'Input should be a valid dictionary', type: 'dict_type' }];
			}
			if (issue.expected === 'array')
				return [{ path, msg: 'Input should be a valid list', type: 'list_type' }];
			return [{ path, msg: `Input should be a valid ${issue.expected}`, type: `${issue.expected}_type` }];
		}
		case 'unrecognized_keys':
			return issue.keys.map((key) => ({
				path: [...path, key],
				msg: 'Extra inputs are not permitted',
				type: 'extra_forbidden',
			}));
		case 'invalid_enum_value':
			return [
				{ path, msg: `Input should be ${issue.options.map((one) => `'${one}'`).join(' or ')}`, type: 'enum' },
			];
		case 'invalid_union_discriminator':
			return [{ path, msg: `Input should be ${issue.options.join(', ')}`, type: 'union_tag_invalid' }];
		case 'too_small':
		case 'too_big':
			return [{ path, ...limitProblem(issue) }];
		default:
			return [{ path, msg: issue.message, type: answerOf(issue).type ?? 'value_error' }];
	}
}

function answerOf(issue: ZodIssue): RuleAnswer {
	return issue.code === 'custom' ? (issue.params ?? {}) : {};
}

/** @throws ApiError 422 `{"detail": [{loc, msg, type}]}`, or 400 `{"detail": "text"}` where a rule says so */
function checkRetab(schema: ZodTypeAny, value: unknown, place: 'body' | 'query'): JsonObject {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data as JsonObject;
	const { issues } = parsed.error;
	const plain = issues.filter((issue) => answerOf(issue).status === 400);
	if (plain.length === issues.length) throw retabError(400, plain.map(({ message }) => message).join('; '));
	throw retabInvalid(
		issues.flatMap((issue): RetabProblem[] =>
			problemsOf(issue).map(({ path, msg, type }) => ({ loc: [place, ...path], msg, type })),
		),
	);
}

/** @throws ApiError 422, or 400 where a rule says so */
export function checkRetabBody(schema: ZodTypeAny, body: unknown): JsonObject {
	return checkRetab(schema, body, 'body');
}

/** @throws ApiError 422, or 400 where a rule says so */
export function checkRetabQuery(shape: ZodRawShape, query: URLSearchParams): JsonObject {
	return checkRetab(strictQuery(shape), queryValues(query), 'query');
}

/** @throws ApiError 400 `INVALID_REQUEST` */
export function checkExtendBody(schema: ZodTypeAny, body: unknown): JsonObject {
	const parsed = schema.safeParse(body);
	if (parsed.success) return parsed.data as JsonObject;
	const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
	throw extendError(400, `Invalid request: ${problems.join('; ')}`);
}

/** @throws ApiError 400 `INVALID_REQUEST` */
export function checkExtendQuery(shape: ZodRawShape, query: URLSearchParams): JsonObject {
	return checkExtendBody(strictQuery(shape), queryValues(query));
}

/** A steering mistake, told in the API's own words. */
export function steeringRefusal(error: SteeringError, provider: 'retab' | 'extend'): Error {
	if (provider === 'extend') return extendError(400, `Invalid request: ${error.message}`);
	return retabInvalid(
		error.problems.map(({ key, message }) => ({
			loc: ['body', 'metadata', key],
			msg: message,
			type: 'value_error',
		})),
	);
}

/** Any JSON object. */
export const jsonObject = z.record(z.unknown());
