import { z, type ZodIssue, type ZodTypeAny } from 'zod';

import { extendError, retabInvalid, type RetabProblem } from './errors';
import type { JsonObject } from './json';
import { SteeringError } from './steering';

/** zod's words in the words of Retab's server (pydantic). */
function problemOf(issue: ZodIssue): Array<{ path: Array<string | number>; msg: string; type: string }> {
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
			return [{ path, msg: `Input should be ${issue.options.join(', ')}`, type: 'enum' }];
		case 'invalid_union_discriminator':
			return [{ path, msg: `Input should be ${issue.options.join(', ')}`, type: 'union_tag_invalid' }];
		default:
			return [{ path, msg: issue.message, type: 'value_error' }];
	}
}

/** @throws ApiError 422 `{"detail": [{loc, msg, type}]}` */
export function checkRetabBody(schema: ZodTypeAny, body: unknown): JsonObject {
	const parsed = schema.safeParse(body);
	if (parsed.success) return parsed.data as JsonObject;
	throw retabInvalid(
		parsed.error.issues.flatMap((issue): RetabProblem[] =>
			problemOf(issue).map(({ path, msg, type }) => ({ loc: ['body', ...path], msg, type })),
		),
	);
}

/** @throws ApiError 400 `INVALID_REQUEST` */
export function checkExtendBody(schema: ZodTypeAny, body: unknown): JsonObject {
	const parsed = schema.safeParse(body);
	if (parsed.success) return parsed.data as JsonObject;
	const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
	throw extendError(400, `Invalid request: ${problems.join('; ')}`);
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
