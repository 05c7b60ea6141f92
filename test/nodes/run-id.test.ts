import { useSandbox } from './support/sandbox-instance';

/** The ways to name a run. */

const lab = useSandbox();

test('without a word about it, the run is the one whose ID came in', async () => {
	const { id } = lab.sandbox.createRun({ provider: 'retab', resource: 'extraction' });
	const parameters = { resource: 'extraction', operation: 'get' };
	const result = await lab.n8n.runWorkflow({ node: 'retab', parameters, items: [{ id }] });
	expect(result.json).toMatchObject([[{ id }]]);
});

test('a run of Extend can be named by its address in the dashboard', async () => {
	const { id } = lab.sandbox.createRun({ provider: 'extend', resource: 'extractRun' });
	const value = `https://dashboard.extend.ai/acme/runs/${id}?tab=output`;
	const parameters = { resource: 'extractRun', operation: 'get', runId: { __rl: true, mode: 'url', value } };
	const result = await lab.n8n.runWorkflow({ node: 'extend', parameters });
	expect(result.json).toMatchObject([[{ id }]]);
});
