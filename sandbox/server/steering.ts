import { z } from 'zod';

import { isObject, type JsonObject } from './json';
import { CANCEL_BEHAVIOURS, RESULTS } from './script';

/** Steering keys in `metadata` begin with this; the rest is the camelCase name below in snake_case. */
const PREFIX = 'sandbox_';

/** Retab metadata holds strings only, Extend metadata any JSON: both a number and its text are understood. */
const milliseconds = z
	.union([
		z.number(),
		z
			.string()
			.regex(/^\d+(\.\d+)?$/, 'must be a number of milliseconds')
			.transform(Number),
	])
	.pipe(z.number().finite().min(0));

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

export const JOB_TIMES = ['iso', 'unix', 'unix_ms'] as const;
export type JobTimes = (typeof JOB_TIMES)[number];

const steeringSchema = z
	.object({
		durationMs: milliseconds,
		pendingMs: milliseconds,
		visibleAfterMs: milliseconds,
		result: z.enum(RESULTS),
		retryResult: z.enum(RESULTS),
		retry: z.enum(['normal', 'delayed']),
		cancel: z.enum(CANCEL_BEHAVIOURS),
		cancelMs: milliseconds,
		status: z.string().min(1),
		pendingStatus: z.string().min(1),
		endStatus: z.string().min(1),
		times: z.enum(JOB_TIMES),
		warning: z.string().min(1),
		oldRecord: flag,
		noCreatedAt: flag,
	})
	.strict()
	.partial();

/** How one run is steered. All durations are sandbox ms; sandbox/README.md explains each key. */
export type Steering = z.infer<typeof steeringSchema>;
/** Steering as tests write it: numbers may also be numeric text. */
export type SteeringInput = z.input<typeof steeringSchema>;

export interface SteeringProblem {
	/** The key as the caller wrote it. */
	key: string;
	message: string;
}

export class SteeringError extends Error {
	constructor(readonly problems: SteeringProblem[]) {
		super(problems.map(({ key, message }) => `${key}: ${message}`).join('; '));
		this.name = 'SteeringError';
	}
}

function camel(key: string): string {
	return key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function snake(key: string): string {
	return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function parse(input: JsonObject, nameOf: (key: string) => string): Steering {
	const parsed = steeringSchema.safeParse(input);
	if (parsed.success) return parsed.data;
	throw new SteeringError(
		parsed.error.issues.flatMap((issue) => {
			if (issue.code === 'unrecognized_keys') {
				return issue.keys.map((key) => ({ key: nameOf(key), message: 'is not a steering key' }));
			}
			return [{ key: nameOf(String(issue.path[0])), message: issue.message }];
		}),
	);
}

/**
 * Reads the `sandbox_…` keys of a create call's metadata; other keys are the user's own.
 * @throws SteeringError for an unknown key or a bad value, so that a typing mistake fails the test
 */
export function steeringOf(metadata: unknown): Steering {
	if (!isObject(metadata)) return {};
	const own = Object.entries(metadata).filter(([key]) => key.startsWith(PREFIX));
	if (own.length === 0) return {};
	return parse(
		Object.fromEntries(own.map(([key, value]) => [camel(key.slice(PREFIX.length)), value])),
		(key) => PREFIX + snake(key),
	);
}

/**
 * Checks steering written in camelCase, as tests in process and `/_sandbox/runs` do.
 * @throws SteeringError
 */
export function checkSteering(input: JsonObject): Steering {
	return parse(input, (key) => key);
}

/** True for a metadata key that steers the sandbox and is not the user's own. */
export function isSteeringKey(key: string): boolean {
	return key.startsWith(PREFIX);
}
