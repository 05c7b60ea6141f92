import type { INodeProperties } from 'n8n-workflow';

import type { ReviewsSpec } from '../../providers/reviewTypes';
import type { ProviderSpec } from '../../providers/types';
import { fieldsOf } from './createFields';
import { MAX_CONCURRENT_REQUESTS, optionsField } from './fields';
import { NAMES } from './names';
import { pickerField } from './pickerField';

/** The panel of reviews, out of the provider's row. */

/** Value of the parameter `resource`. */
export const REVIEW = 'review';

/** Operations beside those of the row. */
export const REVIEW_READS = ['getAll', 'get'] as const;

/** In the order of use. */
export function reviewOperations(reviews: ReviewsSpec): string[] {
	return [...REVIEW_READS, ...Object.keys(reviews.actions)];
}

/** Above all other fields of reviews. */
export function reviewOperationField(reviews: ReviewsSpec): INodeProperties {
	const { noun, plural, article, actions } = reviews;
	const texts: Record<string, { name: string; action: string; description: string }> = {
		getAll: {
			name: 'Get Many',
			action: `Get many ${plural}`,
			description: `Get many ${plural}, those that wait unless chosen otherwise, newest first`,
		},
		get: {
			name: 'Get',
			action: `Get ${noun}`,
			description: `Get ${article} ${noun} with the latest version of the result`,
		},
	};
	for (const [operation, { label, action, description }] of Object.entries(actions))
		texts[operation] = { name: label, action, description };
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [REVIEW] } },
		options: reviewOperations(reviews).map((value) => ({ value, name: value, ...texts[value] })),
		default: 'getAll',
	};
}

/** What a trigger, Get, Get Many or another decision has put into the item. */
const REVIEW_OF_ITEM = '={{ $json.reviewId ?? $json.review_id ?? $json.id }}';

/** The same; empty rather than `undefined`, which looks like a mistake in the editor. */
const VERSION_OF_ITEM =
	'={{ $json.versionId ?? $json.latest_version?.id ?? ($json.review_id ? $json.id : "") }}';

export function reviewFields(provider: ProviderSpec, reviews: ReviewsSpec): INodeProperties[] {
	const actions = Object.entries(reviews.actions);
	const byId = (value: string) => ({ default: { mode: 'id', value } });
	return [
		{
			...pickerField(provider, 'reviewId', {
				displayName: reviews.label,
				name: 'reviewId',
				required: true,
				displayOptions: {
					show: { resource: [REVIEW], operation: ['get', ...actions.map(([name]) => name)] },
				},
				description: `ID of the ${reviews.noun}, as ${NAMES.runTrigger} or Get Many returned it, such as ${reviews.idExample}`,
			}),
			...byId(REVIEW_OF_ITEM),
		},
		...actions.flatMap(([operation, action]) => {
			const show = { resource: [REVIEW], operation: [operation] };
			const showFor = (more?: Record<string, string[]>) => ({ show: { ...show, ...more } });
			return [
				{
					...pickerField(provider, 'versionId', {
						displayName: 'Version',
						name: 'versionId',
						required: true,
						displayOptions: { show },
						description: action.versionDescription,
					}),
					...byId(VERSION_OF_ITEM),
				},
				...fieldsOf(provider, action, showFor),
			];
		}),
	];
}

const INCLUDE_VERSION: INodeProperties = {
	displayName: 'Include Latest Version',
	name: 'includeVersion',
	type: 'boolean',
	default: true,
	description:
		'Whether to read the latest version of each review as well, with one more request: the result in output, and the versionId that Approve takes',
};

export function reviewOptions(reviews: ReviewsSpec): INodeProperties[] {
	const others = reviewOperations(reviews).filter((operation) => operation !== 'getAll');
	const on = (operation: string[]) => ({ show: { resource: [REVIEW], operation } });
	return [
		optionsField([INCLUDE_VERSION, MAX_CONCURRENT_REQUESTS], on(['getAll'])),
		optionsField([MAX_CONCURRENT_REQUESTS], on(others)),
	];
}
