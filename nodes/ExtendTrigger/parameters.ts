import { z } from 'zod';

import { InvalidParameterError } from '../shared/n8n/output/errors';
import { plainValue } from '../shared/n8n/parameters/locator';
import { readChoice } from '../shared/n8n/parameters/options';
import { type ParameterSource, refuseExpression, textFrom } from '../shared/n8n/parameters/values';
import type { WantedWebhook } from '../shared/providers/extend/webhookEndpoints';
import { EVENT_TYPES, RESOURCE_TYPES, WEBHOOK_EVENTS } from '../shared/providers/extend/webhookEvents';

/** The types of events that are wanted, in Extend's words, and the resource that they are of. @throws InvalidParameterError */
export function readWanted(parameters: ParameterSource): Pick<WantedWebhook, 'events' | 'resource'> {
	const type = readChoice(parameters, 'resourceType', 'Runs Of', RESOURCE_TYPES, 0);
	const types = EVENT_TYPES[type];
	const chosen = z
		.array(z.enum(WEBHOOK_EVENTS))
		.safeParse(parameters.getNodeParameter('events', 0, ['finished', 'failed']));
	if (!chosen.success || chosen.data.length === 0) {
		throw new InvalidParameterError(
			`Events must name at least one of ${WEBHOOK_EVENTS.join(', ')}, and nothing else`,
			'Choose one or more in the list, such as finished.',
		);
	}
	const never = chosen.data.filter((name) => !types[name]);
	if (never.length > 0) {
		const names = never.join(', ');
		throw type === 'workflow'
			? new InvalidParameterError(
					`Workflow runs have no event ${names}`,
					`Take it off in Events. There are ${Object.keys(types).join(', ')}.`,
				)
			: new InvalidParameterError(
					`Events of workflow runs (${names}) only come for one workflow`,
					'Choose Workflow under Runs Of, or take them off in Events.',
				);
	}
	const events = chosen.data.flatMap((name) => types[name] ?? []);
	return type === 'all' ? { events } : { events, resource: { type, id: readResourceId(parameters, type) } };
}

function readResourceId(parameters: ParameterSource, type: string): string {
	const label = type.charAt(0).toUpperCase() + type.slice(1);
	const id = textFrom(label, plainValue(parameters.getNodeParameter('resourceId', 0, '')));
	refuseExpression(label, id, `${type}_xK9`);
	return id;
}
