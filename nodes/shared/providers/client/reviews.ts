import type { JsonObject } from '../../core/runs/run';
import type { ReviewsSpec } from '../reviewTypes';
import type { ProviderSpec } from '../types';
import { parseTime } from '../../core/runs/parseTime';
import { isObject, pageQuery, parsePage } from './parseResponse';
import type { ApiRequest } from './wire';

/** Sends a request to the provider, again where that helps. */
export type Exchange = (request: ApiRequest) => Promise<unknown>;

export type WithReviews = ProviderSpec & { reviews: ReviewsSpec };

export function hasReviews(provider: ProviderSpec): provider is WithReviews {
	return provider.reviews !== undefined;
}

/** Reads of reviews and of what there is to decide about. @throws ApiError, as all of them */
export class Reviews {
	private readonly spec: ReviewsSpec;

	constructor(
		private readonly provider: WithReviews,
		private readonly exchange: Exchange,
	) {
		this.spec = provider.reviews;
	}

	/** A review, with the latest version of what is reviewed beside it. */
	async read(id: string): Promise<JsonObject> {
		const hint = this.hints;
		const review = await this.exchange({ method: 'GET', path: `${this.spec.path}/${id}`, hint });
		return await this.withVersion(isObject(review) ? review : {}, id);
	}

	/** A review as it is shown, with the latest version of what is reviewed beside it. */
	async withVersion(review: JsonObject, id = idOf(review)): Promise<JsonObject> {
		const { latest } = await this.versionsOf(id);
		return { ...review, latest_version: latest ?? null };
	}

	/** How many versions there are, and the one that no other corrects; the youngest of those where there are several. */
	async versionsOf(id: string): Promise<{ count: number; latest: JsonObject | undefined }> {
		const { path, param } = this.spec.versions;
		const versions: JsonObject[] = [];
		let token: string | undefined;
		do {
			const query = { [param]: id, ...pageQuery(this.spec.list, token, this.spec.list.pageSize) };
			const page = await this.page(path, query);
			versions.push(...page.rows);
			token = page.rows.length > 0 ? page.next : undefined;
		} while (token !== undefined);
		const parents = new Set(versions.map(({ parent_id: parent }) => parent));
		const uncorrected = versions.filter(({ id: version }) => !parents.has(version ?? null));
		const createdAt = ({ created_at: created }: JsonObject) => parseTime(created) ?? 0;
		const [latest] = uncorrected.sort((a, b) => createdAt(b) - createdAt(a));
		return { count: versions.length, latest };
	}

	/** What waits for a decision about a run, with its versions. */
	async pendingOf(runId: string): Promise<JsonObject[]> {
		const { path, list } = this.spec;
		const { rows } = await this.page(path, {
			...this.spec.pendingOf(runId),
			...pageQuery(list, undefined, list.pageSize),
		});
		return await Promise.all(rows.map((review) => this.withVersion(review)));
	}

	async page(path: string, query: ApiRequest['query']): Promise<ReturnType<typeof parsePage>> {
		const body = await this.exchange({ method: 'GET', path, query, hint: this.hints });
		return parsePage(this.provider, this.spec, body);
	}

	/** What helps where a review is not found, or was changed by somebody else. */
	get hints(): NonNullable<ApiRequest['hint']> {
		return {
			404: `Check the ID of the review. ${this.provider.keySees}`,
			409: 'Somebody else has decided, or has submitted another version. Get the review again and look at what it holds now. To decide all the same, put the version IDs that the message names into Superseded Versions.',
		};
	}
}

/** Without one it is not found. */
function idOf({ id }: JsonObject): string {
	return typeof id === 'string' ? id : '';
}
