import { ApiError } from '../../core/requests/apiError';
import type { CancelAnswer, ReadView, RunList, RunPage, RunClient } from '../../core/runs/runClient';
import { attemptRequest } from '../../core/concurrency/result';
import { type JsonObject, type Run, isTerminal } from '../../core/runs/run';
import { type ApiRequest, type Send, type SendBytes, type Upload, exchange, uploadErrorOf } from './http';
import { pagesOf, unfinishedLists } from '../lists/runLists';
import type { ProviderSpec, Query, ResourceSpec } from '../types';
import { type Page, cancellationStatus, claimedPhase, parsePage, parseRun } from './parseResponse';

/**
 * Answers to a cancel that mean "not now" or "nothing to cancel", and that only a read can tell apart: Retab jobs answer
 * 400 and 409, its eval and experiment runs 404; what Extend answers is not documented, its declared errors are 400, 404
 * and 422.
 */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 422]);

/** One resource of one provider over HTTP. Everything particular to it comes from its row in the table. */
export class ResourceClient implements RunClient {
	readonly unfinished: readonly RunList[] | undefined;

	constructor(
		readonly provider: ProviderSpec,
		readonly spec: ResourceSpec,
		private readonly send: Send,
		/** Unix milliseconds. */
		private readonly now: () => number,
	) {
		this.unfinished = unfinishedLists(this);
	}

	get title(): string {
		return `${this.provider.title} ${this.spec.noun}`;
	}

	get hasLightReads(): boolean {
		return this.spec.lightQuery !== undefined;
	}

	read(id: string, view: ReadView, signal: AbortSignal): Promise<Run> {
		const query = view === 'light' ? this.spec.lightQuery : this.spec.fullQuery;
		return this.readWith(id, query, signal);
	}

	/** @throws ApiError */
	async readWith(id: string, query: Query | undefined, signal: AbortSignal): Promise<Run> {
		const body = await this.exchange({ method: 'GET', path: this.pathOf(id), query }, signal);
		return parseRun(this.provider, this.spec, body);
	}

	async cancel(id: string, commandId: string, signal: AbortSignal): Promise<CancelAnswer> {
		const { cancel } = this.spec;
		if (!cancel) throw new RangeError(`${this.provider.title} cannot cancel ${this.spec.plural}`);
		const body = cancel.commandIdField ? { [cancel.commandIdField]: commandId } : undefined;
		const answered = await attemptRequest(() =>
			this.exchange({ method: 'POST', path: `${this.pathOf(id)}/cancel`, body }, signal),
		);
		if ('error' in answered) {
			if (!REFUSALS.has(answered.error.status ?? 0)) throw answered.error;
			return { accepted: false, error: answered.error };
		}
		const answer = answered.value;
		if (cancel.answer === 'envelope') return this.answerOf(cancellationStatus(answer));
		const claimed = claimedPhase(this.spec, answer);
		return { accepted: true, claimsEnded: claimed !== undefined && isTerminal(claimed) };
	}

	private answerOf(status: string): CancelAnswer {
		if (status !== 'cancellation_failed') return { accepted: true, claimsEnded: status === 'cancelled' };
		const message = `${this.provider.title} could not cancel the run (cancellation_status: cancellation_failed)`;
		return { accepted: false, error: new ApiError('request', message) };
	}

	/**
	 * One page of the list, rows as the API gives them.
	 *
	 * @param size rows wanted, at most the page size of the table
	 * @throws ApiError
	 */
	async page(query: Query, token: string | undefined, size: number, signal: AbortSignal): Promise<Page> {
		return await this.pageOfSize(query, token, Math.min(size, this.spec.list?.pageSize ?? size), signal);
	}

	/**
	 * The same, of a size that the table does not vouch for.
	 *
	 * @throws ApiError
	 */
	async pageOfSize(
		query: Query,
		token: string | undefined,
		size: number,
		signal: AbortSignal,
	): Promise<Page> {
		const { list } = this.spec;
		if (!list) throw new RangeError(`${this.provider.title} cannot list ${this.spec.plural}`);
		const paging: Query = {};
		for (const param of list.pageSizeParams) paging[param] = size;
		if (token !== undefined) paging[list.paging === 'cursor' ? 'after' : 'nextPageToken'] = token;
		const body = await this.exchange(
			{ method: 'GET', path: this.spec.path, query: { ...query, ...paging } },
			signal,
		);
		return parsePage(this.provider, this.spec, body);
	}

	async listPage(token: string | undefined, signal: AbortSignal): Promise<RunPage> {
		const { list, rowCreatedPath } = this.spec;
		if (!list || rowCreatedPath) return { rows: [] };
		return await pagesOf(this, list.newestFirst)(token, signal);
	}

	/**
	 * Starts a run.
	 *
	 * @throws ApiError
	 */
	async create(body: JsonObject, headers: ApiRequest['headers'], signal: AbortSignal): Promise<Run> {
		const answer = await this.exchange(
			{ method: 'POST', path: this.spec.path, body, headers, hint: this.createAdvice() },
			signal,
		);
		return parseRun(this.provider, this.spec, answer);
	}

	private createAdvice(): ApiRequest['hint'] {
		const missing = [
			`Check the IDs in the parameters. A ${this.provider.title} key only sees what belongs to its own environment or workspace.`,
			this.spec.goneHint,
		];
		return {
			404: missing.filter(Boolean).join(' '),
			409: 'Something that the run depends on has changed or is in use. Check it, then start the run again.',
			410: missing.filter(Boolean).join(' '),
		};
	}

	/** Deletes a run. @throws ApiError */
	async remove(id: string, signal: AbortSignal): Promise<void> {
		await this.exchange({ method: 'DELETE', path: this.pathOf(id) }, signal);
	}

	/** Sends bytes to an upload address. @throws ApiError */
	async put(upload: Upload, sendBytes: SendBytes, signal: AbortSignal): Promise<void> {
		const response = await sendBytes(upload, signal);
		if (response.status < 200 || response.status > 299) throw uploadErrorOf(this, response, this.now());
	}

	/** @throws RangeError for an id that would leave its segment of the path, however it is encoded */
	private pathOf(id: string): string {
		if (/^\.{0,2}$/.test(id)) throw new RangeError(`"${id}" cannot be the ID of a run`);
		return `${this.spec.path}/${encodeURIComponent(id)}`;
	}

	/** Any request to the provider of this resource. @throws ApiError */
	exchange(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
		return exchange(this, this.send, request, signal, this.now);
	}
}
