import { randomUUID } from 'node:crypto';

import type { Json, Workflow } from '../../scripts/lib/n8n-client.mjs';
import { PACKAGE } from '../../scripts/lib/workflows.mjs';
import { forSandbox } from './stack';

/** Deliveries at once, each one time. */
export const FAULTLESS = {
	webhookDelayMs: 0,
	webhookRepeatEvery: 0,
	webhookLoseEvery: 0,
	webhookRetryMs: 500,
};

/** A workflow of a trigger and nothing else. */
export function triggered(name: string, parameters: Json = {}): Workflow {
	return forSandbox({
		name,
		nodes: [
			{
				id: randomUUID(),
				name: 'Extend Trigger',
				type: `${PACKAGE}.extendTrigger`,
				typeVersion: 1,
				position: [0, 0],
				parameters: { resourceType: 'all', events: ['finished'], ...parameters },
			},
			{
				id: randomUUID(),
				name: 'Use the Result',
				type: 'n8n-nodes-base.noOp',
				typeVersion: 1,
				position: [220, 0],
				parameters: {},
			},
		],
		connections: { 'Extend Trigger': { main: [[{ node: 'Use the Result', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
}
