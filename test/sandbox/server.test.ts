import { connect } from 'node:net';

import { startSandbox, type Sandbox } from '../../sandbox/server';
import { eventually, openKit, pause, RETAB_HEADERS } from './support';

/** Starting, stopping and the clock. */

async function reads(url: string): Promise<number> {
	return (await fetch(`${url}/v1/jobs`, { headers: RETAB_HEADERS })).status;
}

test('takes any free port on loopback by default', async () => {
	const [one, two] = await Promise.all([startSandbox(), startSandbox()]);
	try {
		expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
		expect(one.port).not.toBe(two.port);
		expect(await reads(one.url)).toBe(200);
		expect(await reads(two.url)).toBe(200);
	} finally {
		await Promise.all([one.close(), two.close()]);
	}
	await expect(reads(one.url)).rejects.toThrow();
});

test('says when the port is taken', async () => {
	const sandbox = await startSandbox();
	try {
		await expect(startSandbox({ port: sandbox.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
		expect(await reads(sandbox.url)).toBe(200);
	} finally {
		await sandbox.close();
	}
});

test.each([0, -1, NaN, Infinity])('refuses a speed of %s', async (speed) => {
	await expect(startSandbox({ speed })).rejects.toThrow(RangeError);
});

test('can be closed twice', async () => {
	const sandbox = await startSandbox();
	await Promise.all([sandbox.close(), sandbox.close()]);
	await sandbox.close();
});

describe('closing ends at once', () => {
	async function closingMs(sandbox: Sandbox): Promise<number> {
		const began = performance.now();
		await sandbox.close();
		return performance.now() - began;
	}

	test.each([
		['hanging requests', { hang: true }],
		['delayed requests', { delayMs: 60_000 }],
		['dripping answers', { dripMs: 60_000 }],
	])('with %s', async (_name, fault) => {
		const kit = await openKit();
		kit.sandbox.plantFault({ path: '/**', count: 'always', ...fault });
		const ends = Promise.allSettled([kit.retab('GET', '/v1/jobs'), kit.extend('GET', '/extractors')]);
		await eventually(() => kit.sandbox.requests.length === 2);
		expect(await closingMs(kit.sandbox)).toBeLessThan(2_000);
		expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
		await eventually(() => kit.sandbox.requests.every(({ durationMs }) => durationMs !== null));
		expect(kit.sandbox.requests.map(({ aborted }) => aborted)).toEqual([false, false]);
		await kit.close();
	});

	test('with connections that are kept alive or say nothing', async () => {
		const kit = await openKit();
		await kit.retab('GET', '/v1/jobs');
		const idle = connect(kit.sandbox.port, '127.0.0.1');
		const half = connect(kit.sandbox.port, '127.0.0.1', () => half.write('GET /v1/jobs HT'));
		const gone = Promise.all(
			[idle, half].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
		);
		for (const socket of [idle, half]) socket.on('error', () => undefined);
		await pause(30);
		expect(await closingMs(kit.sandbox)).toBeLessThan(2_000);
		await gone;
		await kit.close();
	});
});

describe('the clock', () => {
	test('is that of the options', async () => {
		let time = Date.parse('2030-01-01T00:00:00Z');
		const sandbox = await startSandbox({ now: () => time });
		try {
			const { id } = sandbox.createRun({
				provider: 'retab',
				resource: 'parse',
				steering: { durationMs: 1_000 },
			});
			expect(sandbox.getRun(id)).toMatchObject({ status: 'queued', createdAt: time });
			time += 1_000;
			expect(sandbox.getRun(id)?.status).toBe('completed');
		} finally {
			await sandbox.close();
		}
	});

	test('can run faster than its source', async () => {
		const start = Date.parse('2030-01-01T00:00:00Z');
		let time = start;
		const sandbox = await startSandbox({ now: () => time, speed: 60 });
		try {
			const { id } = sandbox.createRun({
				provider: 'extend',
				resource: 'extractRun',
				steering: { durationMs: 60_000 },
			});
			time += 999;
			expect(sandbox.getRun(id)?.status).toBe('PROCESSING');
			time += 1;
			expect(sandbox.now()).toBe(start + 60_000);
			expect(sandbox.getRun(id)?.status).toBe('PROCESSED');
		} finally {
			await sandbox.close();
		}
	});

	test('is the real one by default', async () => {
		const sandbox = await startSandbox();
		try {
			expect(Math.abs(sandbox.now() - Date.now())).toBeLessThan(1_000);
		} finally {
			await sandbox.close();
		}
	});
});
