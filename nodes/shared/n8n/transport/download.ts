import type { Clock } from '../../core/concurrency/clock';
import { ApiError } from '../../core/requests/apiError';
import type { RequestQueue } from '../../core/requests/requestQueue';
import { DOCUMENT, DOWNLOAD, SECOND } from '../../core/config';
import { Pace } from '../../core/requests/pace';
import { call } from '../../core/requests/retry';
import type { CancellationScope } from '../../core/concurrency/cancellationScope';
import type { ByteStream, FetchFile, FileResponse, Payload, WebDocument } from '../../providers/client/wire';
import { isUnwantedPage, nameAndTypeOf, shownAddress, type WebFile } from '../../providers/client/webFile';
import { networkProblemOf } from './httpRequest';

export interface DownloadDeps {
	fetchFile: FetchFile;
	requestQueue: RequestQueue;
	clock: Clock;
	scope: CancellationScope;
	/** Milliseconds one attempt may take, more than `DOWNLOAD.timeout`. */
	timeout: number;
}

/** A file as far as it had to be read to know its size: all of it where it is small. */
interface Found extends WebFile {
	/** Bytes. */
	size: number;
	/** All of it, up to `DOCUMENT.inlineUpTo`. */
	content?: Uint8Array;
}

/**
 * Finds out what is at an address. A small file is in memory then. A larger one is requested again each time it is
 * opened, and passed on as it comes; where the server does not say how large it is, it is read once to be counted.
 *
 * @throws ApiError, or the reason why the scope ended
 */
export async function downloadPayload(deps: DownloadDeps, document: WebDocument): Promise<Payload> {
	const found = await call(deps, (signal) => look(deps, document, signal));
	let failure: ApiError | undefined;
	return {
		...nameAndTypeOf(found),
		size: found.size,
		open: async (signal = deps.scope.signal) => {
			failure = undefined;
			return found.content ?? (await openAgain(deps, found, signal, (error) => (failure ??= error)));
		},
		failure: () => failure,
	};
}

async function look(deps: DownloadDeps, document: WebDocument, signal: AbortSignal): Promise<Found> {
	const pace = new Pace(deps.clock, signal);
	try {
		const { response, finalUrl } = await follow(deps.fetchFile, document.url, pace);
		try {
			return await read({ ...document, finalUrl, headers: response.headers }, response, pace);
		} finally {
			response.body.destroy();
		}
	} catch (error) {
		throw reasonOf(error, document.url, pace, signal);
	} finally {
		pace.release();
	}
}

async function read(
	file: Omit<WebFile, 'start'>,
	{ headers, body }: FileResponse,
	pace: Pace,
): Promise<Found> {
	const announced = lengthIn(headers);
	if (announced !== undefined && announced > DOWNLOAD.maxSize) throw tooLarge(file.url);
	endWith(pace, body);
	const parts: Uint8Array[] = [];
	let start: Uint8Array = new Uint8Array();
	for await (const part of body) {
		pace.count(part.length);
		if (pace.bytes > DOWNLOAD.maxSize) throw tooLarge(file.url);
		if (pace.bytes <= DOCUMENT.inlineUpTo || start.length < DOWNLOAD.sniff) parts.push(part);
		else parts.length = 0;
		if (start.length < DOWNLOAD.sniff) {
			start = Buffer.concat(parts).subarray(0, DOWNLOAD.sniff);
			if (isUnwantedPage({ ...file, start })) throw webPage(file.url);
		}
		const large = announced !== undefined && announced > DOCUMENT.inlineUpTo;
		if (large && start.length >= DOWNLOAD.sniff) return { ...file, start, size: announced };
	}
	if (pace.bytes === 0) throw refusal(file.url, 'it is empty', 'Check the address.');
	const content = pace.bytes <= DOCUMENT.inlineUpTo ? Buffer.concat(parts) : undefined;
	return { ...file, start, size: pace.bytes, content };
}

/**
 * The bytes of a file whose size is known, as they come.
 *
 * @param onFailure told why it breaks off: whoever reads it may only learn that it does
 */
async function openAgain(
	deps: DownloadDeps,
	{ url, size }: Found,
	signal: AbortSignal,
	onFailure: (error: ApiError) => void,
): Promise<ByteStream> {
	const pace = new Pace(deps.clock, signal);
	const report = (error: unknown) => {
		const reason = reasonOf(error, url, pace, signal);
		if (reason instanceof ApiError) onFailure(reason);
		pace.release();
	};
	try {
		const { body } = (await follow(deps.fetchFile, url, pace)).response;
		body.on('error', report);
		endWith(pace, body);
		const content = body.compose(async function* (source) {
			for await (const part of source) {
				pace.count(part.length);
				if (pace.bytes > size) break;
				yield part;
			}
			if (pace.bytes !== size) throw otherSize(url);
			pace.release();
		});
		content.on('error', report);
		return content;
	} catch (error) {
		const reason = reasonOf(error, url, pace, signal);
		pace.release();
		throw reason;
	}
}

/** Requests an address, and what it redirects to, until there is a good answer. No key travels, so any host may be next. */
async function follow(
	fetchFile: FetchFile,
	url: string,
	pace: Pace,
): Promise<{ response: FileResponse; finalUrl: string }> {
	let at = url;
	for (let redirects = 0; redirects <= DOWNLOAD.maxRedirects; redirects++) {
		const response = await request(fetchFile, url, at, pace);
		// Whoever reads it learns of an error by reading; one that comes later would end the process without a listener.
		response.body.on('error', () => undefined);
		const { location } = response.headers;
		if (response.status >= 200 && response.status <= 299) return { response, finalUrl: at };
		response.body.destroy();
		if (!REDIRECTS.has(response.status) || location === undefined)
			throw statusError(url, at, response.status);
		at = nextAddress(url, at, location);
	}
	throw refusal(
		url,
		`it redirects more than ${DOWNLOAD.maxRedirects} times`,
		'The addresses may lead to each other in a circle, as those of sites that need cookies or a login do. Use a direct download link.',
	);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

async function request(fetchFile: FetchFile, url: string, at: string, pace: Pace): Promise<FileResponse> {
	try {
		return await fetchFile(at, pace.signal);
	} catch (error) {
		throw noConnection(url, at, error);
	}
}

function nextAddress(url: string, at: string, location: string): string {
	const next = URL.canParse(location, at) ? new URL(location, at) : undefined;
	if (next && ['https:', 'http:'].includes(next.protocol)) return next.href;
	throw refusal(
		url,
		'it redirects to something that is not a web address',
		'Use a direct download link that begins with https:// or http://.',
	);
}

/** The end of the download, or of whoever reads it, ends the connection. */
function endWith(pace: Pace, body: ByteStream): void {
	if (pace.signal.aborted) body.destroy();
	else pace.signal.addEventListener('abort', () => body.destroy(), { once: true });
}

function lengthIn(headers: FileResponse['headers']): number | undefined {
	const text = headers['content-length'];
	return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Why a download has ended, in the order in which that counts. */
function reasonOf(error: unknown, url: string, pace: Pace, signal: AbortSignal): unknown {
	if (signal.aborted) return signal.reason;
	if (pace.isOver) return tooSlow(url, pace);
	return error instanceof ApiError ? error : noConnection(url, url, error);
}

const NOTHING_STARTED = 'No run was started.';

const HAND_IT_OVER = 'download the file with an HTTP Request node and hand it over as a binary field.';

function couldNot(url: string, at: string): string {
	const leadsTo = at === url ? '' : `, which leads to ${shownAddress(at)},`;
	return `The document at ${shownAddress(url)}${leadsTo} could not be downloaded`;
}

function refusal(url: string, why: string, hint: string): ApiError {
	return new ApiError('request', `${couldNot(url, url)}: ${why}`, { hint: `${NOTHING_STARTED} ${hint}` });
}

/** Never with a `Retry-After`, and a 429 as a problem of that server: neither is for the requests to the provider. */
function statusError(url: string, at: string, status: number): ApiError {
	const later = status >= 500 || status === 408 || status === 425 || status === 429;
	return new ApiError(later ? 'server' : 'request', `${couldNot(url, at)}: its server answered ${status}`, {
		status,
		hint: `${NOTHING_STARTED} ${hintFor(status, later)}`,
	});
}

function hintFor(status: number, later: boolean): string {
	if (later) return 'This is a problem on the side of that server. Try again later.';
	if (status === 401 || status === 403 || status === 407) {
		return `The address needs a login, or was signed and is out of date. Use a new link, or ${HAND_IT_OVER}`;
	}
	if (status === 404 || status === 410)
		return 'Nothing is there (any more): check the address, and whether the link is still valid.';
	return 'Check the address: it must lead to the file itself.';
}

function noConnection(url: string, at: string, error: unknown): ApiError {
	const problem = networkProblemOf(error);
	const hint = problem?.blocked
		? `Addresses inside the network are closed to workflows here. Ask the administrator of this n8n to allow this one (N8N_SSRF_ALLOWED_HOSTNAMES), or use an address that is open to the web.`
		: 'Check the address, and that this n8n may reach it (network, proxy, firewall).';
	return new ApiError(
		problem?.blocked ? 'request' : 'network',
		`${couldNot(url, at)}: ${problem?.text ?? 'the connection failed'}`,
		{ hint: `${NOTHING_STARTED} ${hint}`, notSent: problem?.notSent },
	);
}

function tooLarge(url: string): ApiError {
	return refusal(
		url,
		`it is larger than ${DOWNLOAD.maxSize / 1024 ** 3} GiB`,
		'Divide the document into smaller files.',
	);
}

function tooSlow(url: string, pace: Pace): ApiError {
	const seconds = Math.round(pace.elapsed / SECOND);
	return refusal(
		url,
		`it came too slowly, ${pace.bytes} bytes in ${seconds} s`,
		`Its server or the connection of this n8n is slow. Try again later, or ${HAND_IT_OVER}`,
	);
}

function otherSize(url: string): ApiError {
	return refusal(
		url,
		'its size is not what its server has announced',
		`The file may have changed meanwhile. Run the node again, or ${HAND_IT_OVER}`,
	);
}

function webPage(url: string): ApiError {
	return new ApiError('request', `The link ${shownAddress(url)} leads to a web page, not to a file`, {
		hint: `${NOTHING_STARTED} Use a direct download link: one that gives the file itself, not a page to log in, to look at it or to load it from. Behind a login, ${HAND_IT_OVER}`,
	});
}
