import './environment';

import { getAdditionalKeys } from 'n8n-core';
import {
	deepCopy,
	ICredentialsHelper,
	NodeHelpers,
	Workflow,
	type ICredentialDataDecryptedObject,
	type ICredentialsExpressionResolveValues,
	type ICredentialType,
	type IExecuteData,
	type IHttpRequestHelper,
	type IHttpRequestOptions,
	type INode,
	type INodeCredentialsDetails,
	type INodeParameters,
	type INodeProperties,
	type IRequestOptionsSimplified,
	type IWorkflowExecuteAdditionalData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';

import { isExpression } from './engine';
import { InstalledNodeTypes } from './node-types';

export type CredentialTypeClass = new () => ICredentialType;

/** Data of saved credentials by credential type name, as a user would type them in (defaults may be left out). */
export type CredentialData = Record<string, ICredentialDataDecryptedObject>;

/** The kinds of values `authenticate.properties` may set on a request. */
type AuthenticatedPart = 'headers' | 'qs' | 'body' | 'auth';

/**
 * The credentials of one n8n instance, one saved credential per type. As n8n's own helper does, each use gets a copy
 * with the defaults filled in and expressions resolved. Only the encryption at rest is left out.
 */
export class CredentialStore extends ICredentialsHelper {
	/** How often each credential type was decrypted. */
	readonly decryptions: Record<string, number> = {};

	/** Every request that was given a credential, as it was handed to n8n's HTTP client, in order. */
	readonly authenticatedRequests: IHttpRequestOptions[] = [];

	private readonly types: Map<string, ICredentialType>;

	constructor(
		types: CredentialTypeClass[],
		private readonly data: CredentialData,
		private readonly recordsRequests = true,
	) {
		super();
		this.types = new Map(
			types.map((type) => {
				const credentialType = new type();
				return [credentialType.name, credentialType];
			}),
		);
		for (const name of Object.keys(data)) this.type(name);
	}

	type(name: string): ICredentialType {
		const credentialType = this.types.get(name);
		if (credentialType === undefined) {
			throw new Error(
				`Unknown credential type "${name}". Installed: ${[...this.types.keys()].join(', ') || 'none'}`,
			);
		}
		return credentialType;
	}

	/** The types that have saved data, as a node refers to them. */
	savedReferences(): Record<string, INodeCredentialsDetails> {
		return Object.fromEntries(Object.keys(this.data).map((name) => [name, { id: `id-of-${name}`, name }]));
	}

	getParentTypes(name: string): string[] {
		const parents = this.types.get(name)?.extends ?? [];
		return parents.flatMap((parent) => [parent, ...this.getParentTypes(parent)]);
	}

	isCredentialUsableByNode(credentialType: string, nodeType: string): boolean {
		const { restrictToSupportedNodes, supportedNodes = [] } = this.types.get(credentialType) ?? {};
		return restrictToSupportedNodes !== true || supportedNodes.includes(nodeType);
	}

	getCredentialsProperties(name: string): INodeProperties[] {
		const { extends: parents = [], properties } = this.type(name);
		const combined: INodeProperties[] = [];
		for (const parent of parents) {
			NodeHelpers.mergeNodeProperties(combined, this.getCredentialsProperties(parent));
		}
		NodeHelpers.mergeNodeProperties(combined, properties);
		return combined;
	}

	async getCredentials(reference: INodeCredentialsDetails): Promise<never> {
		throw new Error(`The stored form of credential "${reference.name}" is not part of this test instance`);
	}

	async getDecrypted(
		additionalData: IWorkflowExecuteAdditionalData,
		reference: INodeCredentialsDetails,
		type: string,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		raw?: boolean,
		resolveValues?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		const saved = this.data[type];
		if (saved === undefined) {
			throw new Error(`Credential with ID "${reference.id}" does not exist for type "${type}".`);
		}
		this.decryptions[type] = (this.decryptions[type] ?? 0) + 1;
		const decrypted = deepCopy(saved);
		if (raw === true) return decrypted;
		return this.complete(type, decrypted, additionalData, mode, executeData, resolveValues);
	}

	/** Adds the defaults of fields that are shown and were left out, drops hidden fields and resolves expressions. */
	complete(
		type: string,
		data: ICredentialDataDecryptedObject,
		additionalData: IWorkflowExecuteAdditionalData,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		resolveValues?: ICredentialsExpressionResolveValues,
	): ICredentialDataDecryptedObject {
		const properties = this.getCredentialsProperties(type);
		const shown = NodeHelpers.getNodeParameters(
			properties,
			data as INodeParameters,
			true,
			false,
			null,
			null,
		) as INodeParameters;
		const keys = getAdditionalKeys(additionalData, mode, null, { isCredential: true });
		if (resolveValues === undefined) {
			// Outside of an execution, expressions have no workflow, node or items to refer to.
			const nodeTypes = new InstalledNodeTypes('none');
			const workflow = new Workflow({ nodes: [], connections: {}, active: false, nodeTypes });
			return workflow.expression.getComplexParameterValue(
				NO_NODE,
				shown,
				mode,
				keys,
				undefined,
				undefined,
				shown,
			) as ICredentialDataDecryptedObject;
		}
		return resolveValues.workflow.expression.getParameterValue(
			shown,
			resolveValues.runExecutionData,
			resolveValues.runIndex,
			resolveValues.itemIndex,
			resolveValues.node.name,
			resolveValues.connectionInputData,
			mode,
			keys,
			executeData,
			false,
			shown,
		) as ICredentialDataDecryptedObject;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		incoming: IHttpRequestOptions | IRequestOptionsSimplified,
		workflow?: Workflow,
		node?: INode,
	): Promise<IHttpRequestOptions> {
		const request = await this.applyAuthentication(
			credentials,
			typeName,
			incoming as IHttpRequestOptions,
			workflow,
			node,
		);
		if (this.recordsRequests) {
			this.authenticatedRequests.push({ ...request, headers: { ...request.headers } });
		}
		return request;
	}

	async preAuthentication(
		_helpers: IHttpRequestHelper,
		_credentials: ICredentialDataDecryptedObject,
		typeName: string,
	): Promise<undefined> {
		if (this.type(typeName).preAuthentication !== undefined) {
			throw new Error(`"${typeName}" has a preAuthentication step, which this test instance does not run`);
		}
	}

	async runPreAuthentication(
		helpers: IHttpRequestHelper,
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
	): Promise<undefined> {
		await this.preAuthentication(helpers, credentials, typeName);
	}

	async updateCredentials(reference: INodeCredentialsDetails): Promise<void> {
		throw new Error(`A node tried to change the saved credential "${reference.name}"`);
	}

	async updateCredentialsOauthTokenData(reference: INodeCredentialsDetails): Promise<void> {
		await this.updateCredentials(reference);
	}

	private async applyAuthentication(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		request: IHttpRequestOptions,
		workflow?: Workflow,
		node?: INode,
	): Promise<IHttpRequestOptions> {
		const { authenticate } = this.type(typeName);
		if (typeof authenticate === 'function') return await authenticate(credentials, request);
		if (authenticate === undefined) return request;
		if (workflow === undefined || node === undefined) {
			throw new Error('Expressions in "authenticate" can only be resolved for a node of a workflow');
		}
		const resolve = (value: string) => resolveExpression(value, credentials, workflow, node);
		for (const [part, entries] of Object.entries(authenticate.properties)) {
			const target = (request[part as AuthenticatedPart] ?? {}) as Record<string, unknown>;
			for (const [key, value] of Object.entries(entries as Record<string, string>)) {
				target[resolve(key)] = resolve(value);
			}
			Object.assign(request, { [part]: target });
		}
		return request;
	}
}

const NO_NODE: INode = {
	id: 'none',
	name: 'none',
	type: 'none',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

function resolveExpression(
	value: string,
	credentials: ICredentialDataDecryptedObject,
	workflow: Workflow,
	node: INode,
): string {
	if (!isExpression(value)) return value;
	const resolved = workflow.expression.getSimpleParameterValue(
		node,
		value,
		'internal',
		{ $credentials: credentials },
		undefined,
		'',
	);
	return resolved ? String(resolved) : '';
}
