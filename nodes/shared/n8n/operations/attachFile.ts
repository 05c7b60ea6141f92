import type { IBinaryData, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { REQUEST } from '../../core/config';
import { ApiError } from '../../core/requests/apiError';
import { call } from '../../core/requests/retry';
import type { ResourceClient } from '../../providers/client/resourceClient';
import type { ApiRequest, Payload } from '../../providers/client/wire';
import type { JsonObject } from '../../core/runs/run';
import { valueAt } from '../../providers/client/parseResponse';
import { readDownload } from '../parameters/options';
import { downloadPayload } from '../transport/download';
import type { Session } from '../transport/session';
import { callDeps } from './work';

interface ResultFile {
	url: string;
	fileName?: string;
}

interface Place {
	context: IExecuteFunctions;
	session: Session;
	client: ResourceClient;
}

/** The file that a run has made; nothing while there is none, as in runs that are not completed. @throws ApiError */
async function fileOfRun({ session, client }: Place, body: JsonObject): Promise<ResultFile | undefined> {
	const { spec, provider } = client;
	const textAt = (path: readonly string[] = []): string | undefined => {
		const value = valueAt(body, path);
		return typeof value === 'string' && value !== '' ? value : undefined;
	};
	for (const place of spec.files ?? []) {
		const url = textAt(place.url);
		if (url !== undefined) return { url, fileName: textAt(place.name) };
		const id = textAt(place.id);
		const { fileLink } = await provider.code();
		if (id === undefined || !fileLink) continue;
		const deps = callDeps(session);
		const routes = {
			call: (request: ApiRequest) => call(deps, (signal) => client.exchange(request, signal)),
		};
		return await fileLink(client, routes, id);
	}
	return undefined;
}

/**
 * The item with the file of its run, where Download File Into asks for it. The address is signed: no key goes there.
 *
 * @throws ApiError when there is a file that cannot be downloaded
 */
export async function withFile(
	place: Place,
	item: INodeExecutionData,
	body: JsonObject | undefined,
	itemIndex: number,
): Promise<INodeExecutionData> {
	const field = readDownload(place.context, itemIndex);
	const file = field && body && (await fileOfRun(place, body));
	if (!field || !file) return item;
	const binary = await binaryOf(place, file);
	return { ...item, binary: { ...item.binary, [field]: binary } };
}

const DATA_URL = /^data:([^;,]*)[^,]*;base64,/;

type Content = Parameters<IExecuteFunctions['helpers']['prepareBinaryData']>[0];

async function binaryOf(
	{ context: { helpers }, session }: Place,
	{ url, fileName = 'document.pdf' }: ResultFile,
): Promise<IBinaryData> {
	const inside = DATA_URL.exec(url);
	if (inside) {
		const content = Buffer.from(url.slice(inside[0].length), 'base64');
		return await helpers.prepareBinaryData(content, fileName, inside[1] || 'application/pdf');
	}
	let payload: Payload | undefined;
	try {
		const deps = { ...callDeps(session), timeout: REQUEST.uploadTimeout, fetchFile: session.fetchFile };
		payload = await downloadPayload(deps, { url, fileName });
		// A large file goes on to where n8n keeps files as it comes.
		const content = (await payload.open()) as unknown as Content;
		return await helpers.prepareBinaryData(content, payload.fileName, payload.mimeType);
	} catch (error) {
		const reason = payload?.failure?.() ?? error;
		throw reason instanceof ApiError ? ofResult(reason) : reason;
	}
}

/** The run itself is fine: only its file is missing, and a new read gives a new address. */
function ofResult(error: ApiError): ApiError {
	const { kind, status, notSent } = error;
	return new ApiError(kind, error.message.replace(/^The document at/, 'The file of the run at'), {
		status,
		notSent,
		hint: 'The run itself has ended well. Get it again for a new link, or take Download File Into out of the options.',
	});
}
