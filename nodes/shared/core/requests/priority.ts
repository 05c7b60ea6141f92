/**
 * Who goes first, and who may be preempted (lose its slot and be sent again). In this order:
 *
 * - `urgent`: a cancel. If no slot is free, it preempts a poll, a read or a confirming read.
 * - `confirm`: a read after a cancel. Preempts a poll or a read. May be preempted itself: after a pause thousands of them are
 *   sent together, and no cancel waits for them.
 * - `call`: what a user asked for once (get, list, delete). Never preempted.
 * - `read`: the last read of an ended run, a page of a list.
 * - `poll`: a read that will be repeated anyway. Preempted first.
 */
export type Priority = 'urgent' | 'confirm' | 'call' | 'read' | 'poll';

/** Who gets the next free slot. */
export const PRECEDENCE: readonly Priority[] = ['urgent', 'confirm', 'call', 'read', 'poll'];

/** Whose slots a priority may take, in this order. */
export const PREEMPTIBLE: Partial<Record<Priority, readonly Priority[]>> = {
	urgent: ['poll', 'read', 'confirm'],
	confirm: ['poll', 'read'],
};
