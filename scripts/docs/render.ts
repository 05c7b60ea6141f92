import { limits } from './limits';
import {
	commonParameters,
	createParameters,
	createResources,
	credential,
	credentialChoices,
	documentSources,
	events,
	parameters,
} from './parameters';
import { recipe } from './recipes';
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
} from './tables';

/** What may stand after `<!-- generated: `. */
const BLOCKS: Record<string, () => string> = {
	'operations of Retab': () => operations('retab'),
	'operations of Extend': () => operations('extend'),
	'fields of both': commonParameters,
	'fields of watch and check': () => parameters('timeoutCancel', 'watch', 'check'),
	'fields of cleanup': () => parameters('timeoutCancel', 'cleanup'),
	'fields of the trigger': () => parameters('runTrigger'),
	'create of Retab': () => createResources('retab'),
	'create of Extend': () => createResources('extend'),
	'create fields of Retab': () => createParameters('retab'),
	'create fields of Extend': () => createParameters('extend'),
	'document sources': documentSources,
	'credential of Retab': () => credential('retab'),
	'credential of Extend': () => credential('extend'),
	'ways to send the key': () => credentialChoices('retab', 'sendKeyAs'),
	regions: () => credentialChoices('extend', 'region'),
	outcomes,
	'outcomes of cleanup': cleanupOutcomes,
	item,
	events,
	'times of Retab': () => countedFrom('retab'),
	'times of Extend': () => countedFrom('extend'),
	'statuses of Retab': () => statuses('retab'),
	'statuses of Extend': () => statuses('extend'),
	'runs without a list': unlisted,
	errors: errorKinds,
	reads,
	limits,
	'recipe of timeout-cancel': () => recipe('timeout-cancel.json', 'Timeout Cancel'),
	'recipe of durable-loop': () => recipe('durable-loop.json', 'Check Once'),
	'recipe of notify': () => recipe('notify.json', 'Failed or Stuck'),
	'recipe of cleanup': () => recipe('cleanup.json', 'Find Stuck Runs'),
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
