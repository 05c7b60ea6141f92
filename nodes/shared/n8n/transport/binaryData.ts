import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';

import type { ByteStream, Payload } from '../../providers/client/wire';
import { DEFAULT_FIELD } from '../description/fields';
import { InvalidParameterError } from '../output/errors';

/** A file as n8n hands it from node to node. With an `id`, its content is kept outside memory; `data` is base64 otherwise. */
const file = z.object({
	data: z.string(),
	mimeType: z.string(),
	id: z.string().optional(),
	fileName: z.string().optional(),
	fileExtension: z.string().optional(),
});

type ItemFile = z.infer<typeof file>;

const fields = z.record(z.unknown()).catch({});

/** Below this, n8n puts the files that a node gave out, in workflows that keep files among the data of an item. */
const FILES_AMONG_DATA = '_files';

/** True for a file that an expression has found. */
export function isFile(given: unknown): given is ItemFile {
	return file.safeParse(given).success;
}

/**
 * The file that a parameter stands for: what an expression has found, or what is in the item under the name it gives.
 *
 * n8n has files in the binary fields of an item, and in workflows with its combined binary mode (n8n-core,
 * convert-binary-data.ts) among the data.
 *
 * @throws InvalidParameterError when there is none
 */
export function fileOf(context: IExecuteFunctions, given: string | ItemFile, itemIndex: number): ItemFile {
	if (typeof given !== 'string') return given;
	const { binary, json } = context.getInputData()[itemIndex] ?? {};
	const data = fields.parse(json);
	const places = [fields.parse(binary), data, fields.parse(data[FILES_AMONG_DATA])];
	for (const place of places) {
		const found = file.safeParse(place[given] ?? valueAt(place, given.split('.')));
		if (found.success) return found.data;
	}
	const there = new Map(
		places.flatMap((place) =>
			Object.entries(place).flatMap(([name, value]) => {
				const found = file.safeParse(value);
				return found.success ? [[name, found.data] as const] : [];
			}),
		),
	);
	const [only] = there.values();
	// Nobody has chosen the name then, and there is nothing else that could be meant.
	if (given === DEFAULT_FIELD && only && there.size === 1) return only;
	const names = [...there.keys()];
	throw new InvalidParameterError(
		`The item has no binary field "${given}"`,
		names.length > 0
			? `It has: ${names.join(', ')}. Enter ${names.length > 1 ? 'one of these names' : 'that name'} in Input Binary Field.`
			: 'It has none: a file must come from an earlier step, such as a form, a mail or Read File. For a file on the web, set Document From to URL.',
	);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
	return path.reduce<unknown>((inner, key) => fields.parse(inner)[key], value);
}

/**
 * What a file is read from. What n8n keeps outside memory stays there until it is sent.
 *
 * @throws InvalidParameterError when it is empty
 */
export async function payloadOf(
	{ helpers }: IExecuteFunctions,
	{ id, data, mimeType, fileName, fileExtension }: ItemFile,
): Promise<Payload> {
	const fallback = fileExtension ? `document.${fileExtension}` : 'document';
	const common = { fileName: fileName || fallback, mimeType };
	const content = Buffer.from(data, 'base64');
	const size = id ? (await helpers.getBinaryMetadata(id)).fileSize : content.length;
	if (size === 0) {
		throw new InvalidParameterError(
			`The file "${common.fileName}" is empty`,
			'Check the node that makes the file: it wrote nothing into it.',
		);
	}
	const open = async (): Promise<ByteStream | Buffer> =>
		id ? ((await helpers.getBinaryStream(id)) as unknown as ByteStream) : content;
	return { ...common, size, open };
}
