import type { Phase } from '../core/run';

export type QueryValue = string | number | boolean | readonly string[];

export type Query = Record<string, QueryValue>;

/** A way to narrow a list on the provider's side: one field under "Filters" in the panel. */
export interface FilterSpec {
	/** Name of the node parameter. */
	name: string;
	/** Name of the query parameter. */
	param: string;
	label: string;
	description: string;
	/** `date` is sent as `YYYY-MM-DD`, `metadata` as a JSON object of strings in one parameter. */
	kind: 'text' | 'number' | 'date' | 'options' | 'metadata';
	/** For a `date`: the API takes instants, so the last moment of the day is sent instead of the day. */
	toEndOfDay?: boolean;
	/** Filters that a cleanup can use, whatever they are called at this resource. */
	role?: 'status' | 'until' | 'workflow' | 'processor' | 'metadata';
	options?: readonly string[];
	placeholder?: string;
}

export interface ListSpec {
	/** How pages follow each other: by the id of the last row (Retab) or by a page token (Extend). */
	paging: 'cursor' | 'pageToken';
	/** Key of the rows in a page; `data` where nothing else is said. */
	rowsIn?: string;
	/** Rows asked for per page at most. */
	pageSize: number;
	/** Parameter names for the page size: some routes know another name than the others, and ignore the wrong one. */
	pageSizeParams: readonly string[];
	/** Parameters that bring the newest runs first; none where the API cannot sort. */
	newestFirst: Query;
	/** Parameters that bring the oldest runs first; absent where the API cannot sort. */
	oldestFirst?: Query;
	filters: readonly FilterSpec[];
	/** Filter the picker of a run puts its search text into; without one it searches the page it has. */
	searchFilter?: string;
}

export interface CancelSpec {
	/**
	 * `run`: the run, or enough of it to hold its status. `envelope`: `{ run, cancellation_status }`, always 200, where
	 * only `cancellation_status` tells whether the cancel was taken.
	 */
	answer: 'run' | 'envelope';
	/** Body field for a command id that makes repeated cancels one. */
	commandIdField?: string;
}

/** A switch of the `get` operation that becomes a query parameter. */
export interface ReadOptionSpec {
	name: string;
	param: string;
	label: string;
	description: string;
	default: boolean;
	/** Values sent for on and off, where they are not `true` and `false`. */
	values?: { on: string; off: string };
}

/** One kind of run at one provider. A new resource is a new row of this shape, never new control flow. */
export interface ResourceSpec {
	/** Singular, sentence case, as in `Cancel an eval run`. */
	noun: string;
	plural: string;
	/** In Title Case, for the panel. */
	label: string;
	article: 'a' | 'an';
	/** One sentence under the resource's name in the panel. */
	description: string;
	/** Path of the collection; a run is at `<path>/<id>`. */
	path: string;
	/** What an id looks like. Only shown to the user: ids are opaque and never checked against it. */
	idExample: string;
	/** Key of the run inside the answer, for APIs that wrap it. */
	wrappedIn?: string;
	/** Where the status lives in the run object. */
	statusPath: readonly string[];
	/** Raw status → phase. What is not here is `unknown`. */
	phases: Readonly<Record<string, Phase>>;
	/** Where the run's own times live, in the run object or in a list row. */
	createdPath: readonly string[];
	startedPath?: readonly string[];
	/** Where the run object holds the user's metadata; absent where it does not show any. */
	metadataPath?: readonly string[];
	/** Query of a read that leaves out a large output. Absent where reads have no light form. */
	lightQuery?: Query;
	/** Query of a read of everything. */
	fullQuery?: Query;
	readOptions?: readonly ReadOptionSpec[];
	list?: ListSpec;
	cancel?: CancelSpec;
	canDelete?: boolean;
	/** What else a 404 or 410 can mean here. */
	goneAdvice?: string;
}

export interface ProviderSpec {
	name: 'retab' | 'extend';
	title: string;
	credential: 'retabApi' | 'extendApi';
	/** Response header that holds the id of the request. */
	requestIdHeader: string;
	/** What to check when the key is refused. */
	keyAdvice: string;
	/** What to check when a run is not found. */
	notFoundAdvice: string;
	resources: Readonly<Record<string, ResourceSpec>>;
}
