import './environment';

import { ExecuteContext, RoutingNode } from 'n8n-core';
import {
	Workflow,
	type ICredentialDataDecryptedObject,
	type ICredentialTestRequest,
	type IDataObject,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type INodeTypes,
} from 'n8n-workflow';

import { createAdditionalData } from './additional-data';
import { CredentialStore, type CredentialTypeClass } from './credential-store';
import { createEmptyRunExecutionData } from './engine';

export interface CredentialTestResult {
	status: 'OK' | 'Error';
	/** What the credential window shows. */
	message: string;
	/** The requests of the test, with their secrets. */
	requests: IHttpRequestOptions[];
}

const TEST_NODE = 'n8n-nodes-base.noOp';

/**
 * Presses "Test" in the credential window: n8n puts `test.request` into the routing of a temporary node and runs that
 * through its declarative engine, then judges the answer by HTTP status and `test.rules`.
 */
export async function testCredential(
	types: CredentialTypeClass[],
	typeName: string,
	data: ICredentialDataDecryptedObject,
): Promise<CredentialTestResult> {
	const credentials = new CredentialStore(types, { [typeName]: data });
	const { test } = credentials.type(typeName);
	const requests = credentials.authenticatedRequests;
	if (test === undefined) {
		return { status: 'Error', message: 'No testing function found for this credential.', requests };
	}
	try {
		const items = await sendTestRequest(credentials, typeName, data, test);
		const failure = failedBodyRule(test, items);
		if (failure !== undefined) return { status: 'Error', message: failure, requests };
		return { status: 'OK', message: 'Connection successful!', requests };
	} catch (error) {
		return { status: 'Error', message: explain(error, test), requests };
	}
}

async function sendTestRequest(
	credentials: CredentialStore,
	typeName: string,
	data: ICredentialDataDecryptedObject,
	test: ICredentialTestRequest,
): Promise<INodeExecutionData[][]> {
	const [reference] = Object.values(credentials.savedReferences());
	const node: INode = {
		id: 'temp',
		name: 'Temp-Node',
		type: TEST_NODE,
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: reference === undefined ? {} : { [typeName]: reference },
	};
	const nodeType: INodeType = {
		description: {
			name: 'noOp',
			displayName: 'No Operation, do nothing',
			description: 'Carries the test request',
			group: ['transform'],
			version: 1,
			defaults: {},
			inputs: ['main'],
			outputs: ['main'],
			credentials: [{ name: typeName, required: true }],
			properties: [
				{
					displayName: 'Temp',
					name: 'temp',
					type: 'string',
					default: '',
					routing: { request: test.request },
				},
			],
		},
	};
	const nodeTypes: INodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}),
	};
	const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
	const additionalData = createAdditionalData({
		credentials,
		mode: 'internal',
		workflow: { id: 'credential-test', name: 'Credential test', nodes: [node], connections: {} },
	});
	const context = new ExecuteContext(
		workflow,
		node,
		additionalData,
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node, data: {}, source: null },
		[],
	);
	const decrypted = {
		id: node.id,
		name: typeName,
		type: typeName,
		data: credentials.complete(typeName, data, additionalData, 'internal'),
	};
	return (await new RoutingNode(context, nodeType, decrypted).runNode()) ?? [];
}

function failedBodyRule({ rules = [] }: ICredentialTestRequest, items: INodeExecutionData[][]) {
	const body: IDataObject = items[0]?.[0]?.json ?? {};
	for (const rule of rules) {
		if (rule.type !== 'responseSuccessBody') continue;
		if (valueAt(body, rule.properties.key) === rule.properties.value) return rule.properties.message;
	}
	return undefined;
}

function valueAt(body: IDataObject, path: string): unknown {
	return path.split('.').reduce<unknown>((value, key) => (value as IDataObject | undefined)?.[key], body);
}

/** An axios error, which n8n keeps as the cause of what the declarative engine throws. */
interface RequestFailure {
	response?: { status: number; statusText?: string };
	code?: string;
}

function explain(error: unknown, { rules = [] }: ICredentialTestRequest): string {
	const { cause, message } = error as Error;
	const { response, code } = (cause ?? {}) as RequestFailure;
	if (response === undefined) return code ?? message;
	for (const rule of rules) {
		if (rule.type === 'responseCode' && rule.properties.value === response.status) {
			return rule.properties.message;
		}
	}
	return response.statusText || `Received HTTP status code: ${response.status}`;
}
