import type { HttpBindings } from '@hono/node-server';

import type { LoggedRequest } from './log';

/** Context of every route: the entry of the request log, and the id that errors name. */
export interface AppEnv {
	Bindings: HttpBindings & { entry: LoggedRequest };
	Variables: { entry: LoggedRequest; requestId: string };
}
