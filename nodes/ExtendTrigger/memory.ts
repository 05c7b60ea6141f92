import type { IDataObject, INode } from 'n8n-workflow';
import { z } from 'zod';

import { type SeenEvents, addSeen } from '../shared/core/trigger/seenEvents';
import { type Registration, registrationSchema } from '../shared/providers/extend/webhookEndpoints';

/**
 * What a trigger remembers, in the static data of its workflow, which n8n neither shows nor exports.
 *
 * n8n loads static data for each delivery and writes it back as a whole: of deliveries at once, the last one to be written
 * would win. So all of a process share one object, which is also what stands in their static data, and whatever is written
 * holds all that is known by then.
 */
export interface TriggerMemory {
	endpoint?: Registration;
	seen: SeenEvents;
}

/** `test` is for the events that the editor listens for: both can be registered at once. */
export type Slot = 'live' | 'test';

interface MemoryContext {
	getNode(): INode;
	getWorkflow(): { id?: string };
	getWorkflowStaticData(type: 'node'): IDataObject;
}

const memorySchema = z.object({ endpoint: registrationSchema.optional(), seen: z.record(z.string()) });

/** Of workflows that were published in this process, by workflow and node. */
const shared = new Map<string, TriggerMemory>();

/** What is known, without a change to what is stored. */
export function recall(context: MemoryContext, slot: Slot): TriggerMemory {
	const parsed = memorySchema.safeParse(context.getWorkflowStaticData('node')[slot]);
	const stored: TriggerMemory = parsed.success ? parsed.data : { seen: {} };
	if (slot === 'test') return stored;
	const key = keyOf(context);
	const memory = shared.get(key) ?? { seen: {} };
	shared.set(key, memory);
	addSeen(memory.seen, stored.seen);
	// Another process may have registered since, or a delivery may have written what was before.
	if (stored.endpoint && stored.endpoint.createdAt >= (memory.endpoint?.createdAt ?? 0)) {
		memory.endpoint = stored.endpoint;
	}
	return memory;
}

/** Has n8n store it, with all that becomes known until it does. */
export function store(context: MemoryContext, slot: Slot, memory: TriggerMemory): void {
	context.getWorkflowStaticData('node')[slot] = memory;
}

/** Forgets the endpoint, but not the events: a delivery of one may still be on its way. */
export function forgetEndpoint(context: MemoryContext, slot: Slot): void {
	const memory = recall(context, slot);
	delete memory.endpoint;
	store(context, slot, memory);
}

function keyOf(context: MemoryContext): string {
	return `${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
}
