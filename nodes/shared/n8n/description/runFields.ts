import type { INodeProperties, INodePropertyMode } from 'n8n-workflow';

import type {
	CreateSpec,
	DashboardSpec,
	ProviderSpec,
	ReadOptionSpec,
	ResourceSpec,
} from '../../providers/types';
import type { ReviewsSpec } from '../../providers/reviewTypes';
import { createFields, FETCH_BY_FIELD, metadataFieldOf, TAG_FIELD, takesAddresses } from './createFields';
import {
	CONFIRM_FOR,
	INTERVAL,
	INTERVAL_MODE,
	MAX_CONCURRENT_REQUESTS,
	MAX_INTERVAL,
	downloadField,
	MAX_WAIT,
	ON_TIMEOUT,
	optionsField,
	outputFields,
} from './fields';
import { listFields } from './listFields';
import { resourceOptions } from './providerFields';
import { REVIEW, reviewFields, reviewOperationField, reviewOptions } from './reviewFields';
import { SHOW_SCHEMA } from './schemaFields';

/** What the Retab and Extend nodes can do with a run, as far as the API of its resource has it. In the order of use. */
export const OPERATIONS = [
	'create',
	'poll',
	'get',
	'getAll',
	'createBatch',
	'getBatch',
	'cancel',
	'delete',
] as const;

export type Operation = (typeof OPERATIONS)[number];

export function hasOperation(spec: ResourceSpec, operation: Operation): boolean {
	switch (operation) {
		case 'cancel':
			return spec.cancel !== undefined;
		case 'create':
			return spec.create !== undefined;
		case 'createBatch':
		case 'getBatch':
			return spec.batch !== undefined;
		case 'delete':
			return spec.canDelete === true;
		case 'getAll':
			return spec.list !== undefined;
		case 'get':
		case 'poll':
			return true;
	}
}

/** All fields of the panel of a provider's node, out of its table of resources. */
export function runFields(provider: ProviderSpec): INodeProperties[] {
	const resources = Object.entries(provider.resources);
	const { reviews } = provider;
	const kinds = withReviews(resources, reviews);
	const isOffered = (operation: Operation) => resources.some(([, spec]) => hasOperation(spec, operation));
	return [
		resourceField(provider, kinds),
		...kinds.map(([name, spec]) =>
			'actions' in spec ? reviewOperationField(spec) : operationField(name, spec),
		),
		...resources.map(([name, spec]) => runIdField(provider, name, spec)),
		...batchIdField(provider, resources),
		...createFields(provider),
		...waitFields(resources.map(([name]) => name)),
		...(reviews ? reviewFields(provider, reviews) : []),
		...listFields(provider, reviews ? [...resources, [REVIEW, reviews]] : resources),
		...outputFields({
			operation: [
				...OPERATIONS.filter((operation) => operation !== 'delete' && isOffered(operation)),
				...Object.keys(reviews?.actions ?? {}),
			],
		}),
		...createOptionsFields(resources),
		...optionsFields(resources),
		...(reviews ? reviewOptions(reviews) : []),
		...resources.flatMap(([name, spec]) => getOptionsField(name, spec)),
	];
}

type Kind = readonly [string, ResourceSpec | ReviewsSpec];

/** In the order of use: reviews after the runs that wait for them. */
function withReviews(
	resources: ReadonlyArray<readonly [string, ResourceSpec]>,
	reviews: ReviewsSpec | undefined,
): Kind[] {
	return resources.flatMap((row): Kind[] => (reviews?.of === row[0] ? [row, [REVIEW, reviews]] : [row]));
}

function resourceField(provider: ProviderSpec, kinds: readonly Kind[]): INodeProperties {
	const preselected = provider.defaultResource;
	return {
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: resourceOptions(kinds),
		default: preselected,
	};
}

type Texts = Record<Operation, { name: string; action: string; description: string }>;

function operationTexts(spec: ResourceSpec): Texts {
	const one = `${spec.article} ${spec.noun}`;
	const { noun, plural } = spec;
	return {
		cancel: {
			name: 'Cancel',
			action: `Cancel ${noun}`,
			description: `Cancel ${one} and wait until the API shows what became of it`,
		},
		create: {
			name: 'Create',
			action: spec.createAction ?? `Start ${noun}`,
			description: `Start ${one}${spec.create?.backgroundField ? ', in the background unless told otherwise' : ''}`,
		},
		createBatch: {
			name: 'Create Batch',
			action: `Start batch of ${plural}`,
			description: `Start ${one} for each item, up to 1,000 with one request`,
		},
		delete: {
			name: 'Delete',
			action: `Delete ${noun}`,
			description: `Delete ${one} and its data. This does not cancel a run that is still going on.`,
		},
		get: { name: 'Get', action: `Get ${noun}`, description: `Get ${one} as it is now` },
		getAll: {
			name: 'Get Many',
			action: `Get many ${plural}`,
			description: `Get many ${plural}, newest first where the API can sort`,
		},
		getBatch: {
			name: 'Get Batch',
			action: `Get ${plural} of batch`,
			description: `Get the ${plural} of a batch with their results, in the order of the items that started them`,
		},
		poll: {
			name: 'Poll Until Finished',
			action: `Wait for ${noun} to finish`,
			description: `Wait until ${one} has ended, whether well or badly, and return it`,
		},
	};
}

function operationField(resource: string, spec: ResourceSpec): INodeProperties {
	const texts = operationTexts(spec);
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource] } },
		options: OPERATIONS.filter((operation) => hasOperation(spec, operation)).map((value) => ({
			value,
			...texts[value],
		})),
		default: 'get',
	};
}

/** Operations on one run. */
const ON_RUN = ['poll', 'get', 'cancel', 'delete'] as const satisfies readonly Operation[];

/** The batch whose runs are wanted, as an ID like that of a run. */
function batchIdField(provider: ProviderSpec, resources: Array<[string, ResourceSpec]>): INodeProperties[] {
	const batches = provider.resources[provider.batches ?? ''];
	if (!batches) return [];
	const resource = resources.filter(([, spec]) => spec.batch).map(([name]) => name);
	return [
		{
			...runIdField(provider, '', batches),
			displayOptions: { show: { resource, operation: ['getBatch'] } },
			description: `ID of the batch, as Create Batch returned it, such as ${batches.idExample}`,
		},
	];
}

function runIdField({ dashboard }: ProviderSpec, resource: string, spec: ResourceSpec): INodeProperties {
	const operations = ON_RUN.filter((operation) => hasOperation(spec, operation));
	const field: INodeProperties = {
		displayName: spec.label,
		name: 'runId',
		type: 'resourceLocator',
		required: true,
		default: { mode: 'id', value: '={{ $json.id }}' },
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: 'searchRuns', searchable: true },
			},
			{ displayName: 'By ID', name: 'id', type: 'string', placeholder: `e.g. ${spec.idExample}` },
			...(dashboard && spec.hasDashboard ? [urlMode(dashboard, spec)] : []),
		],
		displayOptions: { show: { resource: [resource], operation: operations } },
		description: runIdText(spec),
	};
	return spec.list ? field : { ...field, modes: field.modes?.filter(({ name }) => name !== 'list') };
}

/** Read by users and, where the node is a tool, by agents, which have to know where the ID comes from. */
function runIdText({ noun, idExample, list, create }: ResourceSpec): string {
	const sources = [create && 'Create', list && 'Get Many'].filter(Boolean).join(' or ');
	const from = sources ? `as ${sources} returned it` : 'as an earlier step returned it';
	const text = `ID of the ${noun}, ${from}, such as ${idExample}`;
	return list ? `${text}. Times in the list are in the time zone of the workflow.` : text;
}

/** Takes the ID of a run out of its address in the provider's dashboard. */
function urlMode({ host, idInAddress }: DashboardSpec, spec: ResourceSpec): INodePropertyMode {
	const named = { displayName: 'By URL', name: 'url' };
	return {
		...named,
		type: 'string',
		placeholder: `e.g. https://${host}/runs/${spec.idExample}`,
		validation: [
			{
				type: 'regex',
				properties: {
					regex: idInAddress,
					errorMessage: `Not the address of ${spec.article} ${spec.noun}. Copy it from the dashboard: it begins with https://${host}/ and ends with the ID, such as ${spec.idExample}. With the ID alone, choose By ID.`,
				},
			},
		],
		extractValue: { type: 'regex', regex: idInAddress },
	};
}

function createOptionsFields(resources: Array<[string, ResourceSpec]>): INodeProperties[] {
	return resources.flatMap(([resource, { create, batch }]) => [
		...(create ? [createOptions(create, { resource: [resource], operation: ['create'] })] : []),
		...(batch ? [createOptions(batch, { resource: [resource], operation: ['createBatch'] })] : []),
	]);
}

function createOptions(spec: CreateSpec, show: Record<string, string[]>): INodeProperties {
	const fields = [
		...(takesAddresses(spec) ? [FETCH_BY_FIELD] : []),
		...(spec.schema ? [SHOW_SCHEMA] : []),
		MAX_CONCURRENT_REQUESTS,
		...(metadataFieldOf(spec) ? [TAG_FIELD] : []),
	];
	return optionsField(fields, { show });
}

function waitFields(resources: string[]): INodeProperties[] {
	const onPoll = { show: { resource: resources, operation: ['poll'] } };
	return [
		{ ...MAX_WAIT, displayOptions: onPoll },
		{ ...ON_TIMEOUT, displayOptions: onPoll },
	];
}

function optionsFields(table: Array<[string, ResourceSpec]>): INodeProperties[] {
	const resources = table.map(([name]) => name);
	const download = downloadField(table.filter(([, spec]) => spec.files).map(([name]) => name));
	const onPoll = { show: { resource: resources, operation: ['poll'] } };
	return [
		optionsField([INTERVAL_MODE, INTERVAL, MAX_INTERVAL, download, MAX_CONCURRENT_REQUESTS], onPoll),
		optionsField([CONFIRM_FOR, MAX_CONCURRENT_REQUESTS], {
			show: { resource: resources, operation: ['cancel'] },
		}),
		optionsField([MAX_CONCURRENT_REQUESTS], {
			show: {
				resource: resources,
				operation: ['delete', 'getAll', ...(table.some(([, { batch }]) => batch) ? ['getBatch'] : [])],
			},
		}),
	];
}

function getOptionsField(resource: string, spec: ResourceSpec): INodeProperties[] {
	return [
		optionsField(
			[
				...(spec.readOptions ?? []).map(readOptionField),
				...(spec.files ? [downloadField([resource])] : []),
				MAX_CONCURRENT_REQUESTS,
			],
			{ show: { resource: [resource], operation: ['get'] } },
		),
	];
}

function readOptionField(option: ReadOptionSpec): INodeProperties {
	const texts = { displayName: option.label, name: option.name, description: option.description };
	return { ...texts, type: 'boolean', default: option.default };
}
