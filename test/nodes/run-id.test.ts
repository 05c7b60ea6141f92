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

describe.each([
	['the address of something else', 'https://example.com/run/1'],
	['the ID alone', 'exr_1'],
])('By URL with %s', (_what, address) => {
	const get = async (value: string) => {
		const runId = { __rl: true, mode: 'url', value };
		const parameters = { resource: 'extractRun', operation: 'get', runId };
		return (await lab.n8n.runWorkflow({ node: 'extend', parameters })).error;
	};

	test('typed in: n8n shows what an address looks like', async () => {
		expect((await get(address))?.message).toContain(
			'Not the address of an extract run. Copy it from the dashboard: it begins with https://dashboard.extend.ai/ and ends with the ID, such as exr_xK9m. With the ID alone, choose By ID.',
		);
	});

	test('from an expression: so does the node', async () => {
		const error = await get(`={{ "${address}" }}`);
		expect(error?.message).toBe(
			`Extract Run By URL is not the address of an extract run; it is the text "${address}"`,
		);
		expect(error?.description).toBe(
			'Copy it from the dashboard: it begins with https://dashboard.extend.ai/ and ends with the ID, such as https://dashboard.extend.ai/runs/exr_xK9m. With the ID alone, choose By ID.',
		);
	});
});

test.each([
	['Run ID', 'timeoutCancel', { operation: 'watch', provider: 'retab', resource: 'extraction' }],
	['Extraction', 'retab', { resource: 'extraction', operation: 'get' }],
] as const)(
	'%s: an expression that n8n took for plain text is named as one',
	async (label, node, parameters) => {
		const errorOf = async (value: string) => {
			const runId = node === 'retab' ? { __rl: true, mode: 'id', value } : value;
			return (await lab.n8n.runWorkflow({ node, parameters: { ...parameters, runId } })).error;
		};
		expect(await errorOf('{{ $json.id }}')).toMatchObject({
			message: `${label} holds an expression that is not evaluated; it is the text "{{ $json.id }}"`,
			description: 'Switch the field from Fixed to Expression. Its value then looks like extr_01J9.',
		});
		expect(await errorOf('$json.id')).toMatchObject({
			message: `${label} holds an expression without braces; it is the text "$json.id"`,
			description:
				'Put it in double braces, such as {{ $json.id }}, and switch the field from Fixed to Expression.',
		});
		expect(await errorOf('==extr_1')).toMatchObject({
			message: `${label} begins with "="; it is the text "=extr_1"`,
			description:
				'Take the "=" out: n8n adds it by itself. For a fixed value such as extr_01J9, switch the field from Expression to Fixed.',
		});
	},
);

test('an expression that finds nothing is shown, with an ID of this kind of run as an example', async () => {
	const parameters = { resource: 'extractRun', operation: 'get' };
	const { error } = await lab.n8n.runWorkflow({ node: 'extend', parameters, items: [{ runId: 'exr_1' }] });
	expect(error).toMatchObject({
		message: 'Extract Run is undefined: the expression {{ $json.id }} found nothing',
		description:
			'Look at the input of this node for the field that holds it, and name that field. Enter the ID of an extract run such as exr_xK9m, or an expression such as {{ $json.id }}.',
	});
});

test('only of several items, the one that is meant is numbered', async () => {
	const parameters = { resource: 'extraction', operation: 'get' };
	const errorOf = async (items: object[]) =>
		(await lab.n8n.runWorkflow({ node: 'retab', parameters, items: items as [] })).error;
	expect((await errorOf([{ id: '..' }]))?.message).not.toContain('[item');
	const { id } = lab.sandbox.createRun({ provider: 'retab', resource: 'extraction' });
	expect((await errorOf([{ id }, { id: '..' }]))?.message).toMatch(/ \[item 1\]$/);
});
