import type { ZodTypeAny } from 'zod';

import type { JsonObject } from './json';
import type { Phase, Result, State } from './script';
import type { Provider, Run } from './store';
import type { World } from './world';

export type Operation = 'create' | 'get' | 'list' | 'delete' | 'cancel' | 'retry' | 'batch' | 'update';

/** What a run looks like at one moment. */
export interface Snapshot {
	run: Run;
	state: State;
	/** Raw status as the API shows it. */
	status: string;
	world: World;
}

/** One resource of one API: everything the routes need to know about it. */
export interface ResourceRow {
	readonly provider: Provider;
	readonly resource: string;
	readonly path: string;
	readonly idPrefix: string;
	readonly operations: readonly Operation[];
	/** Raw status of each phase; a phase that is missing shows as the running status. */
	readonly statuses: Partial<Record<Phase, string>> & { running: string };
	/** Raw status of a result where one phase has two words for it. */
	readonly resultStatuses?: Partial<Record<Result, string>>;
	/** Results that `sandbox_result` may ask for. */
	readonly results: readonly Result[];
	/** Phases in which a cancel request is accepted. */
	readonly cancellable: readonly Phase[];
	/** ms from an accepted cancel of a running run until it stops. */
	readonly cancelLagMs: number;
	/** ms in the queue unless steered. */
	readonly queueMs: number;
	readonly body: ZodTypeAny;
	/** Body of a run that is seeded without one. */
	readonly sampleBody: JsonObject;
	/** The full object. */
	readonly record: (snapshot: Snapshot) => JsonObject;
}
