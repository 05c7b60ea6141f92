import type { IBinaryData, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { REQUEST } from '../../core/config';
import { ApiError } from '../../core/requests/apiError';
import type { Payload } from '../../providers/client/wire';
import type { JsonObject } from '../../core/runs/run';
import { valueAt } from '../../providers/client/parseResponse';
import type { ResourceSpec } from '../../providers/types';
import { readDownload } from '../parameters/options';
import { downloadPayload } from '../transport/download';
import type { Session } from '../transport/session';
import { callDeps } from './work';

interface ResultFile {
	url: string;
	fileName?: string;
}

/** The file that a run has made; nothing while there is none, as in runs that are not completed. */
export function fileOfRun({ files = [] }: ResourceSpec, body: JsonObject): ResultFile | undefined {
	for (const { url, name } of files) {
		const address = valueAt(body, url);
		if (typeof address !== 'string' || address === '') continue;
		const fileName = name && valueAt(body, name);
		return { url: address, ...(typeof fileName === 'string' && fileName && { fileName }) };
	}
	return undefined;
}

/**
 * The item with the file of its run, where Download File Into asks for it. The address is signed: no key goes there.
 *
 * @throws ApiError when there is a file that cannot be downloaded
 */
export async function withFile(
	{ context, session, spec }: { context: IExecuteFunctions; session: Session; spec: ResourceSpec },
	item: INodeExecutionData,
	body: JsonObject | undefined,
	itemIndex: number,
): Promise<INodeExecutionData> {
	const field = readDownload(context, itemIndex);
	const file = field && body && fileOfRun(spec, body);
	if (!field || !file) return item;
	const binary = await binaryOf(context, session, file);
	return { ...item, binary: { ...item.binary, [field]: binary } };
}

const DATA_URL = /^data:([^;,]*)[^,]*;base64,/;

type Content = Parameters<IExecuteFunctions['helpers']['prepareBinaryData']>[0];

async function binaryOf(
	{ helpers }: IExecuteFunctions,
	session: Session,
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
