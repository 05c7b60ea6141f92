import type { INodeTypeDescription } from 'n8n-workflow';

interface TriggerTexts {
	header: string;
	/** How to get a test event, and what that does. */
	test: string;
	/** What happens from then on. */
	published: string;
}

/** What the panel of a trigger says before there was an event, instead of n8n's words for any trigger. */
export function triggerPanel({
	header,
	test,
	published,
}: TriggerTexts): INodeTypeDescription['triggerPanel'] {
	return {
		header,
		executionsHelp: `<b>While you build</b>: ${test}<br /><br /><b>Once you publish</b>: ${published} These executions do not show up here in the editor, but you can see them in the <a data-key="executions">executions list</a>.`,
		activationHint: {
			active: '',
			inactive: 'Publish the workflow when it is finished: from then on each event starts it once.',
		},
	};
}
