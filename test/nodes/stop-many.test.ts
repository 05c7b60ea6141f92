import { eventually, logEntries } from './support';
import { useSandbox } from './support/sandbox-instance';

/** Stop of a workflow that watches many runs and is to cancel them. */

const lab = useSandbox();

const RUNS = 1_000;

/** Milliseconds that a cancel takes. */
const CANCEL_TAKES = 150;

/** One of so many cancels is refused for good. */
const REFUSED_EVERY = 100;

test(`${String(RUNS)} runs: each is cancelled once, or the log and a hint name it`, async () => {
	const ids = lab.sandbox.createRuns(RUNS, {
		provider: 'retab',
		resource: 'extraction',
		steering: { result: 'stuck' },
	});
	const refused = ids.filter((_, at) => at % REFUSED_EVERY === 0);
	const cancelOf = (id: string) => `POST /v1/extractions/${id}/cancel`;
	for (const id of refused) lab.sandbox.plantFault({ path: cancelOf(id), status: 402, count: 'always' });
	lab.sandbox.plantFault({ path: cancelOf('*'), delayMs: CANCEL_TAKES, count: 'always' });
	const execution = lab.n8n.startWorkflow({
		node: 'timeoutCancel',
		parameters: {
			provider: 'retab',
			resource: 'extraction',
			timeout: 600,
			options: { onWorkflowStop: 'cancel' },
		},
		items: ids.map((id) => ({ id })),
	});
	await eventually(() => lab.sandbox.requests.length > 20, 20_000);

	const result = await execution.stop();
	const isAbout = (id: string) => (message: string) => message.includes(id);
	const warnings = () => logEntries.filter(({ level }) => level === 'warn').map(({ message }) => message);
	const named = await eventually(() => warnings().find(isAbout(refused[0] ?? '')), 60_000);

	expect(result.status).toBe('canceled');
	const unlike = (wanted: number) => ids.filter((id) => lab.sandbox.getRun(id)?.cancelRequests !== wanted);
	expect(ids.filter((id) => lab.sandbox.getRun(id)?.phase !== 'cancelled')).toEqual(refused);
	expect(unlike(1)).toEqual(refused);
	expect(ids.filter((id) => named.includes(id))).toEqual(refused);
	expect(result.hints.map(({ message }) => message)).toEqual([named]);
}, 120_000);
