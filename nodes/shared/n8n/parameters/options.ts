import type { IExecuteFunctions } from 'n8n-workflow';

import { SECOND, SETTING } from '../../core/config';
import type { PollSettings } from '../../core/watch/pollDelay';
import { FETCH_BY, type FetchBy } from '../../providers/types';
import { InvalidParameterError } from '../output/errors';
import { numberOrDefault } from './numbers';
import { type ParameterSource, describe, fieldsOf, textFrom } from './values';

/** One of some fixed values. @throws InvalidParameterError */
function oneOf<const T extends string>(label: string, values: readonly [T, ...T[]], given: unknown): T {
	const value = values.find((allowed) => allowed === given);
	if (value !== undefined) return value;
	throw new InvalidParameterError(
		`${label} must be one of ${values.join(', ')}; it is ${describe(given)}`,
		'Choose one of them in the field, or let the expression give one.',
	);
}

/** The same, where a value left out, or an emptied field, counts as the first one. */
function oneOrFirst<const T extends string>(label: string, values: readonly [T, ...T[]], given: unknown): T {
	return given === undefined || given === null || given === '' ? values[0] : oneOf(label, values, given);
}

/** A choice among fixed values; the first one is the default. @throws InvalidParameterError */
export function readChoice<const T extends string>(
	parameters: ParameterSource,
	name: string,
	label: string,
	values: readonly [T, ...T[]],
	itemIndex: number,
): T {
	return oneOf(label, values, parameters.getNodeParameter(name, itemIndex, values[0]));
}

function optionsAt(parameters: ParameterSource, itemIndex: number): Record<string, unknown> {
	return fieldsOf(parameters.getNodeParameter('options', itemIndex, {}));
}

/** Whether Get Many of reviews reads what is to be decided about as well. */
export function readIncludeVersion(parameters: ParameterSource, itemIndex: number): boolean {
	return optionsAt(parameters, itemIndex).includeVersion !== false;
}

export interface Options {
	polls: PollSettings;
	/** Milliseconds. */
	confirmFor: number;
	onWorkflowStop: 'leave' | 'cancel';
}

/** The "Options" of an item, in milliseconds. @throws InvalidParameterError */
export function readOptions(context: IExecuteFunctions, itemIndex: number): Options {
	const given = optionsAt(context, itemIndex);
	const seconds = (name: 'interval' | 'maxInterval' | 'confirmFor', label: string, value: unknown): number =>
		numberOrDefault({ label, unit: 'seconds', range: SETTING[name] }, value);
	const mode = oneOrFirst('Poll Interval Mode', ['adaptive', 'fixed'], given.intervalMode);
	const interval = seconds('interval', 'Poll Interval', given.interval);
	const isDefault = given.maxInterval === undefined || given.maxInterval === null || given.maxInterval === '';
	const longest = seconds('maxInterval', 'Max Poll Interval', given.maxInterval);
	const maxInterval = isDefault ? Math.max(longest, interval) : longest;
	if (mode === 'adaptive' && maxInterval < interval) {
		throw new InvalidParameterError(
			`Max Poll Interval (${maxInterval} s) must not be shorter than Poll Interval (${interval} s)`,
			'Raise Max Poll Interval, or choose the Poll Interval Mode Fixed.',
		);
	}
	return {
		polls: { mode, interval: interval * SECOND, maxInterval: maxInterval * SECOND },
		confirmFor: seconds('confirmFor', 'Confirm Cancel For', given.confirmFor) * SECOND,
		onWorkflowStop: oneOrFirst('When the Workflow Is Stopped', ['leave', 'cancel'], given.onWorkflowStop),
	};
}

/** Requests in flight that the node allows, from the options of its first item. @throws InvalidParameterError */
export function readMaxConcurrentRequests(parameters: ParameterSource): number {
	const rule = {
		label: 'Max Concurrent Requests',
		unit: 'requests',
		range: SETTING.maxConcurrentRequests,
		isWhole: true,
	};
	return numberOrDefault(rule, optionsAt(parameters, 0).maxConcurrentRequests);
}

/** Whether an item keeps what came in. */
export function readIncludeInputFields(parameters: ParameterSource, itemIndex: number): boolean {
	return optionsAt(parameters, itemIndex).includeInputFields === true;
}

/** Who downloads documents that are given by their address. @throws InvalidParameterError */
export function readFetchBy(parameters: ParameterSource, itemIndex: number): FetchBy {
	return oneOrFirst('Fetch By', FETCH_BY, optionsAt(parameters, itemIndex).fetchBy);
}

/** Binary field for the file of a run; nothing where none is wanted. @throws InvalidParameterError */
export function readDownload(parameters: ParameterSource, itemIndex: number): string | undefined {
	const given = optionsAt(parameters, itemIndex).download;
	return given === undefined ? undefined : textFrom('Download File Into', given);
}

/** Whether the run shows in its metadata which execution has started it. */
export function readTagWithExecution(parameters: ParameterSource, itemIndex: number): boolean {
	return optionsAt(parameters, itemIndex).tagWithExecution === true;
}
