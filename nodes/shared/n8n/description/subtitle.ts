import type { ProviderSpec, ResourceSpec } from '../../providers/types';
import { REVIEW } from './reviewFields';

/** Subtitles of nodes on the canvas, in words. */

type Texts = Readonly<Record<string, string>>;

/** The part of an expression that gives the text for the value of a parameter, or for each of its values. */
export function textOf(texts: Texts, parameter: string): string {
	const map = `(${JSON.stringify(texts)})`;
	return `[$parameter.${parameter}].flat().map((one) => ${map}[one] ?? one).join(", ")`;
}

function namesOf(
	providers: readonly ProviderSpec[],
	name: (spec: Pick<ResourceSpec, 'noun' | 'plural'>) => string,
): Record<string, string> {
	const named = providers.flatMap(({ resources, reviews }) => [
		...Object.entries(resources),
		...(reviews ? [[REVIEW, reviews] as const] : []),
	]);
	return Object.fromEntries(named.map(([value, spec]) => [value, name(spec)]));
}

/** `workflow run` */
export function nounsOf(...providers: ProviderSpec[]): Texts {
	return namesOf(providers, ({ noun }) => noun);
}

/** `workflow runs` */
export function pluralsOf(...providers: ProviderSpec[]): Texts {
	return namesOf(providers, ({ plural }) => plural);
}

const VERBS: Texts = {
	create: 'Start',
	createBatch: 'Start batch of',
	getBatch: 'Get batch of',
	poll: 'Wait for',
	get: 'Get',
	getAll: 'Get many',
	cancel: 'Cancel',
	delete: 'Delete',
	approve: 'Approve',
	reject: 'Reject',
	createVersion: 'Submit correction for',
};

/** `Wait for extraction`, `Get many extractions` */
export function runSubtitle(provider: ProviderSpec): string {
	const one = textOf(nounsOf(provider), 'resource');
	const many = textOf(pluralsOf(provider), 'resource');
	const noun = `(/getAll|Batch/.test($parameter.operation) ? ${many} : ${one})`;
	return `={{ ${textOf(VERBS, 'operation')} + " " + ${noun} }}`;
}
