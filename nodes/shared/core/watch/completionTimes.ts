import { COMPLETION_TIMES } from '../config';

/** The ages (milliseconds) at which most runs of a kind have ended so far. */
export interface CompletionQuantiles {
	from: number;
	until: number;
}

/** How old the runs of one kind were when they ended. */
export class CompletionTimes {
	/** Milliseconds, sorted: ages at which they were last seen unfinished, and first seen at their end. */
	private readonly before: number[] = [];

	private readonly after: number[] = [];

	/** A run ended between these two ages (milliseconds). */
	record(before: number, after: number): void {
		insert(this.before, before);
		insert(this.after, after);
	}

	/** Absent while too few runs have ended. */
	get quantiles(): CompletionQuantiles | undefined {
		if (this.after.length < COMPLETION_TIMES.minRuns) return undefined;
		const cut = Math.floor(this.after.length * COMPLETION_TIMES.cut);
		return { from: this.before[cut] ?? 0, until: this.after[this.after.length - 1 - cut] ?? 0 };
	}
}

function insert(sorted: number[], value: number): void {
	let low = 0;
	let high = sorted.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((sorted[middle] ?? 0) <= value) low = middle + 1;
		else high = middle;
	}
	sorted.splice(low, 0, value);
}
