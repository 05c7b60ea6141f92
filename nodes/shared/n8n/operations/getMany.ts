import { PageCursor, paginate } from '../../core/requests/paginate';
import { call } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import { addHints, emptyListHint } from '../output/hints';
import { attemptItems } from '../output/items';
import { readDateTest, readFilters } from '../parameters/filters';
import { readLimit } from '../parameters/numbers';
import { type Operate, type Work, callDeps } from './work';

export const getMany: Operate = async (work) => {
	const lists = await attemptItems(work.itemCount, (itemIndex) => listRuns(work, itemIndex));
	const isEmpty = lists.some((list) => 'value' in list && list.value.length === 0);
	if (isEmpty) addHints(work.context, [emptyListHint(work.client.provider, work.client.spec)], 'info');
	return lists;
};

async function listRuns({ context, session, client }: Work, itemIndex: number): Promise<JsonObject[]> {
	const limit = readLimit(context, itemIndex);
	const query = { ...client.spec.list?.newestFirst, ...readFilters(context, client.spec, itemIndex) };
	const isWithinDates = readDateTest(context, client.spec, itemIndex);
	const rows: JsonObject[] = [];
	// With page tokens nothing else may change between the pages (Extend: SDK, NextPageToken), the page size included.
	const isSameSize = client.spec.list?.paging === 'pageToken';
	const pages = paginate(new PageCursor(), Number.POSITIVE_INFINITY, (token) =>
		call(callDeps(session), (signal) =>
			client.page(query, token, signal, isSameSize ? limit : limit - rows.length),
		),
	);
	for await (const page of pages) {
		rows.push(...page.rows.filter(isWithinDates));
		if (rows.length >= limit) break;
	}
	return rows.slice(0, limit);
}
