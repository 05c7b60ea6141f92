import { z, type ZodRawShape } from 'zod';

import { EXTEND_MAX_PAGE_SIZE, EXTEND_PAGE_SIZE } from '../defaults';
import { wholeNumber } from '../rules';

/** Query parameters of the Extend API, one table a route (Extend: SDK 1.17.0, *ListRequest and *RetrieveRequest). */

const text = z.string().optional();

const page = {
	maxPageSize: wholeNumber(1, EXTEND_MAX_PAGE_SIZE).default(String(EXTEND_PAGE_SIZE)),
	nextPageToken: text,
};
const sort = {
	sortBy: z.enum(['createdAt', 'updatedAt']).default('createdAt'),
	sortDir: z.enum(['asc', 'desc']).default('desc'),
};
const statuses = ['PENDING', 'PROCESSING', 'PROCESSED', 'FAILED'] as const;
const status = z.enum([...statuses, 'CANCELLED']).optional();
const batchId = text;
const fileNameContains = text;

const source = z
	.enum([
		'API',
		'WORKFLOW_RUN',
		'WORKFLOW_CONFIGURATION',
		'STUDIO',
		'PLAYGROUND',
		'BATCH_PROCESSOR_RUN',
		'ADMIN',
	])
	.optional();
const parseSource = z
	.enum(['API', 'STUDIO', 'WORKFLOW_RUN', 'ADMIN', 'BATCH_PARSER_RUN', 'EDIT_RUN', 'DOCUMENT_PROCESSOR_RUN'])
	.optional();

const processor = { ...page, ...sort, status, batchId, source, sourceId: text, fileNameContains };

export const lists = {
	extractRun: { ...processor, extractorId: text },
	classifyRun: { ...processor, classifierId: text },
	splitRun: { ...processor, splitterId: text },
	/**
	 * No order, and no `CANCELLED`: runs can be cancelled since 2026-06-09, but the list cannot be asked for them. The SDK
	 * names the page size `maxPageSize`, the CLI found that only `limit` counts (client/list.go): both are taken.
	 */
	parseRun: {
		...page,
		limit: page.maxPageSize,
		status: z.enum(statuses).optional(),
		batchId,
		source: parseSource,
		sourceId: text,
		fileNameContains,
	},
	workflowRun: {
		...page,
		...sort,
		status: z.enum([...statuses, 'CANCELLED', 'CANCELLING', 'NEEDS_REVIEW', 'REJECTED']).optional(),
		batchId,
		fileNameContains,
		workflowId: text,
	},
	/** Legacy. */
	processorRun: {
		...page,
		...sort,
		status,
		source,
		sourceId: text,
		fileNameContains,
		processorId: text,
		processorType: z.enum(['EXTRACT', 'CLASSIFY', 'SPLITTER']).optional(),
	},
	/** Extractors, classifiers, splitters and workflows. */
	owner: { ...page, ...sort },
} satisfies Record<string, ZodRawShape>;

export const gets = {
	parseRun: { responseType: z.enum(['json', 'url']).default('json') },
} satisfies Record<string, ZodRawShape>;
