import { getEventListeners } from 'node:events';

import { Interruption, Scope, isInterruption } from '../../../nodes/shared/core/scope';

/** Scopes that still hang below this one. */
function childrenOf(scope: Scope): number {
	const { children } = scope as unknown as { children?: Set<Scope> };
	return children?.size ?? 0;
}

function kindOf(scope: Scope): string | undefined {
	const { reason } = scope.signal;
	return reason instanceof Interruption ? reason.kind : undefined;
}

test('ending a scope ends everything below it, for the same reason', () => {
	const root = Scope.from(undefined);
	const child = root.fork();
	const grandchild = child.fork();
	root.end('deadline');
	expect([root, child, grandchild].map(kindOf)).toEqual(['deadline', 'deadline', 'deadline']);
	expect(grandchild.signal.reason).toBe(root.signal.reason);
});

test('ending a scope leaves what is above and beside it alone', () => {
	const root = Scope.from(undefined);
	const child = root.fork();
	const sibling = root.fork();
	child.end('timeout');
	expect([root, child, sibling].map(kindOf)).toEqual([undefined, 'timeout', undefined]);
});

test('the first reason stands', () => {
	const scope = Scope.from(undefined);
	scope.end('deadline');
	scope.end('timeout');
	scope.release();
	expect(kindOf(scope)).toBe('deadline');
});

test('a scope below one that has ended has ended too', () => {
	const root = Scope.from(undefined);
	root.end('stopped');
	const child = root.fork();
	expect(child.signal.aborted).toBe(true);
	expect(child.signal.reason).toBe(root.signal.reason);
	expect(childrenOf(root)).toBe(0);
});

test('the signal of the host ends the tree as stopped, whatever reason it carries', () => {
	const host = new AbortController();
	const root = Scope.from(host.signal);
	const child = root.fork();
	host.abort(new Error('words of the host'));
	expect([root, child].map(kindOf)).toEqual(['stopped', 'stopped']);
});

test('a host that was stopped before gives a scope that has ended', () => {
	expect(kindOf(Scope.from(AbortSignal.abort()))).toBe('stopped');
});

test('thousands of scopes leave nothing behind, neither below the root nor on the signal of the host', () => {
	const host = new AbortController();
	const root = Scope.from(host.signal);
	for (let run = 0; run < 2_000; run++) {
		const watch = root.fork();
		const request = watch.fork();
		if (run % 2) request.release();
		if (run % 3) watch.end('deadline');
		watch.release();
	}
	expect(childrenOf(root)).toBe(0);
	expect(getEventListeners(host.signal, 'abort')).toHaveLength(1);
	root.release();
	expect(getEventListeners(host.signal, 'abort')).toHaveLength(0);
});

test('an interruption is told from an error, and one kind from another', () => {
	expect(isInterruption(new Interruption('stopped'))).toBe(true);
	expect(isInterruption(new Interruption('stopped'), 'stopped')).toBe(true);
	expect(isInterruption(new Interruption('stopped'), 'deadline')).toBe(false);
	expect(isInterruption(new Error('Interrupted: stopped'))).toBe(false);
});

test('neither name nor message of an interruption would make n8n take the execution for cancelled', () => {
	for (const kind of ['stopped', 'deadline', 'timeout', 'preempted', 'released'] as const) {
		const { name, message } = new Interruption(kind);
		expect(name).not.toContain('Cancelled');
		expect(message).not.toContain('canceled');
	}
});
