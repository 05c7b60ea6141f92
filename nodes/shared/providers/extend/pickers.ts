import type { PickerSpec } from '../types';

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

function versions(noun: string): PickerSpec {
	return {
		...LIST,
		plural: `versions of this ${noun}`,
		path: `/${noun}s/{owner}/versions`,
		valueAt: ['version'],
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
	workflowVersion: versions('workflow'),
	fileId: owner('files', 'file_xK9m'),
};
