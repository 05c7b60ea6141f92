import { readExample } from '../../scripts/lib/workflows.mjs';
import { Editor } from './editor';
import { Recorder } from './recorder';
import { forSandbox, logIn, sandbox, stack } from './stack';

/**
 * What `npm run recording` films, in one take: where the package is installed, a credential that is tested, a run that
 * hangs and is cancelled on time, and the trigger.
 */

/** The time that a run has in the recording, in seconds: long enough to be seen. */
const LIMIT_S = 6;

/** How long the whole take may last, in ms. */
const TAKE_MS = 300_000;

const PACKAGE_FIELD = 'e.g. n8n-nodes-chatwork';

let editor: Editor;
let film: Recorder;

beforeAll(async () => {
	if (stack.recording === undefined) throw new Error('Start this with `npm run recording`.');
	editor = await Editor.open();
	await editor.logIn();
	film = await Recorder.start(editor.page, stack.recording);
});

afterAll(async () => {
	await film.stop();
	await editor.close();
});

test(
	'the recording',
	async () => {
		await editor.watched(async () => {
			await install();
			await testCredential();
			await cancelOnTime();
			await fireTrigger();
		});
	},
	TAKE_MS,
);

async function install(): Promise<void> {
	const { page } = editor;
	const open = page.getByRole('button', { name: /^Install/ }).first();
	await film.unseen(async () => {
		await page.goto(`${stack.n8nUrl}/settings/community-nodes`);
		await open.waitFor();
	});
	await film.caption('Settings → Community nodes → Install: n8n-nodes-document-runs');
	await film.click(open);
	await film.type(page.getByPlaceholder(PACKAGE_FIELD), 'n8n-nodes-document-runs');
	await film.pause(2);
	await page.keyboard.press('Escape');
}

async function testCredential(): Promise<void> {
	const { page } = editor;
	await film.unseen(() => editor.openCredentials());
	await film.caption('A credential: the API key, and n8n tests it');
	await film.pause(1);
	await editor.openCredential('Retab (sandbox)');
	await page.getByText('Connection tested successfully').waitFor();
	await film.pause(3);
	await editor.closeCredential();
}

async function cancelOnTime(): Promise<void> {
	const { page } = editor;
	const limit = { timeout: LIMIT_S };
	const example = forSandbox(await readExample('timeout-cancel'), { 'Timeout Cancel': limit });
	// Without its notes the workflow fills the picture.
	const nodes = example.nodes.filter(({ type }) => !type.endsWith('.stickyNote'));
	const { id } = await (await logIn()).createWorkflow({ ...example, nodes });
	await film.unseen(async () => {
		await editor.openWorkflow(id);
		await editor.tidyUp();
	});
	film.mark('from');
	await film.caption('Three documents are read. One run finishes, one fails, one hangs.');
	await film.pause(2);
	await film.click(page.getByTestId('execute-workflow-button'));
	await film.caption(`Timeout Cancel watches all three. Each may take ${String(LIMIT_S)} seconds.`);
	await editor.succeeded('Start Extraction');
	await film.pause(LIMIT_S / 2);
	await editor.succeeded('It Took Too Long');
	await film.caption('On time: the run that hangs is cancelled, a read has confirmed it.');
	await film.pause(3);
	await film.pointAt(editor.node('Timeout Cancel'));
	await editor.openPanel('Timeout Cancel');
	await film.click(editor.branches().getByText('Timed Out Branch (1 item)'));
	await film.click(editor.output.getByTestId('radio-button-json'));
	await editor.output.getByText('"cancelled"').first().waitFor();
	await film.pause(4);
	film.mark('to');
	await editor.closePanel();
}

async function fireTrigger(): Promise<void> {
	const failed = await sandbox.createRun({
		provider: 'retab',
		resource: 'parse',
		steering: { result: 'failed', durationMs: 200 },
	});
	await sandbox.ended(failed);
	const { id } = await (await logIn()).createWorkflow(forSandbox(await readExample('notify')));
	await film.unseen(() => editor.openWorkflow(id));
	await film.caption('Document Run Trigger: tells of each run that failed or is stuck, once');
	await film.pause(2);
	await editor.openPanel('Failed or Stuck');
	await film.pause(1);
	await editor.executeStep();
	await editor.output.getByText(failed).first().waitFor();
	await film.pause(4);
}
