import type { IDataObject } from 'n8n-workflow';

import { RETAB_KEY, type LoggedRequest } from '../../sandbox/server';
import type { CredentialData } from './support/credential-store';
import type { WorkflowResult } from './support/run';
import { type Provider, ownCredentialsFor, useSandbox } from './support/sandbox-instance';
import { startTestServer } from './support/test-server';

/** Many executions of one process at once: what they share, and what they must not. */

const lab = useSandbox();

const RESOURCE = { retab: 'extraction', extend: 'extractRun' } as const;

const SECOND = 1_000;

function createRuns(provider: Provider, count: number, steering: IDataObject): string[] {
	return lab.sandbox.createRuns(
		count,
		provider === 'retab'
			? { provider, resource: RESOURCE[provider], steering }
			: { provider, resource: RESOURCE[provider], steering },
	);
}

/** One execution of Timeout Cancel. */
function watch(
	provider: Provider,
	ids: readonly string[],
	credentials: CredentialData,
	timeout = 120,
): Promise<WorkflowResult> {
	return lab.n8n.runWorkflow({
		node: 'timeoutCancel',
		parameters: {
			provider,
			resource: RESOURCE[provider],
			timeout,
			options: { interval: 1, maxInterval: 5, confirmFor: 30 },
		},
		items: ids.map((id) => ({ id })),
		credentials,
	});
}

function itemsOf(results: readonly WorkflowResult[]): IDataObject[] {
	return results.flatMap(({ json }) => json.flat());
}

function outcomesOf(results: readonly WorkflowResult[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const item of itemsOf(results)) {
		const outcome = item.outcome as string;
		counts[outcome] = (counts[outcome] ?? 0) + 1;
	}
	return counts;
}

const refusals = (requests: readonly LoggedRequest[]) => requests.filter(({ status }) => status === 429);

beforeEach(() => lab.sandbox.reset());

test.each<Provider>(['retab', 'extend'])(
	'%s: 150 executions with one run each take few more requests than one with 150',
	async (provider) => {
		const lasts = { durationMs: 20 * SECOND, pendingMs: 500 };
		const together = await watch(
			provider,
			createRuns(provider, 150, lasts),
			ownCredentialsFor(lab.sandbox.url),
		);
		expect(outcomesOf([together])).toEqual({ completed: 150 });
		const requests = lab.sandbox.requests.length;

		lab.sandbox.reset();
		const credentials = ownCredentialsFor(lab.sandbox.url);
		const ids = createRuns(provider, 150, lasts);
		const each = await Promise.all(ids.map((id) => watch(provider, [id], credentials)));
		expect(outcomesOf(each)).toEqual({ completed: 150 });
		expect(lab.sandbox.requests.length).toBeLessThanOrEqual(1.2 * requests);
	},
	180 * SECOND,
);

test(
	'60 executions hear one 429: few are refused while the pause lasts',
	async () => {
		const credentials = ownCredentialsFor(lab.sandbox.url);
		const ids = createRuns('retab', 60, { durationMs: 6 * SECOND });
		lab.sandbox.plantFault({ path: '/v1/**', status: 429, retryAfter: 10, count: 'always', after: 20 });
		const all = Promise.all(ids.map((id) => watch('retab', [id], credentials)));
		await firstRefusal();
		await new Promise((resolve) => setTimeout(resolve, 9 * SECOND));
		lab.sandbox.clearFaults();
		expect(outcomesOf(await all)).toEqual({ completed: 60 });
		expect(refusals(lab.sandbox.requests).length).toBeLessThanOrEqual(12);
	},
	120 * SECOND,
);

async function firstRefusal(): Promise<void> {
	while (refusals(lab.sandbox.requests).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

test(
	'behind 10 requests per second, 150 executions end known, and cancels leave in time',
	async () => {
		lab.sandbox.switches.requestsPerSecond = 10;
		const credentials = ownCredentialsFor(lab.sandbox.url);
		const good = createRuns('retab', 120, { durationMs: 15 * SECOND });
		const hanging = createRuns('retab', 30, { result: 'stuck' });
		const ids = good.flatMap((id, at) => [id, ...(at % 4 === 0 ? hanging.slice(at / 4, at / 4 + 1) : [])]);
		const results = await Promise.all(ids.map((id) => watch('retab', [id], credentials, 40)));
		expect(outcomesOf(results)).toEqual({ completed: 120, cancelled: 30 });
		const late = itemsOf(results)
			.filter(({ outcome }) => outcome === 'cancelled')
			.map(({ cancel }) => Number((cancel as IDataObject).lateMs))
			.sort((a, b) => a - b);
		expect(late[14]).toBeLessThanOrEqual(2 * SECOND);
		expect(late[29]).toBeLessThanOrEqual(6 * SECOND);
		const { requests } = lab.sandbox;
		expect(refusals(requests).length).toBeLessThanOrEqual(requests.length / 10);
	},
	180 * SECOND,
);

test('two keys share nothing: each request carries the key of its execution, and a pause holds for one', async () => {
	const keys = ['rt_one', 'rt_two'] as const;
	const [limited] = keys;
	let refused = 0;
	const server = await startTestServer(async ({ method, path, query, headers }) => {
		const key = String(headers.authorization).replace('Bearer ', '');
		if (key === limited && refused === 0 && query.include_output === undefined) {
			refused += 1;
			return { status: 429, headers: { 'retry-after': '3' }, body: { detail: 'slow down' } };
		}
		const search = new URLSearchParams(query).toString();
		const response = await fetch(`${lab.sandbox.url}${path}${search && `?${search}`}`, {
			method,
			headers: { authorization: `Bearer ${RETAB_KEY}` },
		});
		return { status: response.status, body: await response.json() };
	});
	try {
		const owned = keys.map((key) => ({ key, ids: createRuns('retab', 25, { durationMs: 6 * SECOND }) }));
		const results = await Promise.all(
			owned.flatMap(({ key, ids }) =>
				ids.map((id) => watch('retab', [id], { retabApi: { apiKey: key, baseUrl: server.url } })),
			),
		);
		expect(outcomesOf(results)).toEqual({ completed: 50 });
		for (const { key, ids } of owned) {
			const about = server.requests.filter(({ path }) => ids.some((id) => path.includes(id)));
			expect(about.length).toBeGreaterThanOrEqual(ids.length);
			expect(new Set(about.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${key}`]));
		}
		expect(refused).toBe(1);
	} finally {
		await server.close();
	}
}, 120_000);
