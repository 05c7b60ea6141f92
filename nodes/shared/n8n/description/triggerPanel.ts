import type { INodeTypeDescription } from 'n8n-workflow';

interface TriggerTexts {
	header: string;
	/** Where a test event comes from: below the button. */
	test: string;
	/** What the button does, and what happens once the workflow is published: behind "More info". */
	help: { test: string; published: string };
}

/** What the panel of a trigger says before there was an event, instead of n8n's words for any trigger. */
export function triggerPanel({ header, test, help }: TriggerTexts): INodeTypeDescription['triggerPanel'] {
	const executions = 'These executions are in the <a data-key="executions">executions list</a>.';
	return {
		header,
		activationHint: test,
		executionsHelp: `<b>While you build</b>: ${help.test}<br /><br /><b>Once you publish</b>: ${help.published} Each event starts the workflow once. ${executions}`,
	};
}
