import type { IExecuteFunctions, IPairedItemData } from 'n8n-workflow';

import type { Result } from '../../core/concurrency/result';
import type { CallDeps } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import type { ResourceClient } from '../../providers/client/resourceClient';
import type { Session } from '../transport/session';
import { systemClock } from '../transport/systemClock';

/** Everything an operation needs: the execution, the provider, the resource. */
export interface Work {
	context: IExecuteFunctions;
	session: Session;
	client: ResourceClient;
	itemCount: number;
	/** The items that an object of the API belongs to, where that is not the one it is returned for. */
	pairs: Map<JsonObject, IPairedItemData[]>;
}

/** An operation: per item, the objects of the API. */
export type Operate = (work: Work) => Promise<Array<Result<JsonObject[]>>>;

export function callDeps({ requestQueue, scope }: Session): CallDeps {
	return { requestQueue, scope, clock: systemClock };
}
