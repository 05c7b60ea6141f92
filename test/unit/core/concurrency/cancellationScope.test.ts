import { getEventListeners } from 'node:events';

import {
	CancelReason,
	CancellationScope,
	isCancelReason,
} from '../../../../nodes/shared/core/concurrency/cancellationScope';

/** Scopes that still hang below this one. */
function childrenOf(scope: CancellationScope): number {
	const { children } = scope as unknown as { children?: Set<CancellationScope> };
	return children?.size ?? 0;
}

function kindOf(scope: CancellationScope): string | undefined {
	const { reason } = scope.signal;
	return reason instanceof CancelReason ? reason.kind : undefined;
}

test('ending a scope ends everything below it, for the same reason', () => {
	const root = CancellationScope.from(undefined);
	const child = root.child();
	const grandchild = child.child();
	root.cancel('deadline');
	expect([root, child, grandchild].map(kindOf)).toEqual(['deadline', 'deadline', 'deadline']);
	expect(grandchild.signal.reason).toBe(root.signal.reason);
});

test('ending a scope leaves what is above and beside it alone', () => {
	const root = CancellationScope.from(undefined);
	const child = root.child();
	const sibling = root.child();
	child.cancel('timeout');
	expect([root, child, sibling].map(kindOf)).toEqual([undefined, 'timeout', undefined]);
});

test('the first reason stands', () => {
	const scope = CancellationScope.from(undefined);
	scope.cancel('deadline');
	scope.cancel('timeout');
	scope.dispose();
	expect(kindOf(scope)).toBe('deadline');
});

test('a scope below one that has ended has ended too', () => {
	const root = CancellationScope.from(undefined);
	root.cancel('stopped');
	const child = root.child();
	expect(child.signal.aborted).toBe(true);
	expect(child.signal.reason).toBe(root.signal.reason);
	expect(childrenOf(root)).toBe(0);
});

test('the signal of the host ends the tree as stopped, whatever reason it carries', () => {
	const host = new AbortController();
	const root = CancellationScope.from(host.signal);
	const child = root.child();
	host.abort(new Error('words of the host'));
	expect([root, child].map(kindOf)).toEqual(['stopped', 'stopped']);
});

test('a host that was stopped before gives a scope that has ended', () => {
	expect(kindOf(CancellationScope.from(AbortSignal.abort()))).toBe('stopped');
});

test('thousands of scopes leave nothing behind, neither below the root nor on the signal of the host', () => {
	const host = new AbortController();
	const root = CancellationScope.from(host.signal);
	for (let run = 0; run < 2_000; run++) {
		const watch = root.child();
		const request = watch.child();
		if (run % 2) request.dispose();
		if (run % 3) watch.cancel('deadline');
		watch.dispose();
	}
	expect(childrenOf(root)).toBe(0);
	expect(getEventListeners(host.signal, 'abort')).toHaveLength(1);
	root.dispose();
	expect(getEventListeners(host.signal, 'abort')).toHaveLength(0);
});

test('an interruption is told from an error, and one kind from another', () => {
	expect(isCancelReason(new CancelReason('stopped'))).toBe(true);
	expect(isCancelReason(new CancelReason('stopped'), 'stopped')).toBe(true);
	expect(isCancelReason(new CancelReason('stopped'), 'deadline')).toBe(false);
	expect(isCancelReason(new Error('Interrupted: stopped'))).toBe(false);
});

test('neither name nor message of an interruption would make n8n take the execution for cancelled', () => {
	for (const kind of ['stopped', 'deadline', 'timeout', 'preempted', 'released'] as const) {
		const { name, message } = new CancelReason(kind);
		expect(name).not.toContain('Cancelled');
		expect(message).not.toContain('canceled');
	}
});
