import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { RETRY } from '../../core/config';
import { ApiError } from '../../core/requests/apiError';
import { PageCursor, paginate } from '../../core/requests/paginate';
import { call } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import { isObject, pageQuery, valueAt } from '../../providers/client/parseResponse';
import { type Exchange, Reviews, type WithReviews } from '../../providers/client/reviews';
import type { ReviewActionSpec, ReviewsSpec } from '../../providers/reviewTypes';
import { reviewOperations } from '../description/reviewFields';
import { InvalidParameterError } from '../output/errors';
import { addHints, emptyListHint } from '../output/hints';
import { attemptItems, errorItem, outputItem, throwFirstError } from '../output/items';
import { readOutputShape, shapeRun } from '../output/simplify';
import { emptyError } from '../parameters/values';
import { readBody } from '../parameters/createBody';
import { readFilters } from '../parameters/filters';
import { readIncludeVersion } from '../parameters/options';
import { readReviewId } from '../parameters/ids';
import { readLimit } from '../parameters/numbers';
import type { Session } from '../transport/session';
import { callDeps } from './work';

/** Everything an operation on reviews needs. */
interface ReviewWork {
	context: IExecuteFunctions;
	provider: WithReviews;
	reviews: Reviews;
	exchange: Exchange;
}

/** A conflict is for a person to look at: sent again, it is the same. */
const CONFLICT = 409;

/** `execute` for reviews: the items of all operations, in the order of the input. */
export async function reviewItems(
	context: IExecuteFunctions,
	session: Session,
	provider: WithReviews,
): Promise<INodeExecutionData[]> {
	const operation = readOperation(context, provider.reviews);
	const client = session.client(provider.defaultResource);
	// All requests may be repeated: versions are named by their content, and a decision that was taken already is answered
	// as such (OpenAPI, `already_applied`).
	const shouldRetry = (error: ApiError, failures: number) =>
		error.retryable && error.status !== CONFLICT && failures < RETRY.attempts;
	const exchange: Exchange = (request) =>
		call(callDeps(session), (signal) => client.exchange(request, signal), { shouldRetry });
	const work = { context, provider, exchange, reviews: new Reviews(provider, exchange) };
	const action = provider.reviews.actions[operation];
	const operate = action ? decide(work, action) : operation === 'get' ? read(work) : list(work);
	const { simple } = action ?? provider.reviews;
	const results = await attemptItems(
		context.getInputData().length,
		async (itemIndex) => {
			const shape = readOutputShape(context, itemIndex);
			const found = await operate(itemIndex);
			return found.map((json) => outputItem(shapeRun(shape, { simple }, json), itemIndex));
		},
		session.maxConcurrentRequests,
	);
	if (session.scope.signal.aborted) return [];
	throwFirstError(context, results);
	return results.flatMap((result, itemIndex) =>
		'error' in result ? [errorItem(context, result.error, itemIndex)] : result.value,
	);
}

function readOperation(context: IExecuteFunctions, reviews: ReviewsSpec): string {
	const there = reviewOperations(reviews);
	const given: unknown = context.getNodeParameter('operation', 0);
	const operation = there.find((one) => one === given);
	if (operation) return operation;
	throw new InvalidParameterError(
		`There is no operation "${String(given)}" for ${reviews.plural}. Available: ${there.join(', ')}`,
		'Choose one of them in the field Operation.',
	);
}

type OperateOne = (itemIndex: number) => Promise<JsonObject[]>;

function list({ context, provider, reviews }: ReviewWork): OperateOne {
	const { path, list: spec } = provider.reviews;
	return async (itemIndex) => {
		const limit = readLimit(context, itemIndex);
		const query = { ...spec.newestFirst, ...readFilters(context, provider.reviews, itemIndex) };
		const rows: JsonObject[] = [];
		const pages = paginate(new PageCursor(), Number.POSITIVE_INFINITY, (token) =>
			reviews.page(path, {
				...query,
				...pageQuery(spec, token, Math.min(spec.pageSize, limit - rows.length)),
			}),
		);
		for await (const page of pages) {
			rows.push(...page.rows);
			if (rows.length >= limit) break;
		}
		if (rows.length === 0) addHints(context, [emptyListHint(provider, provider.reviews)], 'info');
		const found = rows.slice(0, limit);
		return readIncludeVersion(context, itemIndex)
			? await Promise.all(found.map((review) => reviews.withVersion(review)))
			: found;
	};
}

function read({ context, provider, reviews }: ReviewWork): OperateOne {
	return async (itemIndex) => [await reviews.read(readId(context, provider.reviews, itemIndex))];
}

function readId(context: IExecuteFunctions, { label, idExample }: ReviewsSpec, itemIndex: number): string {
	const origin = { parameters: context, name: 'reviewId', itemIndex };
	const id = readReviewId(context, { name: 'reviewId', label, example: idExample }, itemIndex);
	if (id !== undefined) return id;
	const hint = `Enter the ID of a review such as ${idExample}, or an expression such as {{ $json.reviewId }}.`;
	throw emptyError(label, undefined, hint, origin);
}

function decide(work: ReviewWork, action: ReviewActionSpec): OperateOne {
	const { context, provider, reviews, exchange } = work;
	const { path, versions } = provider.reviews;
	return async (itemIndex) => {
		const id = readId(context, provider.reviews, itemIndex);
		const version = { name: 'versionId', label: 'Version', example: versions.idExample };
		const given = readReviewId(context, { ...version, pattern: versions.idPattern }, itemIndex);
		const fields = readBody(context, action, itemIndex);
		const versionId = given ?? (await assumedVersion(reviews, action, id));
		const answer = await exchange({
			method: 'POST',
			path: `${path}${action.path.replace('{id}', id)}`,
			body: { ...(action.idField && { [action.idField]: id }), [action.versionField]: versionId, ...fields },
			hint: reviews.hints,
		});
		if (action.reviewAt) checkDecision(context, id, action.reviewAt, answer);
		return [isObject(answer) ? answer : {}];
	};
}

/**
 * The latest version, where none is named. A decision needs to know which one somebody has seen, unless there is just one.
 *
 * @throws InvalidParameterError
 */
async function assumedVersion(reviews: Reviews, action: ReviewActionSpec, id: string): Promise<string> {
	const { count, latest } = await reviews.versionsOf(id);
	const version = latest?.id;
	if (typeof version !== 'string')
		throw new InvalidParameterError(
			`Review ${id} has no version that could be decided about`,
			'Look at it in the dashboard: the block may not have come to a result yet.',
		);
	if (action.reviewAt && count > 1)
		throw new InvalidParameterError(
			`Review ${id} has ${count} versions, and Version does not say which one you mean`,
			`Somebody has corrected the result. Get the review, look at what it holds now, and enter its versionId. The latest one is ${version}.`,
		);
	return version;
}

/**
 * A decision that was not taken is an error, whatever the status of the answer is; one that was taken without effect on the
 * run is a hint.
 *
 * @throws ApiError
 */
function checkDecision(
	context: IExecuteFunctions,
	id: string,
	reviewAt: readonly string[],
	answer: unknown,
): void {
	if (valueAt(answer, ['submission_status']) === 'conflict') {
		const verdict = valueAt(answer, [...reviewAt, 'decision', 'verdict']);
		const decided = typeof verdict === 'string' ? `: it was ${verdict} before` : '';
		throw new ApiError('request', `Your decision about review ${id} was not taken${decided}`, {
			hint: 'Get the review to see who has decided, and when. A decision stands: start the run again for another one.',
		});
	}
	const resumed = valueAt(answer, ['resume_status']);
	const reason = valueAt(answer, ['resume_error']);
	const because = typeof reason === 'string' ? `: ${reason}` : '';
	if (resumed === 'failed')
		addHints(context, [
			`The decision about review ${id} was taken, but its run could not be resumed${because}. Look at the run in the dashboard.`,
		]);
	if (resumed === 'pending')
		addHints(
			context,
			[`The decision about review ${id} was taken; its run goes on in a moment, or after its other reviews.`],
			'info',
		);
}
