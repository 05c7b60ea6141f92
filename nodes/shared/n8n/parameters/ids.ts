import type { IExecuteFunctions } from 'n8n-workflow';

import { TEXT } from '../../core/config';
import { InvalidParameterError } from '../output/errors';
import { describe, emptyError, isEmpty } from './values';

/** What an id may hold: ids are opaque to us, but none may change the path it is put into. */
const SAFE_ID = /^[\w:~@=+-]+$/;

const ALLOWED = 'may only hold letters, digits and _ - : ~ @ = +';

/** Ids of files. @throws InvalidParameterError */
export function readFileIds(ids: readonly string[]): string[] {
	return ids.map((id) => {
		if (SAFE_ID.test(id) && id.length <= TEXT.id) return id;
		throw new InvalidParameterError(
			`File ID ${ALLOWED}; it is ${describe(id)}`,
			'Enter the ID of an uploaded file, such as file_01J9, or choose another Document From.',
		);
	});
}

/** What a resource locator holds, or the value itself. */
function locatedValue(raw: unknown): unknown {
	return typeof raw === 'object' && raw !== null && 'value' in raw ? raw.value : raw;
}

/**
 * The id of a run: a text, or what a resource locator holds. Spaces around it are dropped.
 *
 * @throws InvalidParameterError
 */
export function readRunId(context: IExecuteFunctions, itemIndex: number): string {
	const given = locatedValue(context.getNodeParameter('runId', itemIndex, '', { extractValue: true }));
	const id = typeof given === 'string' ? given.trim() : given;
	if (typeof id === 'string' && SAFE_ID.test(id) && id.length <= TEXT.id) return id;
	if (isEmpty(id)) {
		const hint = 'Enter the ID of a run such as extr_01J9, or an expression such as {{ $json.id }}.';
		throw emptyError('Run ID', id, hint, { parameters: context, name: 'runId', itemIndex });
	}
	if (typeof id !== 'string') {
		throw new InvalidParameterError(
			`Run ID must be a string; it is ${describe(id)}`,
			'Let the expression name the field that holds the ID, such as {{ $json.id }}.',
		);
	}
	throw new InvalidParameterError(
		id.length > TEXT.id ? `Run ID is too long: at most ${TEXT.id} characters` : `Run ID ${ALLOWED}`,
		'Enter the ID alone, such as extr_01J9, without an address around it.',
	);
}
