import type { Context, Hono } from 'hono';

import type { AppEnv } from './env';
import { iso } from './clock';
import { extendError } from './errors';
import { cutOwnerPage } from './extend/lists';
import { lists as extendLists } from './extend/queries';
import { readQuery as readExtendQuery } from './extend/routes';
import type { JsonObject } from './json';
import { cutPage, envelope, pageRequest } from './retab/lists';
import { lists } from './retab/queries';
import { readQuery } from './retab/routes';
import type { World } from './world';

/** What runs belong to: fixed lists for pickers and credential tests. */

interface Owner {
	id: string;
	name: string;
	createdAt: number;
}

const FIRST_CREATED = Date.parse('2026-01-05T09:00:00Z');
const DAY_MS = 86_400_000;

function owners(prefix: string, ...names: string[]): Owner[] {
	return names.map((name, at) => ({
		id: `${prefix}sandbox_${name.toLowerCase().replace(/ /g, '_')}`,
		name,
		createdAt: FIRST_CREATED + at * DAY_MS,
	}));
}

const RETAB_WORKFLOWS = owners('wf_', 'Invoices', 'Delivery notes', 'Claims');

const EXTEND_OWNERS: Array<{ path: string; object: string; all: Owner[] }> = [
	{ path: '/extractors', object: 'extractor', all: owners('ex_', 'Invoices', 'Receipts', 'Contracts') },
	{ path: '/classifiers', object: 'classifier', all: owners('cl_', 'Mail', 'Claims') },
	{ path: '/splitters', object: 'splitter', all: owners('spl_', 'Mail', 'Bundles') },
	{ path: '/workflows', object: 'workflow', all: owners('workflow_', 'Invoices', 'Onboarding', 'Claims') },
];

function retabWorkflow({ id, name, createdAt }: Owner): JsonObject {
	const created = iso(createdAt);
	return {
		id,
		name,
		description: '',
		project_id: null,
		published: { version_id: `ver_${id}`, published_at: created, description: '' },
		created_at: created,
		updated_at: created,
	};
}

function listWorkflows(c: Context<AppEnv>): Response {
	const page = pageRequest(readQuery(c, lists.workflow));
	const all = page.ascending ? RETAB_WORKFLOWS : [...RETAB_WORKFLOWS].reverse();
	const cut = cutPage(all, () => true, page, false);
	return c.json(envelope(cut, cut.items.map(retabWorkflow)));
}

/** What the lists of one workflow hold: start blocks and a step, an eval, an experiment. */
const OF_WORKFLOW: Record<string, (workflow: Owner) => JsonObject[]> = {
	'/v1/workflows/blocks': ({ name }) => [
		{ id: 'start-document', type: 'start_document', label: `${name} to read` },
		{ id: 'start-json', type: 'start_json', label: 'Settings' },
		{ id: 'extract-1', type: 'extract', label: 'Extract' },
	],
	'/v1/workflows/evals': ({ id, name }) => [{ id: `wfeval_of_${id}`, name: `${name} eval` }],
	'/v1/workflows/experiments': ({ id, name }) => [{ id: `exp_of_${id}`, name: `${name} experiment` }],
};

function listOfWorkflow(c: Context<AppEnv>, rowsOf: (workflow: Owner) => JsonObject[]): Response {
	const query = readQuery(c, lists.ofWorkflow);
	const id = String(query.workflow_id);
	const workflow = RETAB_WORKFLOWS.find((one) => one.id === id);
	const rows = workflow
		? rowsOf(workflow).map((row) => ({ ...row, id: String(row.id), workflow_id: id }))
		: [];
	const cut = cutPage(rows, () => true, pageRequest(query), false);
	return c.json(envelope(cut, cut.items));
}

const RETAB_TEMPLATES = owners('edittplt_', 'Tax form', 'Order form');

function listTemplates(c: Context<AppEnv>): Response {
	const query = readQuery(c, lists.template);
	const isWanted = ({ name }: Owner): boolean => !(query.name instanceof RegExp) || query.name.test(name);
	const cut = cutPage(RETAB_TEMPLATES, isWanted, pageRequest(query), false);
	const rows = cut.items.map(({ id, name, createdAt }) => ({ id, name, created_at: iso(createdAt) }));
	return c.json(envelope(cut, rows));
}

/** Before the routes of the runs: `/v1/edits/templates` would be taken for an edit. */
export function addRetabOwnerRoutes(app: Hono<AppEnv>): void {
	for (const [path, rowsOf] of Object.entries(OF_WORKFLOW)) app.get(path, (c) => listOfWorkflow(c, rowsOf));
	app.get('/v1/edits/templates', (c) => listTemplates(c));
	app.get('/v1/workflows', (c) => listWorkflows(c));
	app.get('/v1/auth/status', (c) =>
		c.json({ authenticated: true, environment: 'test', organization_id: 'org_sandbox' }),
	);
}

const VERSIONS = ['1.0', '0.2', '0.1'];

export function addExtendOwnerRoutes(app: Hono<AppEnv>, world: World): void {
	app.get('/files', (c) => {
		const { items, nextPageToken } = cutOwnerPage(
			world.store.listFiles('extend'),
			readExtendQuery(c, extendLists.owner),
		);
		const data = items.map(({ id, filename, createdAt }) => ({
			object: 'file',
			id,
			name: filename,
			createdAt: iso(createdAt),
		}));
		return c.json({ object: 'list', data, ...(nextPageToken === undefined ? {} : { nextPageToken }) });
	});
	for (const { path, object, all } of EXTEND_OWNERS) {
		app.get(path, (c) => {
			const { items, nextPageToken } = cutOwnerPage(all, readExtendQuery(c, extendLists.owner));
			const data = items.map(({ id, name, createdAt }) => {
				const created = iso(createdAt);
				return { object, id, name, createdAt: created, updatedAt: created };
			});
			return c.json({ object: 'list', data, ...(nextPageToken === undefined ? {} : { nextPageToken }) });
		});
		app.get(`${path}/:id/versions`, (c) => {
			const owner = all.find(({ id }) => id === c.req.param('id'));
			if (!owner) throw extendError(404, `No ${object} with id ${c.req.param('id')}`, { code: 'NOT_FOUND' });
			const data = VERSIONS.map((version) => ({
				object: `${object}_version`,
				id: `${owner.id}_${version}`,
				version,
				createdAt: iso(owner.createdAt),
			}));
			return c.json({ object: 'list', data });
		});
	}
}

const SEEDED_FILE_ID = 'file_sandbox';

/** A file that exists from the start in both APIs, so that a run can be made without an upload. */
export function seedFiles(world: World): void {
	for (const provider of ['retab', 'extend'] as const) {
		world.store.addFile({
			id: SEEDED_FILE_ID,
			provider,
			filename: 'invoice.pdf',
			mimeType: 'application/pdf',
			createdAt: FIRST_CREATED,
			size: 0,
			sha256: null,
			state: 'ready',
			expiresAt: Infinity,
			received: null,
		});
	}
}
