import { Claims } from './cleanup/claims';
import type { Clock } from './concurrency/clock';
import { RequestQueue } from './requests/requestQueue';
import { ListPoller } from './watch/listPoller';

/** What all executions of a process share that use the same account. */
export class Account {
	readonly requestQueue: RequestQueue;

	readonly claims = new Claims();

	private readonly listPollers = new Map<string, ListPoller>();

	constructor(private readonly clock: Clock) {
		this.requestQueue = new RequestQueue(clock);
	}

	/** The one of a resource, as long as somebody watches its runs. */
	listPoller(resource: string): ListPoller {
		for (const [name, poller] of this.listPollers) if (poller.isIdle) this.listPollers.delete(name);
		const poller = this.listPollers.get(resource) ?? new ListPoller(this.requestQueue, this.clock);
		this.listPollers.set(resource, poller);
		return poller;
	}
}

/** An execution's part in an account. */
export interface Membership {
	account: Account;
	/** Called once, when the execution ends. */
	leave: () => void;
}

/** The accounts in use. With the last execution that uses an account, nothing of it is left. */
export class Accounts {
	private readonly open = new Map<string, { account: Account; members: number }>();

	constructor(private readonly clock: Clock) {}

	/** How many accounts are in use. */
	get size(): number {
		return this.open.size;
	}

	/** @param key tells accounts apart; must not hold the API key itself */
	join(key: string): Membership {
		const entry = this.open.get(key) ?? { account: new Account(this.clock), members: 0 };
		this.open.set(key, entry);
		entry.members += 1;
		let isMember = true;
		const leave = () => {
			if (!isMember) return;
			isMember = false;
			entry.members -= 1;
			if (entry.members === 0) this.open.delete(key);
		};
		return { account: entry.account, leave };
	}
}
