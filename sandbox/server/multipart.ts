/**
 * A streaming reader for `multipart/form-data`: tells what parts there are and hands their bytes on piece by piece, so
 * that an upload of any size needs only the memory of one piece.
 */

export interface PartSink {
	/** A part begins. */
	part(name: string, filename: string | null): void;
	/** Bytes of the current part. */
	bytes(piece: Uint8Array): void;
}

export class MultipartError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'MultipartError';
	}
}

const HEADER_END = Buffer.from('\r\n\r\n');
const MAX_HEADER_BYTES = 16 * 1_024;
const CLOSING = '--';

function parameter(header: string, name: string): string | null {
	return new RegExp(`(?:^|[;\\s])${name}="([^"]*)"`, 'i').exec(header)?.[1] ?? null;
}

/** @throws MultipartError when the content type names no boundary */
export function boundaryOf(contentType: string | undefined): string {
	const match = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
	const boundary = match?.[1] ?? match?.[2];
	if (boundary === undefined) throw new MultipartError('expected multipart/form-data with a boundary');
	return boundary;
}

type Step = 'preamble' | 'headers' | 'content' | 'end';

/**
 * Reads all parts.
 * @throws MultipartError when the body ends in the middle or a part has no name
 */
export async function readMultipart(
	pieces: AsyncIterable<Uint8Array>,
	boundary: string,
	sink: PartSink,
): Promise<void> {
	const delimiter = Buffer.from(`\r\n--${boundary}`);
	// The first delimiter has no line break before it; one put in front lets all be found alike.
	let buffer = Buffer.from('\r\n');
	let step = 'preamble' as Step;

	/** True while it got on. */
	const advance = (): boolean => {
		if (step === 'end') return false;
		if (step === 'headers') {
			if (buffer.length < CLOSING.length) return false;
			if (buffer.toString('latin1', 0, CLOSING.length) === CLOSING) {
				step = 'end';
				return false;
			}
			const end = buffer.indexOf(HEADER_END);
			if (end === -1) {
				if (buffer.length > MAX_HEADER_BYTES) throw new MultipartError('part headers are too long');
				return false;
			}
			const disposition = /^content-disposition:(.*)$/im.exec(buffer.toString('utf8', 0, end))?.[1] ?? '';
			const name = parameter(disposition, 'name');
			if (name === null) throw new MultipartError('a part has no name');
			sink.part(name, parameter(disposition, 'filename'));
			buffer = buffer.subarray(end + HEADER_END.length);
			step = 'content';
			return true;
		}
		const at = buffer.indexOf(delimiter);
		if (at === -1) {
			// The end of the buffer may be the beginning of a delimiter.
			const safe = Math.max(0, buffer.length - delimiter.length);
			if (step === 'content' && safe > 0) sink.bytes(buffer.subarray(0, safe));
			buffer = buffer.subarray(safe);
			return false;
		}
		if (step === 'content' && at > 0) sink.bytes(buffer.subarray(0, at));
		buffer = buffer.subarray(at + delimiter.length);
		step = 'headers';
		return true;
	};

	for await (const piece of pieces) {
		buffer = Buffer.concat([buffer, piece]);
		while (advance());
	}
	if (step !== 'end') throw new MultipartError('the body ends in the middle');
}
