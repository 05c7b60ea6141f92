import type { IBuilderHint } from 'n8n-workflow';

import type { ProviderSpec } from '../../providers/types';

/** What n8n's workflow builder, a language model, is told: which node when, and what belongs behind it. */

/** Name of the package as n8n puts it before each of its node types. */
const PACKAGE = 'n8n-nodes-document-runs';

/** For the node of a provider. */
export function runsHint({ title }: ProviderSpec): IBuilderHint {
	return {
		searchHint: `Create only starts a run of ${title} and gives its id; the result is not there yet. Put Timeout Cancel behind it, which waits for the result and cancels a run that takes too long.`,
		relatedNodes: [
			{
				nodeType: `${PACKAGE}.timeoutCancel`,
				relationHint: 'Waits for the run that Create has started, and cancels it when its time is up',
			},
		],
	};
}

export const TIMEOUT_CANCEL_HINT: IBuilderHint = {
	searchHint:
		'Takes the id of a run from the node before. Its outputs are Completed, Failed and Timed Out, in this order, and for Check Once also Still Running; the extracted data is in output of a completed item. Cancel Stuck Runs needs no id and belongs behind a schedule.',
	relatedNodes: ['retab', 'extend'].map((name) => ({
		nodeType: `${PACKAGE}.${name}`,
		relationHint: 'Starts the runs, with Create',
	})),
};

export const TRIGGER_HINT: IBuilderHint = {
	searchHint:
		'Starts a workflow when a run finishes, fails, is cancelled, needs a review or hangs, whoever has started it. To wait for a run within one workflow, use Timeout Cancel instead.',
	relatedNodes: [
		{
			nodeType: `${PACKAGE}.timeoutCancel`,
			relationHint: 'Waits for runs that the same workflow has started',
		},
	],
};

export const WEBHOOK_TRIGGER_HINT: IBuilderHint = {
	searchHint:
		'Starts a workflow at once when Extend calls: a run has finished, failed or needs a review. n8n needs a public address for that. Document Run Trigger polls instead: it needs none, and also sees cancelled and stuck runs.',
	relatedNodes: [
		{
			nodeType: `${PACKAGE}.runTrigger`,
			relationHint: 'Sees what no webhook tells, as a backstop',
		},
	],
};
