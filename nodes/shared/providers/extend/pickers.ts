import type { PickerSpec } from '../listTypes';

/** Lists of Extend that fields are picked from (SDK). */

const LIST = {
	paging: 'pageToken',
	pageSizeParams: ['maxPageSize'],
	pageSize: 100,
	nameAt: ['name'],
	valueAt: ['id'],
} as const satisfies Partial<PickerSpec>;

function owner(plural: string, example: string): PickerSpec {
	return { ...LIST, plural, path: `/${plural}`, example };
}

/** Names that stand for a version (API reference, get extractor version). `latest` is the draft where none is published. */
const LATEST_AND_DRAFT = [
	{ name: 'Latest Published Version', value: 'latest' },
	{ name: 'Draft, Not Published Yet', value: 'draft' },
];

function versions(noun: string): PickerSpec {
	return {
		...LIST,
		plural: `versions of this ${noun}`,
		path: `/${noun}s/{owner}/versions`,
		valueAt: ['version'],
		fixed: LATEST_AND_DRAFT,
		needs: { parameter: `${noun}Id`, noun },
		example: 'latest, draft or 1.2',
	};
}

export const EXTEND_PICKERS: Readonly<Record<string, PickerSpec>> = {
	extractorId: owner('extractors', 'ex_xK9m'),
	extractorVersion: versions('extractor'),
	classifierId: owner('classifiers', 'cl_xK9m'),
	classifierVersion: versions('classifier'),
	splitterId: owner('splitters', 'spl_xK9m'),
	splitterVersion: versions('splitter'),
	workflowId: owner('workflows', 'workflow_xK9m'),
	workflowVersion: { ...versions('workflow'), fixed: [], example: '3' },
	fileId: owner('files', 'file_xK9m'),
};
