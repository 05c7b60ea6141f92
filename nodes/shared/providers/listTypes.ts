import type { Query } from './client/wire';

/** How a list is read page by page. */
export interface Paging {
	/** How pages follow each other: by the id of the last row (Retab) or by a page token (Extend). */
	paging: 'cursor' | 'pageToken';
	/** Key of the rows in a page; `data` where nothing else is said. */
	rowsIn?: string;
	/** Rows asked for per page at most. */
	pageSize: number;
	/** Parameter names for the page size: some routes know another name than the others, and ignore the wrong one. */
	pageSizeParams: readonly string[];
}

/** A list at the provider that a field is picked from. The row is found under the name of the field. */
export interface PickerSpec extends Paging {
	plural: string;
	/** `{owner}` stands for what `needs` names. */
	path: string;
	/** Query parameter that searches all pages; without one the page that is there is searched. */
	search?: string;
	/** Where a row holds its name. */
	nameAt: readonly string[];
	valueAt: readonly string[];
	/** Only rows whose `type` is one of these. */
	types?: readonly string[];
	/** Choices that stand first, whether the list holds them or not. */
	fixed?: ReadonlyArray<{ name: string; value: string }>;
	/** What must be chosen before: the field, and the query parameter that it becomes unless it is part of the path. */
	needs?: { parameter: string; noun: string; param?: string };
	/** What an ID looks like. */
	example: string;
}

/** A way to narrow a list on the provider's side: one field under "Filters" in the panel. */
export interface FilterSpec {
	/** Name of the node parameter. */
	name: string;
	/** Name of the query parameter. */
	param: string;
	label: string;
	description: string;
	/**
	 * `date` is a day in the time zone of the workflow (the API may only know days in UTC). `metadata` is sent as a JSON object
	 * of strings in one parameter. `number` is a whole number, where 0 means no filter and is not sent. `several` takes some of
	 * the options and is sent as repeated parameters.
	 */
	kind: 'text' | 'number' | 'date' | 'options' | 'several' | 'metadata';
	/** For a `date`: the API takes date-times. Otherwise it takes days in UTC. */
	asInstant?: boolean;
	/** Row of the provider's pickers, for a `text` that is the ID of something. */
	picker?: string;
	/** What a filter is about, whatever it is called at this resource. */
	role?: 'status' | 'from' | 'until' | 'workflow' | 'processor' | 'metadata' | 'batch';
	options?: readonly string[];
	placeholder?: string;
}

export interface ListSpec extends Paging {
	/**
	 * Rows asked for where many runs are watched and the API does not say how many it gives at most. Should it refuse, it is
	 * asked for `pageSize`.
	 */
	tryPageSize?: number;
	/** Parameters that bring the newest runs first; none where the API cannot sort. */
	newestFirst: Query;
	/** Parameters that bring the oldest runs first; absent where the API cannot sort. */
	oldestFirst?: Query;
	filters: readonly FilterSpec[];
	/** Filter the picker of a run puts its search text into; without one it searches the page it has. */
	searchFilter?: string;
}
