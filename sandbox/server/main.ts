import { runCli, UsageError } from './cli';

/** The process behind `npm run sandbox`: exit code 0 after Ctrl-C, 2 when it was called in a wrong way. */
async function main(): Promise<void> {
	const print = (text: string): void => void process.stdout.write(text);
	const sandbox = await runCli(process.argv.slice(2), print);
	if (!sandbox) return;
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => {
			print('Stopping the sandbox.\n');
			void sandbox.close();
		});
	}
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = error instanceof UsageError ? 2 : 1;
});
