import { PHASES, type Phase, isDone, isTerminal } from '../../../../nodes/shared/core/runs/run';

const ENDED: Phase[] = ['completed', 'failed', 'expired', 'rejected', 'cancelled'];

test('a run has ended in these phases and in no other', () => {
	expect(PHASES.filter(isTerminal)).toEqual(ENDED);
});

test('there is nothing to wait for once it has ended or waits for a person', () => {
	expect(PHASES.filter(isDone).sort()).toEqual([...ENDED, 'needsReview'].sort());
});

test('an unknown status is neither', () => {
	expect(isTerminal('unknown')).toBe(false);
	expect(isDone('unknown')).toBe(false);
});
