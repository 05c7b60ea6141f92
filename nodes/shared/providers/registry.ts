import { extend } from './extend/resources';
import { retab } from './retab/resources';
import type { ProviderSpec } from './types';

/** What this package is: its name, as n8n puts it before each of its node types, and its providers. `npm run pack` writes this file anew for each package. */

export const PACKAGE = 'n8n-nodes-document-runs';

/** The default first. */
export const PROVIDERS = { retab, extend } as const satisfies Record<string, ProviderSpec>;
