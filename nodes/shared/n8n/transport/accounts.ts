import { createHash } from 'crypto';

import { Accounts, type Membership } from '../../core/account';
import type { Access } from '../../providers/client/credential';
import type { ProviderSpec } from '../../providers/types';
import { systemClock } from './systemClock';

/** Of this process: n8n loads a package once. */
const accounts = new Accounts(systemClock);

/** The account of a credential: executions share it when all of what they send with each request is the same. */
export function joinAccount(provider: ProviderSpec, access: Access): Membership {
	return accounts.join(accountKey(provider, access));
}

/** Tells accounts apart. A hash, so that the API key itself is kept nowhere. */
export function accountKey(provider: ProviderSpec, { baseUrl, headers }: Access): string {
	const sent = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
	const identity = JSON.stringify([provider.name, baseUrl, sent]);
	return createHash('sha256').update(identity).digest('hex');
}
