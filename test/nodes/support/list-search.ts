import './environment';

import { LoadOptionsContext } from 'n8n-core';
import type { INodeListSearchResult, IWorkflowExecuteAdditionalData, Workflow } from 'n8n-workflow';

export interface ListSearchOptions {
	/** Name in `methods.listSearch`. */
	method: string;
	/** Path of the resource locator that asks, such as `runId`. */
	path: string;
	filter?: string;
	paginationToken?: string;
}

/** Opens the "From list" drop-down of a resource locator: calls the method in the context that the editor gives it. */
export async function loadListSearch(
	workflow: Workflow,
	nodeName: string,
	additionalData: IWorkflowExecuteAdditionalData,
	{ method, path, filter, paginationToken }: ListSearchOptions,
): Promise<INodeListSearchResult> {
	const node = workflow.getNode(nodeName);
	if (node === null) throw new Error(`The workflow has no node "${nodeName}"`);
	const nodeType = workflow.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
	const search = nodeType.methods?.listSearch?.[method];
	if (search === undefined) {
		const known = Object.keys(nodeType.methods?.listSearch ?? {}).join(', ') || 'none';
		throw new Error(`"${node.type}" has no list search "${method}". It has: ${known}`);
	}
	// The editor sends what its panel shows; a loaded workflow has the defaults of all shown fields filled in as well.
	const currentNodeParameters = node.parameters;
	const context = new LoadOptionsContext(workflow, node, { ...additionalData, currentNodeParameters }, path);
	return await search.call(context, filter, paginationToken);
}
