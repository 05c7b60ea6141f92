import { cpus } from 'node:os';

import { createTestInstance } from '../test/nodes/support';
import { RetabApi, TimeoutCancel } from './built';
import { type RemoteSandbox, launchSandbox } from './sandbox';

/**
 * How late does a cancel leave at the deadline of its run while many other runs are being polled?
 *
 * One Timeout Cancel node in n8n's engine watches everything: runs whose deadlines come one after another, among others
 * that go on. The deadline is taken from the item, the arrival of the cancel from the request log of the sandbox, so the
 * figure holds the way through n8n's HTTP helper as well. The sandbox runs in a process of its own, as a real API would.
 */
const OTHERS = 200;
const WITH_DEADLINE = 50;
const ROUNDS = 5;
const FIRST_DEADLINE_S = 3;
const DEADLINES_SPREAD_S = 2;
const ALLOWED_MS = 100;

interface Round {
	lateness: number[];
	polls: number;
	seconds: number;
}

async function round(sandbox: RemoteSandbox): Promise<Round> {
	await sandbox.reset();
	const n8n = createTestInstance({
		nodes: [TimeoutCancel],
		credentialTypes: [RetabApi],
		credentials: { retabApi: { apiKey: sandbox.retabKey, baseUrl: sandbox.url } },
	});
	const extraction = { provider: 'retab', resource: 'extraction' };
	const last = FIRST_DEADLINE_S + DEADLINES_SPREAD_S;
	const stuck = await sandbox.createRuns(WITH_DEADLINE, { ...extraction, steering: { result: 'stuck' } });
	const others = await sandbox.createRuns(OTHERS, {
		...extraction,
		steering: { durationMs: (last + 1) * 1_000 },
	});
	const result = await n8n.runWorkflow({
		node: 'timeoutCancel',
		parameters: {
			operation: 'watch',
			provider: 'retab',
			resource: 'extraction',
			timeout: '={{ $json.timeout }}',
			options: { intervalMode: 'fixed', interval: 1 },
		},
		items: [
			...stuck.map((id, at) => ({
				id,
				timeout: FIRST_DEADLINE_S + (at / WITH_DEADLINE) * DEADLINES_SPREAD_S,
			})),
			...others.map((id) => ({ id, timeout: 60 })),
		],
	});
	const cancelled = result.json[2] ?? [];
	if (result.status !== 'success' || cancelled.length !== WITH_DEADLINE) {
		throw new Error(`Expected ${WITH_DEADLINE} cancelled runs, got ${cancelled.length} (${result.status})`);
	}
	const requests = await sandbox.requests();
	const arrivals = new Map(
		requests
			.filter(({ path }) => path.endsWith('/cancel'))
			.map(({ path, time }) => [path.split('/').at(-2), time]),
	);
	return {
		lateness: cancelled.map(({ id, deadline }) =>
			Math.max(0, (arrivals.get(id as string) ?? Number.NaN) - Date.parse(deadline as string)),
		),
		polls: requests.filter(({ method }) => method === 'GET').length,
		seconds: result.durationMs / 1_000,
	};
}

function quantile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function main(): Promise<void> {
	console.log(
		`${WITH_DEADLINE} deadlines within ${DEADLINES_SPREAD_S} s while ${OTHERS} other runs are polled every second, 5 requests in flight`,
	);
	console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}\n`);
	console.log('round   polls/s   cancel arrives after its deadline (ms): p50    p99    max');
	const all: number[] = [];
	const sandbox = await launchSandbox();
	try {
		for (let at = 1; at <= ROUNDS; at++) {
			const { lateness, polls, seconds } = await round(sandbox);
			all.push(...lateness);
			print(String(at), (polls / seconds).toFixed(0), lateness);
		}
	} finally {
		await sandbox.close();
	}
	print('all', '', all);
	const worst = Math.max(...all);
	console.log(
		`\n${worst <= ALLOWED_MS ? 'ok' : 'not ok'}: the latest came ${worst.toFixed(1)} ms after its deadline (at most ${ALLOWED_MS} ms)`,
	);
	process.exitCode = worst <= ALLOWED_MS ? 0 : 1;
}

function print(name: string, polls: string, lateness: readonly number[]): void {
	const sorted = [...lateness].sort((a, b) => a - b);
	const cells = [0.5, 0.99, 1].map((share) => quantile(sorted, share).toFixed(1).padStart(7)).join('');
	console.log(`${name.padEnd(8)}${polls.padStart(7)}${' '.repeat(40)}${cells}`);
}

void main();
