import { ALL_PROVIDERS } from '../../providers';
import type { ProviderSpec } from '../../providers/types';

/** What the nodes that serve all providers of the package are called, and what their texts call the services. */
interface Names {
	timeoutCancel: string;
	runTrigger: string;
	/** `Retab or Extend` */
	services: string;
}

/** With one provider, each name begins with it: n8n's panel then shows the nodes of a service side by side. */
export function namesFor(providers: readonly ProviderSpec[]): Names {
	const services = providers.map(({ title }) => title).join(' or ');
	const [first, ...others] = providers;
	if (!first || others.length > 0)
		return { timeoutCancel: 'Timeout Cancel', runTrigger: 'Document Run Trigger', services };
	// The plain name is that of the trigger which is told at once.
	const kind = first.hasInstantTrigger ? 'Polling Trigger' : 'Trigger';
	return { timeoutCancel: `${services} Timeout Cancel`, runTrigger: `${services} ${kind}`, services };
}

export const NAMES = namesFor(ALL_PROVIDERS);
