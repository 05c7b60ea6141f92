import { isObject, itemsOf, type JsonObject } from './json';
import type { Provider, Store } from './store';

/** The name of the file a run works on, wherever its create body holds it. */

const FALLBACK = 'document.pdf';

function text(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Places that may hold a file: documents and packages, and the request inside a job. */
function candidatesOf(request: JsonObject): JsonObject[] {
	const { document, file, documents, package: files, request: inner } = request;
	const several = isObject(files) ? files.files : (documents ?? files);
	const list = isObject(several) ? Object.values(several) : itemsOf(several);
	const innerDocument = isObject(inner) ? inner.document : undefined;
	return [document, file, ...list, innerDocument].filter(isObject);
}

function lastSegment(url: string): string | undefined {
	try {
		return text(decodeURIComponent(new URL(url).pathname.split('/').pop() ?? ''));
	} catch {
		return undefined;
	}
}

function nameIn(candidate: JsonObject): string | undefined {
	const named = text(candidate.filename) ?? text(candidate.fileName) ?? text(candidate.name);
	const url = text(candidate.url) ?? text(candidate.fileUrl);
	return named ?? (url === undefined || url.startsWith('data:') ? undefined : lastSegment(url));
}

export function filenameOf(store: Store, provider: Provider, request: JsonObject): string {
	const uploads = [request, ...candidatesOf(request)].map(
		(one) => text(one.file_id) ?? text(one.id) ?? text(one.fileId),
	);
	for (const id of uploads) {
		const file = id === undefined ? undefined : store.findFile(provider, id);
		if (file) return file.filename;
	}
	for (const candidate of candidatesOf(request)) {
		const name = nameIn(candidate);
		if (name !== undefined) return name;
	}
	return FALLBACK;
}
