import { request } from 'undici';

import type { FaultSpec } from '../../sandbox/server';
import {
	eventually,
	EXTEND_HEADERS,
	giveUp,
	matching,
	pause,
	START,
	TEXT,
	useKit,
	type Answer,
} from './support';

/** Planted faults: what each kind does to the answer, and that it does nothing to a run unless told to. */

const kit = useKit();

function job(): string {
	return kit.sandbox.createRun({
		provider: 'retab',
		resource: 'job',
		id: 'job_1',
		steering: { result: 'stuck', pendingMs: 0, cancelMs: 0 },
	}).id;
}

const getJob = (): Promise<Answer> => kit.retab('GET', '/v1/jobs/job_1');
const cancelJob = (): Promise<Answer> => kit.retab('POST', '/v1/jobs/job_1/cancel');

async function timed<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
	const began = performance.now();
	const result = await work;
	return { result, ms: performance.now() - began };
}

describe('matching', () => {
	const plant = (fault: FaultSpec): void => void kit.sandbox.plantFault({ status: 500, ...fault });
	const status = async (path = '/v1/jobs/job_1'): Promise<number> => (await kit.retab('GET', path)).status;

	test.each<[string, string | RegExp]>([
		['the whole path', '/v1/jobs/job_1'],
		['a glob within a segment', '/v1/jobs/*'],
		['a glob over segments', '/v1/**'],
		['a glob with the method', 'GET /v1/jobs/job_*'],
		['a regular expression', /^GET \/v1\/jobs\/job_\d$/g],
		['a regular expression in text', 're:^GET /v1/jobs/job_\\d$'],
	])('works with %s', async (_name, path) => {
		job();
		plant({ path, count: 2 });
		expect([await status(), await status(), await status()]).toEqual([500, 500, 200]);
	});

	test.each<[string, FaultSpec]>([
		['another path', { path: '/v1/jobs' }],
		['part of a path', { path: '/v1' }],
		['another segment', { path: '/v1/*' }],
		['another method', { path: '/v1/**', method: 'post' }],
		['another method in the pattern', { path: 'POST /v1/**' }],
		['a query that is not there', { path: '/v1/**', query: 'include_output=false' }],
	])('leaves %s alone', async (_name, fault) => {
		job();
		plant(fault);
		expect(await status()).toBe(200);
	});

	test('can ask for a method and for part of the query', async () => {
		job();
		plant({ path: '/v1/jobs/*', method: 'get', query: 'include_response=true' });
		expect(await status('/v1/jobs/job_1?x=1&include_response=true')).toBe(500);
	});

	test('lets the first requests pass, applies the count, and is then used up', async () => {
		job();
		const fault = kit.sandbox.plantFault({ path: '/v1/jobs/*', status: 503, after: 2, count: 2, id: 'mine' });
		const statuses = [];
		for (let at = 0; at < 6; at += 1) statuses.push(await status());
		expect(statuses).toEqual([200, 200, 503, 503, 200, 200]);
		expect(fault).toMatchObject({ id: 'mine', applied: 2, remaining: 0, skipping: 0 });
	});

	test('can go on for ever, and be cleared', async () => {
		job();
		plant({ path: '/v1/jobs/*', count: 'always' });
		expect([await status(), await status(), await status()]).toEqual([500, 500, 500]);
		kit.sandbox.clearFaults();
		expect(await status()).toBe(200);
	});

	test('takes the faults in the order they were planted', async () => {
		job();
		plant({ path: '/v1/jobs/*', status: 500 });
		plant({ path: '/v1/jobs/*', status: 503 });
		expect([await status(), await status(), await status()]).toEqual([500, 503, 200]);
	});

	test.each<[string, unknown]>([
		['no path', { status: 500 }],
		['an unknown field', { path: '/x', statuss: 500 }],
		['an impossible status', { path: '/x', status: 99 }],
		['a count of 0', { path: '/x', count: 0 }],
		['a broken regular expression', { path: 're:(' }],
		['text', 'fault'],
	])('refuses %s', async (_name, fault) => {
		expect(() => kit.sandbox.plantFault(fault as FaultSpec)).toThrow();
		expect(await kit.control('POST', '/faults', fault)).toMatchObject({
			status: 400,
			json: { error: TEXT },
		});
	});
});

describe('a status', () => {
	test.each([400, 401, 402, 403, 404, 408, 409, 410, 422, 429, 500, 502, 503, 504])(
		'%i has the body of each API',
		async (status) => {
			kit.sandbox.plantFault({ path: '/**', status, count: 2 });
			const retab = await getJob();
			expect(retab).toMatchObject({ status, json: { detail: TEXT } });
			expect(retab.headers['x-request-id']).toMatch(/^req_/);
			const extend = await kit.extend('GET', '/extract_runs/x');
			expect(extend).toMatchObject({
				status,
				json: {
					code: matching(/^[A-Z_]+$/),
					message: TEXT,
					retryable: status === 408 || status === 429 || status >= 500,
					requestId: TEXT,
				},
			});
			expect(extend.headers['x-extend-request-id']).toBe(extend.json.requestId);
		},
	);

	test('429 says what the APIs say', async () => {
		kit.sandbox.plantFault({ path: '/**', status: 429, count: 2 });
		expect((await getJob()).json).toEqual({ detail: 'Rate limit exceeded. Please try again later.' });
		expect((await kit.extend('GET', '/extract_runs/x')).json.code).toBe('RATE_LIMIT_EXCEEDED');
	});

	test('may come with any body and headers', async () => {
		kit.sandbox.plantFault({
			path: '/**',
			status: 429,
			body: { error: 'slow down' },
			headers: { 'x-why': 'test' },
		});
		const answer = await getJob();
		expect(answer).toMatchObject({ status: 429, json: { error: 'slow down' }, headers: { 'x-why': 'test' } });
		kit.sandbox.plantFault({ path: '/**', status: 200, body: 'plain text' });
		expect(await getJob()).toMatchObject({ status: 200, text: 'plain text' });
	});
});

describe('Retry-After', () => {
	test.each<[number | string, string]>([
		[7, '7'],
		[0.5, '0.5'],
		['soon', 'soon'],
		['date:5', new Date(START + 5_000).toUTCString()],
		['date:-5', new Date(START - 5_000).toUTCString()],
	])('%s is sent as %s, with 429', async (retryAfter, expected) => {
		kit.sandbox.plantFault({ path: '/**', retryAfter });
		expect(await getJob()).toMatchObject({ status: 429, headers: { 'retry-after': expected } });
	});

	test('comes with the status that is asked for', async () => {
		kit.sandbox.plantFault({ path: '/**', retryAfter: 1, status: 503 });
		expect(await getJob()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
	});
});

describe('a body', () => {
	test('is cut in the middle of its JSON', async () => {
		job();
		const whole = (await getJob()).text;
		kit.sandbox.plantFault({ path: '/**', brokenJson: true });
		const broken = await getJob();
		expect(broken).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
		expect(whole.startsWith(broken.text)).toBe(true);
		expect(() => JSON.parse(broken.text) as unknown).toThrow();
	});

	test('is broken with an error status too', async () => {
		kit.sandbox.plantFault({ path: '/**', brokenJson: true, status: 500 });
		const broken = await getJob();
		expect(broken.status).toBe(500);
		expect(() => JSON.parse(broken.text) as unknown).toThrow();
	});

	test('is empty', async () => {
		kit.sandbox.plantFault({ path: '/**', emptyBody: true });
		expect(await getJob()).toMatchObject({ status: 200, text: '' });
	});

	test('is an HTML page', async () => {
		kit.sandbox.plantFault({ path: '/**', html: true });
		const answer = await getJob();
		expect(answer).toMatchObject({ status: 502, headers: { 'content-type': 'text/html' } });
		expect(answer.text).toMatch(/^<html>/);
	});

	test('ends before its length', async () => {
		job();
		kit.sandbox.plantFault({ path: '/**', truncate: true });
		await expect(getJob()).rejects.toThrow();
		expect(kit.sandbox.requests[0]).toMatchObject({ status: 200, aborted: false });
	});

	test('drips', async () => {
		job();
		const whole = (await getJob()).text;
		kit.sandbox.plantFault({ path: '/**', dripMs: 5 });
		const { result, ms } = await timed(getJob());
		expect(result).toMatchObject({ status: 200, text: whole });
		expect(ms).toBeGreaterThan(80);
	});

	test('stops dripping when the client leaves', async () => {
		job();
		kit.sandbox.plantFault({ path: '/**', dripMs: 60_000 });
		const entry = await giveUp(kit, 'GET', '/v1/jobs/job_1', ({ status }) => status === 200);
		expect(entry).toMatchObject({ aborted: true });
	});
});

test('a redirect goes where it is told, with 307 or another status', async () => {
	kit.sandbox.plantFault({ path: '/**', redirectTo: 'http://elsewhere.example/x' });
	expect(await getJob()).toMatchObject({ status: 307, headers: { location: 'http://elsewhere.example/x' } });
	kit.sandbox.plantFault({ path: '/**', redirectTo: '/v1/jobs/job_2', status: 302 });
	expect(await getJob()).toMatchObject({ status: 302, headers: { location: '/v1/jobs/job_2' } });
});

describe('time', () => {
	test('passes before the answer', async () => {
		job();
		kit.sandbox.plantFault({ path: '/**', delayMs: 120 });
		const { result, ms } = await timed(getJob());
		expect(result.status).toBe(200);
		expect(ms).toBeGreaterThanOrEqual(115);
	});

	test('passes before an error as well', async () => {
		kit.sandbox.plantFault({ path: '/**', delayMs: 60, status: 500 });
		const { result, ms } = await timed(getJob());
		expect(result.status).toBe(500);
		expect(ms).toBeGreaterThanOrEqual(55);
	});

	test('passes for ever when it hangs', async () => {
		job();
		kit.sandbox.plantFault({ path: '/**', hang: true });
		expect(await giveUp(kit, 'GET', '/v1/jobs/job_1')).toMatchObject({ status: null, aborted: true });
		expect((await getJob()).status).toBe(200);
	});
});

test('a reset breaks the connection', async () => {
	kit.sandbox.plantFault({ path: '/**', reset: true });
	await expect(getJob()).rejects.toMatchObject({ code: matching(/ECONNRESET|UND_ERR_SOCKET/) });
	await eventually(() => kit.sandbox.requests[0]?.durationMs !== null);
	expect(kit.sandbox.requests[0]).toMatchObject({ status: null, aborted: false });
});

describe('a run', () => {
	const REPLACING: Array<[string, Omit<FaultSpec, 'path'>]> = [
		['a status', { status: 500 }],
		['a status of 200', { status: 200 }],
		['broken JSON', { brokenJson: true }],
		['an empty body', { emptyBody: true }],
		['HTML', { html: true }],
		['Retry-After', { retryAfter: 1 }],
		['a redirect', { redirectTo: '/x' }],
		['another body', { body: {} }],
		['a delayed error', { delayMs: 5, status: 500 }],
	];
	const BREAKING: Array<[string, Omit<FaultSpec, 'path'>]> = [
		['a reset', { reset: true }],
		['a truncated answer', { truncate: true }],
	];

	test.each(REPLACING)('is not touched by a request that gets %s', async (_name, fault) => {
		job();
		kit.sandbox.plantFault({ path: '/**', ...fault });
		await cancelJob();
		expect(kit.sandbox.getRun('job_1')).toMatchObject({ status: 'in_progress', cancelRequests: 0 });
	});

	test.each(REPLACING)('is cancelled although the answer is %s, with applyAfter', async (_name, fault) => {
		job();
		kit.sandbox.plantFault({ path: '/**', ...fault, applyAfter: true });
		const answer = await cancelJob();
		expect(answer.json.status).not.toBe('cancelled');
		expect(kit.sandbox.getRun('job_1')).toMatchObject({ status: 'cancelled', cancelRequests: 1 });
	});

	test.each(BREAKING)('is not touched by a request that gets %s', async (_name, fault) => {
		job();
		kit.sandbox.plantFault({ path: '/**', ...fault });
		await expect(cancelJob()).rejects.toThrow();
		expect(kit.sandbox.getRun('job_1')?.cancelRequests).toBe(0);
	});

	test.each(BREAKING)(
		'is cancelled although the answer is lost in %s, with applyAfter',
		async (_name, fault) => {
			job();
			kit.sandbox.plantFault({ path: '/**', ...fault, applyAfter: true });
			await expect(cancelJob()).rejects.toThrow();
			expect(kit.sandbox.getRun('job_1')).toMatchObject({ status: 'cancelled', cancelRequests: 1 });
			expect((await cancelJob()).status).toBe(400);
		},
	);

	test.each<[string, Omit<FaultSpec, 'path'>]>([
		['hangs', { hang: true }],
		['waits', { delayMs: 60_000 }],
	])('is not touched by a request that %s until the client leaves', async (_name, fault) => {
		job();
		kit.sandbox.plantFault({ path: '/**', ...fault });
		await giveUp(kit, 'POST', '/v1/jobs/job_1/cancel');
		expect(kit.sandbox.getRun('job_1')).toMatchObject({ status: 'in_progress', cancelRequests: 0 });
	});

	test.each<[string, Omit<FaultSpec, 'path'>]>([
		['hangs', { hang: true }],
		['waits', { delayMs: 60_000 }],
	])('is cancelled by a request that %s until the client leaves, with applyAfter', async (_name, fault) => {
		job();
		kit.sandbox.plantFault({ path: '/**', ...fault, applyAfter: true });
		const cancelled = (): boolean => kit.sandbox.getRun('job_1')?.status === 'cancelled';
		expect(await giveUp(kit, 'POST', '/v1/jobs/job_1/cancel', cancelled)).toMatchObject({
			status: null,
			aborted: true,
		});
	});

	test('is not touched when the delay of a request ends after the client left', async () => {
		job();
		kit.sandbox.plantFault({ path: '/**', delayMs: 600 });
		await giveUp(kit, 'POST', '/v1/jobs/job_1/cancel');
		await pause(700);
		expect(kit.sandbox.getRun('job_1')?.cancelRequests).toBe(0);
	});

	test('is cancelled after a delay', async () => {
		job();
		kit.sandbox.plantFault({ path: '/**', delayMs: 20 });
		expect(await cancelJob()).toMatchObject({ status: 200, json: { status: 'cancelled' } });
	});

	test('is created once although the answer to the create call was lost', async () => {
		kit.sandbox.plantFault({ path: 'POST /parse_runs', status: 500, applyAfter: true });
		const body = { file: { url: 'https://a.example/a.pdf' } };
		expect((await kit.extend('POST', '/parse_runs', body)).status).toBe(500);
		expect((await kit.extend('GET', '/parse_runs')).json.data).toHaveLength(1);
	});
});

test('faults come before the key is checked', async () => {
	kit.sandbox.plantFault({ path: '/**', status: 503 });
	expect((await kit.send('GET', '/v1/jobs')).status).toBe(503);
	expect((await kit.send('GET', '/v1/jobs')).status).toBe(401);
});

test('the control endpoints have no faults', async () => {
	kit.sandbox.plantFault({ path: '/**', status: 503 });
	expect((await kit.control('GET', '/faults')).status).toBe(200);
});

test('Extend faults come in the shape that is switched on', async () => {
	kit.sandbox.switches.extendErrors = 'nested';
	kit.sandbox.plantFault({ path: '/**', status: 429 });
	expect((await kit.extend('GET', '/extractors')).json).toMatchObject({
		error: { code: 'RATE_LIMIT_EXCEEDED' },
	});
});

test('an upload can fail too', async () => {
	kit.sandbox.plantFault({ path: '/files/upload', status: 503 });
	const answer = await request(`${kit.sandbox.url}/files/upload`, {
		method: 'POST',
		headers: { ...EXTEND_HEADERS, 'content-type': 'multipart/form-data; boundary=b' },
		body: 'x'.repeat(100_000),
	});
	expect(answer.statusCode).toBe(503);
	await answer.body.dump();
	expect(kit.sandbox.requests[0]).toMatchObject({ bodySize: 100_000, body: null, fault: TEXT });
});

test('faults are planted, listed and removed over HTTP', async () => {
	const planted = await kit.control('POST', '/faults', {
		path: '/v1/**',
		status: 500,
		count: 'always',
		id: 'a',
	});
	expect(planted).toMatchObject({ status: 201, json: { id: 'a', remaining: 'always', applied: 0 } });
	await kit.control('POST', '/faults', { path: '/v1/**', status: 503 });
	await getJob();
	expect((await kit.control('GET', '/faults')).json.data).toMatchObject([
		{ id: 'a', applied: 1 },
		{ id: TEXT, remaining: 1 },
	]);
	expect((await kit.control('DELETE', '/faults/a')).status).toBe(204);
	expect((await kit.control('DELETE', '/faults/a')).status).toBe(404);
	expect((await getJob()).status).toBe(503);
	await kit.control('POST', '/faults', { path: '/v1/**', status: 500 });
	expect((await kit.control('DELETE', '/faults')).status).toBe(204);
	expect((await getJob()).status).toBe(404);
});
