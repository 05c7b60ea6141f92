import { attempt } from '../../core/concurrency/result';
import type { Access } from '../../providers/client/credential';

/** A credential as n8n had it the last time: it may be changed while a workflow runs. */
export class CurrentAccess {
	/** @param read the credential as n8n has it now */
	constructor(
		private known: Access,
		private readonly read: () => Promise<Access>,
	) {}

	get value(): Access {
		return this.known;
	}

	/** Reads it anew, after a request that may have failed because of it. What cannot be used changes nothing. */
	async renew(): Promise<void> {
		const read = await attempt(this.read);
		if ('value' in read) this.known = read.value;
	}
}
