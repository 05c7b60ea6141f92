import { setTimeout as delay } from 'node:timers/promises';
import {
	deepCopy,
	NodeConnectionTypes,
	NodeOperationError,
	validateFieldType,
	type FieldType,
	type IBinaryKeyData,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';

import type { InstalledNodeTypes } from './node-types';

/**
 * Small stand-ins for nodes of `n8n-nodes-base`, which is too large a package for a development dependency. Each
 * behaves as n8n's own node does for the parameters it declares here.
 */
export function installN8nNodes(nodeTypes: InstalledNodeTypes): void {
	nodeTypes.installAs('n8n-nodes-base.manualTrigger', ManualTrigger);
	nodeTypes.installAs('n8n-nodes-base.noOp', NoOp);
	nodeTypes.installAs('n8n-nodes-base.set', EditFields);
	nodeTypes.installAs('n8n-nodes-base.if', If);
	nodeTypes.installAs('n8n-nodes-base.wait', Wait);
	nodeTypes.installAs('n8n-nodes-base.stickyNote', StickyNote);
	nodeTypes.installAs('n8n-nodes-base.httpRequest', HttpRequest);
}

const MAIN_INPUT = [NodeConnectionTypes.Main];

function describe(
	name: string,
	displayName: string,
	version: INodeTypeDescription['version'],
	properties: INodeProperties[],
	more: Partial<INodeTypeDescription> = {},
): INodeTypeDescription {
	return {
		name,
		displayName,
		version,
		properties,
		group: ['transform'],
		description: displayName,
		defaults: { name: displayName },
		inputs: MAIN_INPUT,
		outputs: MAIN_INPUT,
		...more,
	};
}

class ManualTrigger implements INodeType {
	description = describe('manualTrigger', 'Manual Trigger', 1, [], { group: ['trigger'], inputs: [] });

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return { manualTriggerFunction: async () => this.emit([this.helpers.returnJsonArray([{}])]) };
	}
}

class NoOp implements INodeType {
	description = describe('noOp', 'No Operation, do nothing', 1, []);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [this.getInputData()];
	}
}

class StickyNote implements INodeType {
	description = describe(
		'stickyNote',
		'Sticky Note',
		1,
		['content', 'height', 'width', 'color'].map((name) => ({
			displayName: name,
			name,
			type: 'string',
			default: '',
		})),
		{ inputs: [], outputs: [] },
	);
}

interface Assignment {
	name: string;
	value: unknown;
	type: FieldType;
}

class EditFields implements INodeType {
	description = describe(
		'set',
		'Edit Fields',
		[3, 3.1, 3.2, 3.3, 3.4],
		[
			{ displayName: 'Mode', name: 'mode', type: 'string', default: 'manual' },
			{ displayName: 'JSON', name: 'jsonOutput', type: 'json', default: '{}' },
			{
				displayName: 'Fields to Set',
				name: 'assignments',
				type: 'assignmentCollection',
				default: {},
			},
			{
				displayName: 'Include Other Input Fields',
				name: 'includeOtherFields',
				type: 'boolean',
				default: false,
			},
			{ displayName: 'Options', name: 'options', type: 'collection', default: {}, options: [] },
		],
	);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData().map((item, index): INodeExecutionData => {
			const includeOthers = this.getNodeParameter('includeOtherFields', index) === true;
			const json = includeOthers ? deepCopy(item.json) : {};
			if (this.getNodeParameter('mode', index) === 'raw') {
				const output = this.getNodeParameter('jsonOutput', index) as string | IDataObject;
				Object.assign(json, typeof output === 'string' ? JSON.parse(output) : output);
			} else {
				const assignments = this.getNodeParameter('assignments.assignments', index, []) as Assignment[];
				for (const assignment of assignments) {
					setByPath(json, assignment.name, converted(assignment));
				}
			}
			const binary: IBinaryKeyData | undefined = includeOthers ? item.binary : undefined;
			return { json, pairedItem: { item: index }, ...(binary === undefined ? {} : { binary }) };
		});
		return [items];
	}
}

/** n8n's own check and conversion of a value to the type chosen for its field. */
function converted({ name, type, value }: Assignment): unknown {
	const result = validateFieldType(name, value, type);
	if (!result.valid) throw new Error(result.errorMessage);
	return result.newValue;
}

function setByPath(target: IDataObject, path: string, value: unknown): void {
	const keys = path.split('.');
	const last = keys.pop() ?? path;
	const parent = keys.reduce<IDataObject>((current, key) => {
		const next = (current[key] ?? {}) as IDataObject;
		current[key] = next;
		return next;
	}, target);
	Object.assign(parent, { [last]: value });
}

class If implements INodeType {
	description = describe(
		'if',
		'If',
		[2, 2.1, 2.2],
		[
			{
				displayName: 'Conditions',
				name: 'conditions',
				type: 'filter',
				default: {},
				typeOptions: { filter: { version: 2 } },
			},
			{ displayName: 'Options', name: 'options', type: 'collection', default: {}, options: [] },
		],
		{
			outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
			outputNames: ['true', 'false'],
		},
	);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const passed: INodeExecutionData[] = [];
		const rest: INodeExecutionData[] = [];
		this.getInputData().forEach((item, index) => {
			const target = this.getNodeParameter('conditions', index, false, { extractValue: true })
				? passed
				: rest;
			target.push({ ...item, pairedItem: { item: index } });
		});
		return [passed, rest];
	}
}

const MS_PER_UNIT: Record<string, number> = {
	seconds: 1_000,
	minutes: 60_000,
	hours: 3_600_000,
	days: 86_400_000,
};

/** n8n's own Wait keeps the execution in memory below this time (ms); above, it is stored and resumed by a server. */
const LONGEST_WAIT_IN_MEMORY_MS = 65_000;

class Wait implements INodeType {
	description = describe(
		'wait',
		'Wait',
		[1, 1.1],
		[
			{ displayName: 'Resume', name: 'resume', type: 'string', default: 'timeInterval' },
			{ displayName: 'Wait Amount', name: 'amount', type: 'number', default: 5 },
			{ displayName: 'Wait Unit', name: 'unit', type: 'string', default: 'seconds' },
		],
	);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const unit = this.getNodeParameter('unit', 0) as string;
		const waitMs = Number(this.getNodeParameter('amount', 0)) * (MS_PER_UNIT[unit] ?? Number.NaN);
		if (!(waitMs < LONGEST_WAIT_IN_MEMORY_MS)) {
			throw new NodeOperationError(this.getNode(), 'This test instance waits for less than 65 seconds only');
		}
		await delay(waitMs, undefined, { signal: this.getExecutionCancelSignal() }).catch(() => undefined);
		return [this.getInputData()];
	}
}

/** The part of n8n's HTTP Request node that uses a predefined credential type. */
class HttpRequest implements INodeType {
	description = describe(
		'httpRequest',
		'HTTP Request',
		[4, 4.1, 4.2, 4.3],
		[
			{ displayName: 'Method', name: 'method', type: 'string', default: 'GET' },
			{ displayName: 'URL', name: 'url', type: 'string', default: '', required: true },
			{ displayName: 'Authentication', name: 'authentication', type: 'string', default: 'none' },
			{ displayName: 'Credential Type', name: 'nodeCredentialType', type: 'string', default: '' },
			{ displayName: 'JSON', name: 'jsonBody', type: 'json', default: '' },
			{ displayName: 'Helper', name: 'helper', type: 'string', default: 'requestWithAuthentication' },
		],
	);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items: INodeExecutionData[] = [];
		for (let index = 0; index < this.getInputData().length; index++) {
			const json = (await sendWithCredential.call(this, index)) as IDataObject;
			items.push({ json, pairedItem: { item: index } });
		}
		return [items];
	}
}

async function sendWithCredential(this: IExecuteFunctions, index: number): Promise<unknown> {
	const text = (name: string) => this.getNodeParameter(name, index) as string;
	const type = text('nodeCredentialType');
	const method = text('method') as 'GET';
	const jsonBody = text('jsonBody');
	const body = jsonBody === '' ? undefined : (JSON.parse(jsonBody) as IDataObject);
	if (text('helper') === 'httpRequestWithAuthentication') {
		const request = { url: text('url'), method, body, json: true };
		return await this.helpers.httpRequestWithAuthentication.call(this, type, request);
	}
	const request = { uri: text('url'), method, body, json: true };
	return await this.helpers.requestWithAuthentication.call(this, type, request, undefined, index);
}
