import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NodeConnectionTypes, type INode, type INodeParameters } from 'n8n-workflow';

import { RETAB_KEY } from '../../sandbox/server/defaults';
import { createTestInstance, type NodeTypeClass, type WorkflowJson } from '../../test/nodes/support';
import { measured, rest } from '../lib/meter';
import { serve } from '../lib/worker';
import type { ContenderCalls } from '../messages';

/**
 * The polling loop that people build in n8n: HTTP Request → If → Wait → HTTP Request, over all items at once, with n8n's own
 * nodes from the n8n of the demo (`sandbox/n8n`).
 */
const fromN8n = createRequire(join(__dirname, '..', '..', 'sandbox', 'n8n', 'package.json'));

const WAIT_MS = 2_000;

function nodeClass(folder: string): NodeTypeClass {
	const exported = fromN8n(`n8n-nodes-base/dist/nodes/${folder}/${folder}.node.js`) as Record<
		string,
		NodeTypeClass
	>;
	const found = exported[folder];
	if (!found) throw new Error(`n8n has no node ${folder}`);
	return found;
}

const n8n = createTestInstance({
	nodes: [],
	n8nNodes: {
		httpRequest: nodeClass('HttpRequest'),
		if: nodeClass('If'),
		wait: nodeClass('Wait'),
		noOp: nodeClass('NoOp'),
	},
});

function node(name: string, type: string, typeVersion: number, parameters: INodeParameters): INode {
	return { id: name, name, type: `n8n-nodes-base.${type}`, typeVersion, position: [0, 0], parameters };
}

function pollingLoop(url: string, speed: number): WorkflowJson {
	const isStatus = (status: string): INodeParameters => ({
		id: status,
		leftValue: '={{ $json.status }}',
		rightValue: status,
		operator: { type: 'string', operation: 'equals' },
	});
	const to = (name: string) => [{ node: name, type: NodeConnectionTypes.Main, index: 0 }];
	return {
		name: 'Polling loop',
		nodes: [
			node('Start', 'manualTrigger', 1, {}),
			node('Get run', 'httpRequest', 4.2, {
				method: 'GET',
				url: `=${url}/v1/extractions/{{ $json.id }}`,
				sendHeaders: true,
				headerParameters: { parameters: [{ name: 'Api-Key', value: RETAB_KEY }] },
				options: {},
			}),
			node('Unfinished?', 'if', 2.2, {
				conditions: {
					options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
					conditions: ['pending', 'queued', 'in_progress'].map(isStatus),
					combinator: 'or',
				},
				options: {},
			}),
			node('Wait', 'wait', 1.1, { resume: 'timeInterval', amount: WAIT_MS / 1_000 / speed, unit: 'seconds' }),
			node('Done', 'noOp', 1, {}),
		],
		connections: {
			Start: { main: [to('Get run')] },
			'Get run': { main: [to('Unfinished?')] },
			'Unfinished?': { main: [to('Wait'), to('Done')] },
			Wait: { main: [to('Get run')] },
		},
	};
}

serve<ContenderCalls>({
	rest,

	async watch({ url, ids, speed }) {
		const { value: result, costs } = await measured(() =>
			n8n.runWorkflow({
				workflow: pollingLoop(url, speed),
				nodeUnderTest: 'Get run',
				pinData: { Start: ids.map((id) => ({ id })) },
			}),
		);
		if (result.status !== 'success') throw new Error(result.error?.message ?? result.status);
		let ended = 0;
		for (let round = 0; round < result.runsOf('Done'); round++) {
			ended += result.outputsOf('Done', round)[0]?.length ?? 0;
		}
		return { costs, ended, runs: [] };
	},
});
