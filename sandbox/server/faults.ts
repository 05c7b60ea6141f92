import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { isObject } from './json';

const faultSchema = z
	.object({
		id: z.string().min(1),
		path: z.string().min(1),
		method: z.string().transform((method) => method.toUpperCase()),
		query: z.string(),
		count: z.union([z.number().int().min(1), z.literal(Infinity), z.literal('always')]),
		after: z.number().int().min(0),
		status: z.number().int().min(200).max(599),
		delayMs: z.number().min(0),
		hang: z.boolean(),
		reset: z.boolean(),
		brokenJson: z.boolean(),
		emptyBody: z.boolean(),
		html: z.boolean(),
		truncate: z.boolean(),
		dripMs: z.number().min(0),
		retryAfter: z.union([z.number(), z.string()]),
		headers: z.record(z.string()),
		body: z.unknown(),
		redirectTo: z.string().min(1),
		applyAfter: z.boolean(),
	})
	.strict()
	.partial()
	.required({ path: true });

/** A fault as it is planted; sandbox/README.md explains each field. */
export type FaultSpec = Omit<z.input<typeof faultSchema>, 'path'> & {
	/** Glob on the path, glob on `METHOD path`, or `re:` and a regular expression on `METHOD path`. */
	path: string | RegExp;
};

export interface PlantedFault extends z.output<typeof faultSchema> {
	readonly id: string;
	/** How many more requests it applies to. */
	remaining: number;
	/** How many matching requests are skipped first. */
	skipping: number;
	/** Requests it was applied to. */
	applied: number;
}

export class FaultError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'FaultError';
	}
}

const REGEX_PREFIX = 're:';
const GLOB_TOKENS = /\*\*|\*|[.+?^${}()|[\]\\]/g;

/** `*` matches within one path segment, `**` matches anything. */
export function globToRegExp(glob: string): RegExp {
	const source = glob.replace(GLOB_TOKENS, (token) => {
		if (token === '**') return '.*';
		if (token === '*') return '[^/]*';
		return `\\${token}`;
	});
	return new RegExp(`^${source}$`);
}

type Matcher = (method: string, path: string) => boolean;

function matcherOf(path: string | RegExp): Matcher {
	if (path instanceof RegExp) {
		const pattern = new RegExp(path.source, path.flags.replace(/[gy]/g, ''));
		return (method, requested) => pattern.test(`${method} ${requested}`);
	}
	if (path.startsWith(REGEX_PREFIX)) {
		try {
			return matcherOf(new RegExp(path.slice(REGEX_PREFIX.length)));
		} catch (error) {
			throw new FaultError(`path: ${error instanceof Error ? error.message : String(error)}`);
		}
	}
	const pattern = globToRegExp(path);
	return path.includes(' ')
		? (method, requested) => pattern.test(`${method} ${requested}`)
		: (_method, requested) => pattern.test(requested);
}

/** The planted faults in the order of planting. */
export class FaultRegistry {
	private faults: Array<{ fault: PlantedFault; matches: Matcher }> = [];

	/** @throws FaultError for an invalid fault */
	plant(spec: unknown): PlantedFault {
		const path = isObject(spec) && spec.path instanceof RegExp ? spec.path : undefined;
		const parsed = faultSchema.safeParse(path && isObject(spec) ? { ...spec, path: String(path) } : spec);
		if (!parsed.success) {
			throw new FaultError(
				parsed.error.issues.map((issue) => `${issue.path.join('.') || 'fault'}: ${issue.message}`).join('; '),
			);
		}
		const { count = 1, after = 0 } = parsed.data;
		const fault: PlantedFault = {
			...parsed.data,
			id: parsed.data.id ?? `fault_${randomUUID().slice(0, 8)}`,
			remaining: count === 'always' ? Infinity : count,
			skipping: after,
			applied: 0,
		};
		this.faults.push({ fault, matches: matcherOf(path ?? fault.path) });
		return fault;
	}

	/** The fault for this request, used up once; undefined for a normal response. */
	take(method: string, path: string, query: string): PlantedFault | undefined {
		for (const { fault, matches } of this.faults) {
			if (fault.remaining < 1) continue;
			if (fault.method !== undefined && fault.method !== method) continue;
			if (fault.query !== undefined && !query.includes(fault.query)) continue;
			if (!matches(method, path)) continue;
			if (fault.skipping > 0) {
				fault.skipping -= 1;
				continue;
			}
			fault.remaining -= 1;
			fault.applied += 1;
			return fault;
		}
		return undefined;
	}

	list(): PlantedFault[] {
		return this.faults.map(({ fault }) => fault);
	}

	/** False when there is no fault with this id. */
	remove(id: string): boolean {
		const before = this.faults.length;
		this.faults = this.faults.filter(({ fault }) => fault.id !== id);
		return this.faults.length < before;
	}

	clear(): void {
		this.faults = [];
	}
}
