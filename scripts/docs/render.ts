import { verificationTable } from '../packages/verification';
import { limits } from './limits';
import {
	commonParameters,
	createResources,
	createValues,
	credential,
	documentSources,
	events,
	ownParameters,
	regions,
	watchParameters,
} from './parameters';
import {
	cleanupOutcomes,
	countedFrom,
	errorKinds,
	item,
	operations,
	outcomes,
	reads,
	statuses,
	unlisted,
	webhookEvents,
} from './tables';
import { compatibility, versions } from './versions';

/** What may stand after `<!-- generated: `. */
const BLOCKS: Record<string, () => string> = {
	operations,
	'fields of both': commonParameters,
	'fields of watch and check': watchParameters,
	'fields of cleanup': () => ownParameters('timeoutCancel', 'cleanup'),
	'fields of the trigger': () => ownParameters('runTrigger'),
	'fields of the Extend Trigger': () => ownParameters('extendTrigger'),
	'webhook events': webhookEvents,
	'create of Retab': () => createResources('retab'),
	'create of Extend': () => createResources('extend'),
	'values of create': createValues,
	'document sources': documentSources,
	'credential of Retab': () => credential('retab'),
	'credential of Extend': () => credential('extend'),
	regions,
	outcomes,
	'outcomes of cleanup': cleanupOutcomes,
	item,
	events,
	'times to count from': countedFrom,
	'statuses of Retab': () => statuses('retab'),
	'statuses of Extend': () => statuses('extend'),
	'runs without a list': unlisted,
	errors: errorKinds,
	reads,
	limits,
	verification: verificationTable,
	compatibility,
	versions,
};

const BLOCK = /<!-- generated: (.+?) -->.*?<!-- end -->/gs;

/** A page with its generated parts as the code has them. */
export function render(page: string): string {
	return page.replace(BLOCK, (_, name: string) => {
		const block = BLOCKS[name];
		if (!block) throw new Error(`Nothing generates "${name}". Available: ${Object.keys(BLOCKS).join(', ')}`);
		return `<!-- generated: ${name} -->\n\n${block()}\n\n<!-- end -->`;
	});
}

/** The generated parts that pages ask for. */
export function blocksIn(pages: readonly string[]): string[] {
	return pages.flatMap((page) => [...page.matchAll(BLOCK)].map(([, name = '']) => name));
}

export const BLOCK_NAMES = Object.keys(BLOCKS);
