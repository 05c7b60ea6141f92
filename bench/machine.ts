import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const GIB = 1024 ** 3;

/** Where the benchmark ran, and of which commit. */
export interface Machine {
	cpu: string;
	cores: number;
	memoryGib: number;
	system: string;
	node: string;
	commit: string;
}

export async function describeMachine(): Promise<Machine> {
	const git = async (...args: string[]): Promise<string> =>
		(await run('git', args, { cwd: join(__dirname, '..') })).stdout.trim();
	const changed = (await git('status', '--porcelain', '--untracked-files=no')) !== '';
	return {
		cpu: cpus()[0]?.model.trim() ?? 'unknown',
		cores: cpus().length,
		memoryGib: Math.round(totalmem() / GIB),
		system: `${type()} ${release()}`,
		node: process.version,
		commit: `${await git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`,
	};
}
