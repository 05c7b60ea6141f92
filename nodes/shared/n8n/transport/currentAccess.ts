import { attemptSync } from '../../core/concurrency/result';
import type { Access } from '../../providers/client/credential';
import type { ProviderCode, ProviderSpec } from '../../providers/types';
import { accountKey } from './accounts';

/** A credential as n8n had it the last time: it may be changed while a workflow runs. */
export class CurrentAccess {
	private known: Access;

	private readonly account: string;

	private isUnchanged = true;

	constructor(
		private readonly provider: ProviderSpec,
		private readonly accessOf: ProviderCode['access'],
		joined: Access,
	) {
		this.known = joined;
		this.account = accountKey(provider, joined);
	}

	get value(): Access {
		return this.known;
	}

	/** False once a request went out with a key or to an address of another account, for good: its answer may still be to come. */
	get isOfAccount(): boolean {
		return this.isUnchanged;
	}

	/** Takes over what n8n has read. What cannot be used changes nothing. */
	learn(data: unknown): void {
		const read = attemptSync(() => this.accessOf(data));
		if ('error' in read) return;
		this.known = read.value;
		this.isUnchanged &&= accountKey(this.provider, read.value) === this.account;
	}
}
