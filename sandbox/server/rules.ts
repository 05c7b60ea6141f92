import { z, type ZodRawShape, type ZodTypeAny } from 'zod';

/** Parts of the tables of allowed requests. `checkRetab…` and `checkExtend…` turn violations into error responses. */

/** How a broken rule is answered where it differs from the rest: another status, or the server's word for the kind. */
export interface RuleAnswer {
	status?: 400;
	type?: string;
}

/** Names a rule of its own that is broken. */
export function refuse(
	context: z.RefinementCtx,
	message: string,
	params: RuleAnswer = {},
	path: Array<string | number> = [],
): typeof z.NEVER {
	context.addIssue({ code: z.ZodIssueCode.custom, message, params, path });
	return z.NEVER;
}

/** A whole number in a query. */
export function wholeNumber(least = -Infinity, most = Infinity) {
	return z
		.string()
		.transform((sent, context) =>
			/^-?\d+$/.test(sent)
				? Number(sent)
				: refuse(context, 'Input should be a valid integer, unable to parse string', { type: 'int_parsing' }),
		)
		.pipe(z.number().min(least).max(most));
}

/** A parameter that can be repeated in a query. */
export function repeated(item: ZodTypeAny) {
	return z
		.union([z.string(), z.array(z.string())])
		.transform((sent) => [sent].flat())
		.pipe(z.array(item))
		.optional();
}

/** Names and values of a query as an object; a repeated parameter as an array. */
export function queryValues(query: URLSearchParams): Record<string, string | string[]> {
	return Object.fromEntries(
		[...new Set(query.keys())].map((name) => {
			const [first = '', ...others] = query.getAll(name);
			return [name, others.length > 0 ? [first, ...others] : first];
		}),
	);
}

/** Nothing but these parameters. */
export function strictQuery(shape: ZodRawShape) {
	return z
		.object(shape)
		.strict()
		.superRefine(({ before, after }, context) => {
			if (before !== undefined && after !== undefined) {
				refuse(context, 'before and after are mutually exclusive', {}, ['before']);
			}
		});
}
