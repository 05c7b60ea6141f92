import { sleep } from 'n8n-workflow';

import type { Clock } from '../../core/concurrency/clock';
import { CLOCK } from '../../core/config';

/**
 * Real time, on the timers that n8n gives to nodes.
 *
 * `sleep` of n8n before 2.34 does not know a signal: there the wait ends at once all the same, only its timer stays until
 * it runs out, at most `CLOCK.maxTimer`.
 */
export const systemClock: Clock = {
	now: () => Date.now(),
	random: () => Math.random(),
	async sleep(ms, signal) {
		const until = Date.now() + ms;
		do {
			await nap(Math.min(Math.max(0, until - Date.now()), CLOCK.maxTimer), signal);
		} while (Date.now() < until);
	},
};

function nap(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const onAbort = () => reject(signal.reason);
		if (signal.aborted) {
			onAbort();
			return;
		}
		signal.addEventListener('abort', onAbort, { once: true });
		sleep(ms, signal).then(
			() => {
				signal.removeEventListener('abort', onAbort);
				resolve();
			},
			() => onAbort(),
		);
	});
}
