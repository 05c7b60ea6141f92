import * as fc from 'fast-check';

import { ApiError } from '../../nodes/shared/core/requests/apiError';
import { PHASES } from '../../nodes/shared/core/runs/run';
import { PROVIDERS, resourceOf } from '../../nodes/shared/providers';
import { ResourceClient } from '../../nodes/shared/providers/client/resourceClient';
import { withKey } from '../../nodes/shared/providers/client/credential';
import { describeErrorBody } from '../../nodes/shared/providers/client/errorBody';
import type { ApiRequest, Send } from '../../nodes/shared/providers/client/wire';
import { parseRun } from '../../nodes/shared/providers/client/parseResponse';
import { retabAccess } from '../../nodes/shared/providers/retab/credential';
import { runs } from './runs';

const ROWS = Object.values(PROVIDERS).flatMap((provider) =>
	Object.values(provider.resources).map((spec) => ({ provider, spec })),
);

const row = fc.constantFrom(...ROWS);

/** Bodies that are nearly what the APIs send, and bodies that are nothing like it. */
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
	object: fc.dictionary(
		fc.constantFrom(
			'id',
			'status',
			'lifecycle',
			'timing',
			'created_at',
			'started_at',
			'createdAt',
			'data',
			'list_metadata',
			'after',
			'has_more',
			'nextPageToken',
			'processorRun',
			'detail',
			'error',
			'message',
			'code',
			'loc',
			'msg',
			'cancellation_status',
			'__proto__',
		),
		tie('value'),
	),
	value: fc.oneof(
		{ maxDepth: 4 },
		fc.constantFrom<unknown>('completed', 'PROCESSED', 'run_1', '', null, true, 0, 1_767_225_600),
		fc.string(),
		fc.double(),
		tie('object'),
		fc.array(tie('value'), { maxLength: 3 }),
	),
})).value;

const never = () => new AbortController().signal;

test('any answer to a read is a run or a fault that says what is wrong, never a crash', async () => {
	await fc.assert(
		fc.asyncProperty(row, fc.oneof(json, fc.jsonValue()), async ({ provider, spec }, body) => {
			const send: Send = async () => ({ status: 200, headers: {}, body });
			const client = new ResourceClient(provider, spec, send, () => 0);
			try {
				const run = await client.read('run_1', 'full', never());
				expect(typeof run.id).toBe('string');
				expect(run.id).not.toBe('');
				expect(run.status).not.toBe('');
				expect(PHASES).toContain(run.phase);
			} catch (error) {
				if (!(error instanceof ApiError)) throw error;
				expect(error.kind).toBe('malformed');
				expect(error.hint).toBeDefined();
			}
		}),
		{ numRuns: runs(600) },
	);
});

test('any page is a page or a fault, and any answer to a cancel is taken one way or the other', async () => {
	await fc.assert(
		fc.asyncProperty(
			row,
			json,
			fc.constantFrom(200, 400, 404, 500),
			async ({ provider, spec }, body, status) => {
				const send: Send = async () => ({ status, headers: {}, body });
				const client = new ResourceClient(provider, spec, send, () => 0);
				const outcomes = await Promise.allSettled([
					client.listPage(undefined, never()),
					spec.cancel && !spec.cancel.members ? client.cancel('run_1', 'c', never()) : undefined,
				]);
				for (const outcome of outcomes) {
					if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ApiError);
				}
			},
		),
		{ numRuns: runs(600) },
	);
});

test('whatever else a run holds passes through untouched, and an unknown status is no phase of ours', () => {
	const status = fc.string({ minLength: 1 });
	fc.assert(
		fc.property(status, fc.dictionary(fc.string(), fc.jsonValue()), (text, more) => {
			const provider = PROVIDERS.retab;
			const spec = resourceOf(provider, 'extraction');
			const body = { ...more, id: 'run_1', status: text };
			const copy = structuredClone(body);
			const run = parseRun(provider, spec, body);
			expect(run.body).toEqual(copy);
			expect(run.status).toBe(text);
			if (!Object.keys(spec.phases).includes(text)) expect(run.phase).toBe('unknown');
		}),
		{ numRuns: runs(300) },
	);
});

test('any error body is words or nothing', () => {
	fc.assert(
		fc.property(fc.oneof(json, fc.anything()), (body) => {
			const { message, code } = describeErrorBody(body);
			expect(message === undefined || (typeof message === 'string' && message.length <= 300)).toBe(true);
			expect(code === undefined || typeof code === 'string').toBe(true);
		}),
		{ numRuns: runs(600) },
	);
});

describe('an id never leaves its place in the path', () => {
	const nasty = fc
		.array(
			fc.constantFrom(
				'.',
				'..',
				'/',
				'\\',
				'%2e',
				'%2F',
				'?',
				'#',
				' ',
				'\t',
				'\n',
				'\0',
				'a',
				'ü',
				':',
				'@',
				';',
			),
		)
		.map((parts) => parts.join(''));

	test('in reads, cancels and deletes', async () => {
		await fc.assert(
			fc.asyncProperty(
				row,
				fc.oneof(nasty, fc.string({ unit: 'grapheme' })),
				async ({ provider, spec }, id) => {
					const sent: ApiRequest[] = [];
					const send: Send = async (request) => {
						sent.push(request);
						return { status: 200, headers: {}, body: {} };
					};
					const client = new ResourceClient(provider, spec, send, () => 0);
					await Promise.allSettled([
						client.read(id, 'light', never()),
						spec.cancel && !spec.cancel.members ? client.cancel(id, 'c', never()) : undefined,
						client.remove(id, never()),
					]);
					for (const { method, path } of sent) {
						const url = new URL(`https://api.example.com${path}`);
						const end = method === 'POST' ? '/cancel' : '';
						expect(url.pathname).toBe(`${spec.path}/${encodeURIComponent(id)}${end}`);
						expect(url.search + url.hash).toBe('');
					}
				},
			),
			{ numRuns: runs(600) },
		);
	});
});

test('the key never goes to another host, however the address is written', () => {
	const access = retabAccess({ apiKey: 'rt_secret', baseUrl: 'https://api.example.com/base' });
	const part = fc.constantFrom(
		'https:',
		'http:',
		'//',
		'/',
		'\\',
		'@',
		':',
		'api.example.com',
		'evil.example',
		'api.example.com.evil.example',
		'..',
		'?',
		'#',
		' ',
		'\t',
		'v1',
		'8443',
		'%2f',
	);
	const address = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(''));
	const request = fc.record(
		{
			url: address,
			uri: address,
			baseURL: fc.constantFrom('https://api.example.com', 'https://evil.example'),
		},
		{ requiredKeys: [] },
	);
	fc.assert(
		fc.property(request, (given) => {
			let keyed: ReturnType<typeof withKey> | undefined;
			try {
				keyed = withKey(access, given);
			} catch {
				return;
			}
			// As clients resolve an address: an absolute one alone, any other against its base.
			const text = given.url ?? given.uri ?? '';
			const base = given.baseURL ?? access.baseUrl;
			const resolved = [new URL(text, base), ...(URL.canParse(text) ? [new URL(text)] : [])];
			for (const url of resolved) expect(url.host).toBe('api.example.com');
			expect(keyed).toMatchObject({ followRedirect: false, disableFollowRedirect: true });
		}),
		{ numRuns: runs(1_000) },
	);
});
