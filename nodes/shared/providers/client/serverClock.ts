import { SECOND } from '../../core/config';
import type { ApiResponse, Send } from './wire';

/**
 * The provider's clock, read off the `Date` of its answers. Until there is one, and where answers have none, ours is
 * taken for it.
 */
export class ServerClock {
	private ahead = 0;

	/** @param clock unix ms, our clock */
	constructor(private readonly clock: () => number) {}

	/** Unix ms. Right to about a second. */
	now(): number {
		return this.clock() + this.ahead;
	}

	/** Sends as `send` does, and looks at the time of each answer. */
	observing(send: Send): Send {
		return async (request, signal) => {
			const before = this.clock();
			const response = await send(request, signal);
			this.compare(response.headers, (before + this.clock()) / 2);
			return response;
		};
	}

	private compare({ date, age }: ApiResponse['headers'], between: number): void {
		const at = Date.parse(date ?? '');
		// An answer out of a cache carries the time at which it was put there.
		if (Number.isNaN(at) || (age !== undefined && age !== '0')) return;
		// The header is cut to whole seconds: on average it is half a second behind.
		this.ahead = at + SECOND / 2 - between;
	}
}
