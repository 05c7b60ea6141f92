import type { CancellationScope } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';
import { ApiError } from '../requests/apiError';
import type { RequestOptions, RequestQueue } from '../requests/requestQueue';
import type { RunClient, RunList } from '../runs/runClient';

/** An execution that watches runs of a resource. */
export interface ListMember {
	client: RunClient;
	/** Ends with the watch. */
	scope: CancellationScope;
	/** False once it sends with a key or to an address of another account. Without it, it never does. */
	isOfAccount?: () => boolean;
}

type Page = Awaited<ReturnType<RunList['page']>>;

/** The executions that share the lists of a resource. A page is read through any of them that goes on. */
export class ListMembers {
	/** With the number of runs that each watches. */
	private readonly members = new Map<ListMember, number>();

	constructor(private readonly requestQueue: RequestQueue) {}

	get size(): number {
		return this.members.size;
	}

	/** The lists of the resource: the same for all of them. */
	get lists(): readonly RunList[] {
		const [first] = this.members.keys();
		return first?.client.unfinished ?? [];
	}

	/** How many runs the execution watches that a scope belongs to. */
	sizeOf({ root }: CancellationScope): number {
		let sum = 0;
		for (const [{ scope }, size] of this.members) if (scope.root === root) sum += size;
		return sum;
	}

	add(member: ListMember, size: number): void {
		this.members.set(member, size);
	}

	delete(member: ListMember): void {
		this.members.delete(member);
	}

	/**
	 * One page of a list. When the execution that asks for it is stopped, or its way to the provider is broken, another one
	 * asks again.
	 *
	 * @param list its place in `lists`
	 * @throws ApiError, or the reason why `scope` ended
	 */
	async page(
		list: number,
		token: string | undefined,
		scope: CancellationScope,
		options: RequestOptions,
	): Promise<Page> {
		const tried = new Set<ListMember>();
		for (;;) {
			scope.signal.throwIfAborted();
			const member = [...this.members.keys()].find(
				(one) => !tried.has(one) && !one.scope.signal.aborted && isOfAccount(one),
			);
			if (!member) throw new ApiError('network', 'No execution is left that could read the list');
			tried.add(member);
			const read = await attempt(() => this.pageThrough(member, list, token, scope, options));
			// This may have been its first request with another key.
			if (!isOfAccount(member)) continue;
			if ('value' in read) return read.value;
			scope.signal.throwIfAborted();
			if (read.error instanceof ApiError) throw read.error;
		}
	}

	private async pageThrough(
		{ client, scope }: ListMember,
		list: number,
		token: string | undefined,
		wanted: CancellationScope,
		options: RequestOptions,
	): Promise<Page> {
		const own = scope.child();
		const release = () => own.dispose();
		wanted.signal.addEventListener('abort', release, { once: true, signal: own.signal });
		try {
			return await this.requestQueue.request(own, options, async (signal) => {
				const page = await client.unfinished?.[list]?.page(token, signal);
				if (!page) throw new RangeError(`${client.title} has no such list`);
				return page;
			});
		} finally {
			release();
		}
	}
}

function isOfAccount(member: ListMember): boolean {
	return member.isOfAccount?.() !== false;
}
