import { createHash } from 'node:crypto';

import type { Context, Hono } from 'hono';
import { z } from 'zod';

import { iso } from '../clock';
import { RUN_DURATION_MS } from '../defaults';
import type { AppEnv } from '../env';
import { ApiError, retabError } from '../errors';
import type { JsonObject } from '../json';
import { snapshot } from '../runs';
import type { Review, ReviewVersion, Run } from '../store';
import { checkRetabBody, jsonObject } from '../validate';
import type { World } from '../world';
import { cutPage, envelope, pageRequest } from './lists';
import { lists } from './queries';
import { workflowOf, workflowVersionOf } from './records';
import { RETAB_ROWS } from './resources';
import { readBody, readQuery } from './routes';

/**
 * Reviews of workflow runs that wait for a person (Retab: openapi.json, `/v1/workflows/reviews`). Each run that comes to
 * `awaiting_review` has one; a decision lets the run go on.
 */

const VERSION_ID = /^rvr_[A-Z2-7]{26}$/;
const VERSION_ID_LENGTH = 26;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const PATH = '/v1/workflows/reviews';

const versionId = z.string().regex(VERSION_ID, "String should match pattern '^rvr_[A-Z2-7]{26}$'");
const acknowledged = z.array(z.string()).default([]);

const approveBody = z
	.object({ version_id: versionId, acknowledged_superseded_version_ids: acknowledged })
	.strict();
const rejectBody = z.object({ version_id: versionId, reason: z.string().min(1) }).strict();
const versionBody = z
	.object({
		review_id: z.string().min(1),
		parent_id: versionId,
		snapshot: jsonObject,
		note: z.string().nullish(),
		acknowledged_superseded_version_ids: acknowledged,
	})
	.strict();

/** Named by its content, so that the same correction is the same version. */
function versionIdOf(content: JsonObject): string {
	const hash = createHash('sha256').update(JSON.stringify(content)).digest();
	return `rvr_${[...hash.subarray(0, VERSION_ID_LENGTH)].map((byte) => BASE32[byte % BASE32.length]).join('')}`;
}

const MODEL = { kind: 'model', id: 'retab-small', display_name: 'Retab Small' };
const HUMAN = { kind: 'human', id: 'user_sandbox', display_name: 'Ada' };

/** The review of a run, made when the run is first seen to wait; nothing for a run that never came to one. */
function reviewOf(world: World, run: Run): Review | undefined {
	const known = world.store.reviews.get(run.id);
	if (known) return known;
	const { state } = snapshot(world, RETAB_ROWS.workflowRun, run);
	if (state.phase !== 'needsReview') return undefined;
	const id = `rev_${run.id}`;
	const result = { invoice_number: 'INV-1001', supplier: 'Example Ltd', total: 118.5 };
	const first: ReviewVersion = {
		id: versionIdOf({ review: id, snapshot: result }),
		parentId: null,
		snapshot: result,
		note: null,
		author: MODEL,
		createdAt: state.since,
	};
	const review: Review = { id, runId: run.id, createdAt: state.since, versions: [first], decision: null };
	world.store.reviews.set(run.id, review);
	return review;
}

function allReviews(world: World): Array<{ run: Run; review: Review }> {
	return world.store
		.list('retab', 'workflowRun')
		.flatMap((run) => {
			const review = reviewOf(world, run);
			return review ? [{ run, review }] : [];
		})
		.sort((a, b) => a.review.createdAt - b.review.createdAt);
}

/** @throws ApiError 404 */
function find(world: World, id: string): { run: Run; review: Review } {
	const found = allReviews(world).find(({ review }) => review.id === id);
	if (!found) throw retabError(404, `Review '${id}' not found`);
	return found;
}

function record(run: Run, { id, createdAt, decision }: Review): JsonObject {
	return {
		id,
		workflow_id: workflowOf(run),
		workflow_version_id: workflowVersionOf(run),
		run_id: run.id,
		block_id: 'block_review_1',
		step_id: `step_${run.id}`,
		parent_step_id: null,
		iteration_key: null,
		block_type: 'extract',
		triggered_by: { kind: 'confidence_lt', threshold: 0.9 },
		created_at: iso(createdAt),
		decision,
	};
}

function versionRecord(review: Review, version: ReviewVersion): JsonObject {
	const { id, parentId, author, snapshot: content, note, createdAt } = version;
	return {
		id,
		review_id: review.id,
		parent_id: parentId,
		author,
		snapshot: content,
		note,
		created_at: iso(createdAt),
	};
}

/** Versions that nobody has corrected. */
function latestOf({ versions }: Review): ReviewVersion[] {
	const parents = new Set(versions.map(({ parentId }) => parentId));
	return versions.filter(({ id }) => !parents.has(id));
}

/** @throws ApiError 404 for a version of another review, 409 where others would be discarded that nobody has named */
function checkVersion(review: Review, id: string, acknowledgedIds: readonly string[]): void {
	if (!review.versions.some((version) => version.id === id)) {
		throw retabError(404, `Version '${id}' not found in review '${review.id}'`);
	}
	const discarded = latestOf(review).flatMap((version) => (version.id === id ? [] : [version.id]));
	const unnamed = discarded.filter((one) => !acknowledgedIds.includes(one));
	if (unnamed.length === 0) return;
	const message = `This would discard other latest versions. Acknowledge them to go on: ${unnamed.join(', ')}`;
	throw new ApiError(409, {
		detail: { code: 'superseded_versions', message, details: { superseded_version_ids: unnamed } },
	});
}

function list(c: Context<AppEnv>, world: World): Response {
	const query = readQuery(c, lists.review);
	const isWanted = ({ decision }: Review): boolean => {
		const verdict = decision?.verdict ?? 'pending';
		if (query.decision_status === 'decided') return decision !== null;
		return query.decision_status === 'all' || query.decision_status === verdict;
	};
	const rows = allReviews(world)
		.filter(({ review }) => isWanted(review))
		.map(({ run, review }) => record(run, review) as JsonObject & { id: string })
		.filter((row) =>
			['workflow_id', 'run_id', 'block_id', 'step_id', 'iteration_key'].every(
				(name) => query[name] === undefined || query[name] === row[name],
			),
		);
	const page = pageRequest(query);
	const cut = cutPage(page.ascending ? rows : rows.reverse(), () => true, page, false);
	return c.json(envelope(cut, cut.items));
}

function listVersions(c: Context<AppEnv>, world: World): Response {
	const query = readQuery(c, lists.reviewVersion);
	const { review } = find(world, String(query.review_id));
	const cut = cutPage(review.versions, () => true, { ...pageRequest(query), ascending: true }, false);
	return c.json(
		envelope(
			cut,
			cut.items.map((version) => versionRecord(review, version)),
		),
	);
}

async function createVersion(c: Context<AppEnv>, world: World): Promise<Response> {
	const body = checkRetabBody(versionBody, await readBody(c, world));
	const { review } = find(world, String(body.review_id));
	const content = body.snapshot as JsonObject;
	const parentId = String(body.parent_id);
	const id = versionIdOf({ review: review.id, parentId, snapshot: content });
	const known = review.versions.find((version) => version.id === id);
	if (known) return c.json(versionRecord(review, known), 201);
	checkVersion(review, parentId, body.acknowledged_superseded_version_ids as string[]);
	if (review.decision) throw retabError(409, `Review '${review.id}' is already decided`);
	const note = typeof body.note === 'string' ? body.note : null;
	const createdAt = world.clock.now();
	const version: ReviewVersion = { id, parentId, snapshot: content, note, author: HUMAN, createdAt };
	review.versions.push(version);
	return c.json(versionRecord(review, version), 201);
}

async function decide(c: Context<AppEnv>, world: World, verdict: 'approved' | 'rejected'): Promise<Response> {
	const schema = verdict === 'approved' ? approveBody : rejectBody;
	const body = checkRetabBody(schema, await readBody(c, world));
	const { run, review } = find(world, c.req.param('id') ?? '');
	const version = String(body.version_id);
	const { decision } = review;
	if (decision) {
		const isSame = decision.verdict === verdict && decision.version_id === version;
		return c.json({
			submission_status: isSame ? 'already_applied' : 'conflict',
			review: record(run, review),
			resume_status: 'skipped',
			resume_error: null,
		});
	}
	checkVersion(review, version, (body.acknowledged_superseded_version_ids ?? []) as string[]);
	const now = world.clock.now();
	const waits = snapshot(world, RETAB_ROWS.workflowRun, run).state.phase === 'needsReview';
	review.decision = {
		verdict,
		version_id: version,
		author: HUMAN,
		created_at: iso(now),
		reason: body.reason ?? null,
	};
	if (waits) {
		const script = { pendingMs: 0, durationMs: RUN_DURATION_MS, result: 'completed' as const };
		run.life = { script, startedFrom: now };
		run.endStatus = undefined;
	}
	return c.json({
		submission_status: 'accepted',
		review: record(run, review),
		resume_status: waits ? 'resumed' : 'skipped',
		resume_error: null,
	});
}

/** Before the routes of the runs, whose paths are longer; `versions` before `:id`. */
export function addRetabReviewRoutes(app: Hono<AppEnv>, world: World): void {
	type Handler = (c: Context<AppEnv>, world: World) => Response | Promise<Response>;
	const named = (operation: string, handler: Handler) => (c: Context<AppEnv>) => {
		c.get('entry').operation = `review.${operation}`;
		return handler(c, world);
	};
	app.get(PATH, named('list', list));
	app.get(`${PATH}/versions`, named('listVersions', listVersions));
	app.post(`${PATH}/versions`, named('createVersion', createVersion));
	app.get(
		`${PATH}/:id`,
		named('get', (c) => {
			const { run, review } = find(world, c.req.param('id') ?? '');
			return c.json(record(run, review));
		}),
	);
	app.post(
		`${PATH}/:id/approve`,
		named('approve', (c) => decide(c, world, 'approved')),
	);
	app.post(
		`${PATH}/:id/reject`,
		named('reject', (c) => decide(c, world, 'rejected')),
	);
}
