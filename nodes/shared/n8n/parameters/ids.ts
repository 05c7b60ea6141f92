import type { IExecuteFunctions } from 'n8n-workflow';

import { TEXT } from '../../core/config';
import type { Subject } from '../../providers/types';
import { InvalidParameterError } from '../output/errors';
import { plainValue } from './locator';
import { describe, emptyError, fieldsOf, isEmpty, refuseExpression, textFrom } from './values';

/** What an id may hold: ids are opaque to us, but none may change the path it is put into. */
const SAFE_ID = /^[\w:~@=+-]+$/;

const ALLOWED = 'may only hold letters, digits and _ - : ~ @ = +';

/** Ids of files. @throws InvalidParameterError */
export function readFileIds(ids: readonly string[]): string[] {
	return ids.map((id) => {
		refuseExpression('File', id, 'file_01J9');
		if (SAFE_ID.test(id) && id.length <= TEXT.id) return id;
		throw new InvalidParameterError(
			`File: an ID ${ALLOWED}; it is ${describe(id)}`,
			'Enter the ID of an uploaded file, such as file_01J9, or choose another Document From.',
		);
	});
}

/**
 * The id of a review, or of a version of it.
 *
 * @returns nothing where the field has no value
 * @throws InvalidParameterError
 */
export function readReviewId(
	context: IExecuteFunctions,
	{
		name,
		label,
		example,
		pattern = SAFE_ID,
	}: { name: string; label: string; example: string; pattern?: RegExp },
	itemIndex: number,
): string | undefined {
	const given = plainValue(context.getNodeParameter(name, itemIndex, ''));
	if (isEmpty(given)) return undefined;
	const id = textFrom(label, given);
	refuseExpression(label, id, example);
	if (pattern.test(id) && id.length <= TEXT.id) return id;
	throw new InvalidParameterError(
		`${label} is not the ID of one; it is ${describe(id)}`,
		`Enter an ID such as ${example}, or choose from the list.`,
	);
}

/**
 * The id of a run: a text, or what a resource locator holds. Spaces around it are dropped.
 *
 * @param label what the field is called in the panel
 * @throws InvalidParameterError
 */
export function readRunId(
	context: IExecuteFunctions,
	subject: Subject,
	itemIndex: number,
	label = subject.spec.label,
): string {
	const { idExample: example, noun, article } = subject.spec;
	// Not with `extractValue`: of an address without an ID, n8n only says that it is invalid.
	const raw: unknown = context.getNodeParameter('runId', itemIndex, '');
	const given = plainValue(raw);
	const text = typeof given === 'string' ? given.trim() : given;
	if (isEmpty(text)) {
		const hint = `Enter the ID of ${article} ${noun} such as ${example}, or an expression such as {{ $json.id }}.`;
		throw emptyError(label, text, hint, { parameters: context, name: 'runId', itemIndex });
	}
	if (typeof text !== 'string') {
		throw new InvalidParameterError(
			`${label} must be a string; it is ${describe(text)}`,
			'Let the expression name the field that holds the ID, such as {{ $json.id }}.',
		);
	}
	refuseExpression(label, text, example);
	const id = fieldsOf(raw).mode === 'url' ? idInAddress(subject, label, text) : text;
	if (SAFE_ID.test(id) && id.length <= TEXT.id) return id;
	throw new InvalidParameterError(
		id.length > TEXT.id
			? `${label} is too long: an ID has at most ${TEXT.id} characters`
			: `${label}: an ID ${ALLOWED}; it is ${describe(id)}`,
		`Enter the ID alone, such as ${example}, without an address around it.`,
	);
}

/** @throws InvalidParameterError where the address is not one of a run */
function idInAddress({ provider, spec }: Subject, label: string, address: string): string {
	const { idInAddress: pattern, host } = provider.dashboard ?? { idInAddress: '$^', host: '' };
	const id = new RegExp(pattern).exec(address)?.[1];
	if (id !== undefined) return id;
	throw new InvalidParameterError(
		`${label} By URL is not the address of ${spec.article} ${spec.noun}; it is ${describe(address)}`,
		`Copy it from the dashboard: it begins with https://${host}/ and ends with the ID, such as https://${host}/runs/${spec.idExample}. With the ID alone, choose By ID.`,
	);
}
