import { ApiError } from '../../core/requests/apiError';
import type {
	CancelAnswer,
	MemberList,
	ReadView,
	RunList,
	RunPage,
	RunClient,
} from '../../core/runs/runClient';
import { attemptRequest } from '../../core/concurrency/result';
import { type Run, isTerminal } from '../../core/runs/run';
import { listsOfMembers, pagesOf, unfinishedLists } from '../lists/runLists';
import type { ProviderSpec, Query, ResourceSpec } from '../types';
import { exchange } from './http';
import { type Page, cancellationStatus, claimedPhase, pageQuery, parsePage, parseRun } from './parseResponse';
import type { ApiRequest, Send } from './wire';

/**
 * Answers to a cancel that mean "not now" or "nothing to cancel", and that only a read can tell apart: Retab jobs answer
 * 400 and 409, its eval and experiment runs 404; what Extend answers is not documented, its declared errors are 400, 404
 * and 422.
 */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 422]);

/** One resource of one provider over HTTP. Everything particular to it comes from its row in the table. */
export class ResourceClient implements RunClient {
	readonly unfinished: readonly RunList[] | undefined;

	readonly members: ((id: string) => readonly MemberList[]) | undefined;

	constructor(
		readonly provider: ProviderSpec,
		readonly spec: ResourceSpec,
		private readonly send: Send,
		/** Unix milliseconds. */
		private readonly now: () => number,
	) {
		this.unfinished = unfinishedLists(this);
		const rows = spec.cancel?.members?.flatMap((resource) => provider.resources[resource] ?? []);
		const clients = rows?.map((row) => new ResourceClient(provider, row, send, now));
		this.members = clients && ((id) => listsOfMembers(clients, id));
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
		const body = await this.exchange({ method: 'GET', path: pathOf(this.spec, id), query }, signal);
		return parseRun(this.provider, this.spec, body);
	}

	async cancel(id: string, commandId: string, signal: AbortSignal): Promise<CancelAnswer> {
		const { cancel } = this.spec;
		if (!cancel || cancel.members)
			throw new RangeError(`${this.provider.title} cannot cancel ${this.spec.plural}`);
		const body = cancel.commandIdField ? { [cancel.commandIdField]: commandId } : undefined;
		const answered = await attemptRequest(() =>
			this.exchange({ method: 'POST', path: `${pathOf(this.spec, id)}/cancel`, body }, signal),
		);
		if ('error' in answered) {
			if (!REFUSALS.has(answered.error.status ?? 0)) throw answered.error;
			return { accepted: false, error: answered.error };
		}
		const answer = answered.value;
		if (cancel.answer === 'envelope') return signalAnswer(this.provider, cancellationStatus(answer));
		const claimed = claimedPhase(this.spec, answer);
		return { accepted: true, claimsEnded: claimed !== undefined && isTerminal(claimed) };
	}

	/**
	 * One page of the list, rows as the API gives them.
	 *
	 * @param size rows wanted
	 * @param most rows that the API gives at most, where that is not the page size of the table
	 * @throws ApiError
	 */
	async page(
		query: Query,
		token: string | undefined,
		signal: AbortSignal,
		size = Number.POSITIVE_INFINITY,
		most = this.spec.list?.pageSize ?? 0,
	): Promise<Page> {
		const { list, path } = this.spec;
		if (!list) throw new RangeError(`${this.provider.title} cannot list ${this.spec.plural}`);
		const paged = { ...query, ...pageQuery(list, token, Math.min(size, most)) };
		const body = await this.exchange({ method: 'GET', path, query: paged }, signal);
		return parsePage(this.provider, this.spec, body);
	}

	async listPage(token: string | undefined, signal: AbortSignal): Promise<RunPage> {
		const { list, rowCreatedPath } = this.spec;
		if (!list || rowCreatedPath) return { rows: [] };
		return await pagesOf(this, list.newestFirst)(token, signal);
	}

	/** Deletes a run. @throws ApiError */
	async remove(id: string, signal: AbortSignal): Promise<void> {
		await this.exchange({ method: 'DELETE', path: pathOf(this.spec, id) }, signal);
	}

	/** Any request to the provider of this resource. @throws ApiError */
	exchange(request: ApiRequest, signal: AbortSignal): Promise<unknown> {
		return exchange(this, this.send, request, signal, this.now);
	}
}

/** @throws RangeError for an id that would leave its segment of the path, however it is encoded */
function pathOf({ path }: ResourceSpec, id: string): string {
	if (/^\.{0,2}$/.test(id)) throw new RangeError(`"${id}" cannot be the ID of a run`);
	return `${path}/${encodeURIComponent(id)}`;
}

function signalAnswer({ title }: ProviderSpec, status: string): CancelAnswer {
	if (status !== 'cancellation_failed') return { accepted: true, claimsEnded: status === 'cancelled' };
	const message = `${title} could not cancel the run (cancellation_status: cancellation_failed)`;
	return { accepted: false, error: new ApiError('request', message) };
}
