import { PROVIDERS } from '../../../nodes/shared/providers';
import { simplifyRun } from '../../../nodes/shared/providers/simplify';
import type { ResourceSpec } from '../../../nodes/shared/providers/types';

const rows = Object.values(PROVIDERS).flatMap(({ name, resources }) =>
	Object.entries(resources).map(([resource, spec]): [string, ResourceSpec] => [`${name} ${resource}`, spec]),
);

const spec = (provider: 'retab' | 'extend', resource: string): ResourceSpec => {
	const found = PROVIDERS[provider].resources[resource];
	if (!found) throw new Error(`no ${resource}`);
	return found;
};

test.each(rows)('%s has id and status first, at most 10 fields, none twice', (_, { simple }) => {
	const names = simple.map(({ name }) => name);
	expect(names.slice(0, 2)).toEqual(['id', 'status']);
	expect(names.length).toBeLessThanOrEqual(10);
	expect(new Set(names).size).toBe(names.length);
});

const PARSE = {
	id: 'prs_1',
	status: 'completed',
	file: { id: 'file_1', filename: 'a.pdf', mime_type: 'application/pdf' },
	model: 'retab-small',
	output: { pages: ['one', 'two'], text: 'one two' },
	error: null,
	usage: { credits: 2 },
	created_at: '2026-01-01T00:00:00Z',
};

test('a parse of Retab has its text at the top', () => {
	expect(simplifyRun(spec('retab', 'parse'), PARSE)).toEqual({
		id: 'prs_1',
		status: 'completed',
		fileName: 'a.pdf',
		text: 'one two',
		output: PARSE.output,
		error: null,
		createdAt: '2026-01-01T00:00:00Z',
		credits: 2,
	});
});

test('the empty placeholder of a run that is not finished is no result', () => {
	const running = { ...PARSE, status: 'in_progress', output: { pages: [], text: '' } };
	expect(simplifyRun(spec('retab', 'parse'), running)).toMatchObject({ text: null, output: null });
});

test('an error becomes a text', () => {
	const failed = {
		...PARSE,
		status: 'failed',
		error: { code: 'bad_file', message: 'Not a PDF', details: null },
	};
	expect(simplifyRun(spec('retab', 'parse'), failed)).toMatchObject({ error: 'bad_file: Not a PDF' });
});

test('an extract run of Extend gives the value itself, and its dashboard', () => {
	const run = {
		id: 'exr_1',
		status: 'PROCESSED',
		file: { name: 'a.pdf' },
		output: { value: { total: 3 }, metadata: {} },
		failureReason: null,
		failureMessage: null,
		dashboardUrl: 'https://dashboard.example.com/runs/exr_1',
		config: { type: 'EXTRACT' },
	};
	expect(simplifyRun(spec('extend', 'extractRun'), run)).toEqual({
		id: 'exr_1',
		status: 'PROCESSED',
		fileName: 'a.pdf',
		output: { total: 3 },
		error: null,
		url: 'https://dashboard.example.com/runs/exr_1',
	});
});

test('the text of a parse run of Extend is that of its chunks', () => {
	const output = { chunks: [{ content: 'one' }, { content: 'two' }] };
	const run = { id: 'pr_1', status: 'PROCESSED', output };
	expect(simplifyRun(spec('extend', 'parseRun'), run)).toMatchObject({ text: 'one\n\ntwo', output });
});

test('a row of a list without a result has no field for it', () => {
	expect(simplifyRun(spec('extend', 'extractRun'), { id: 'exr_1', status: 'PROCESSED' })).not.toHaveProperty(
		'output',
	);
});
