import type { Json, Workflow, WorkflowNode } from '../../scripts/lib/n8n-client.mjs';

/** Nodes that stand in for those of services the tests have no account of. They keep name, place and connections. */

type StandIn = Pick<WorkflowNode, 'type' | 'typeVersion' | 'parameters'>;

/** Passes on what comes in. */
export const NO_OPERATION: StandIn = { type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };

/** Shows what a node would have sent: the given texts and expressions as fields of its items. */
export function fieldsOf(texts: Json): StandIn {
	const assignments = Object.entries(texts).map(([name, value], at) => ({
		id: `field-${String(at)}`,
		name,
		type: 'string',
		value,
	}));
	const parameters = { assignments: { assignments }, options: {} };
	return { type: 'n8n-nodes-base.set', typeVersion: 3.4, parameters };
}

/** Gives out one item that holds these files, as a trigger for mails does with attachments. */
export function attachments(json: Json, fileNames: string[]): StandIn {
	const binary = Object.fromEntries(
		fileNames.map((fileName, at) => [
			`attachment_${String(at)}`,
			{
				data: Buffer.from(`%PDF-1.7 ${fileName}`).toString('base64'),
				mimeType: 'application/octet-stream',
				fileName,
			},
		]),
	);
	const jsCode = `return ${JSON.stringify([{ json, binary }])};`;
	return { type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode } };
}

/** A workflow with stand-ins for some of its nodes, and a node "Start" before the one it begins with. */
export function withStandIns(
	workflow: Workflow,
	standIns: Record<string, StandIn>,
	{ before }: { before: string },
): Workflow {
	const nodes = workflow.nodes.map((node) => ({ ...node, ...standIns[node.name] }));
	const start: WorkflowNode = {
		id: 'start',
		name: 'Start',
		type: 'n8n-nodes-base.manualTrigger',
		typeVersion: 1,
		position: [-224, 0],
		parameters: {},
	};
	const first = { main: [[{ node: before, type: 'main', index: 0 }]] };
	return {
		...workflow,
		nodes: [start, ...nodes],
		connections: { ...workflow.connections, Start: first },
	};
}

/** The parameters of one of a workflow's nodes. */
export function parametersOf(workflow: Workflow, name: string): Json {
	const found = workflow.nodes.find((node) => node.name === name);
	if (!found) throw new Error(`The workflow "${workflow.name}" has no node "${name}".`);
	return found.parameters;
}
