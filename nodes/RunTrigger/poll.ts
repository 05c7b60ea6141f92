import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { z } from 'zod';

import {
	EVENT_NAMES,
	type EventName,
	type EventPlan,
	type EventSource,
	type Findings,
	type RunEvent,
} from '../shared/core/eventPlan';
import { findEvents, findExamples } from '../shared/core/events';
import { TRIGGER } from '../shared/core/limits';
import { hostClock } from '../shared/n8n/clock';
import { BadInput, nodeError } from '../shared/n8n/errors';
import {
	type ParameterSource,
	parametersOf,
	readChoice,
	readLookBack,
	readMaxConcurrentRequests,
	readStuckAfter,
} from '../shared/n8n/input';
import { filterReader, readOwner } from '../shared/n8n/query';
import { type PollSession, openPollSession } from '../shared/n8n/session';
import { safeMessage } from '../shared/n8n/text';
import { PROVIDERS } from '../shared/providers';
import { eventSource } from '../shared/providers/eventSource';

/** `poll` of the Document Run Trigger: one item for each event; nothing where there is none. */
export async function pollForEvents(context: IPollFunctions): Promise<INodeExecutionData[][] | null> {
	let session: PollSession | undefined;
	try {
		const parameters = parametersOf(context);
		const provider = PROVIDERS[readChoice(parameters, 'provider', 'Provider', ['retab', 'extend'], 0)];
		session = await openPollSession(context, provider, readMaxConcurrentRequests(parameters));
		const plan = readPlan(context, parameters, session);
		const sources = readSources(context, parameters, session, plan.events);
		const tools = { gate: session.gate, clock: hostClock, scope: session.scope };
		const findings =
			context.getMode() === 'manual'
				? await findExamples(tools, sources, plan)
				: await findEvents(tools, sources, plan, context.getWorkflowStaticData('node'));
		return findings ? itemsOf(context, session, findings) : null;
	} catch (error) {
		throw nodeError(context.getNode(), error);
	} finally {
		session?.scope.release();
	}
}

/** Throws where something failed and nothing was found: then nothing is lost, and n8n shows the error. */
function itemsOf(
	context: IPollFunctions,
	{ provider }: PollSession,
	{ events, faults, warnings }: Findings,
): INodeExecutionData[][] | null {
	for (const warning of warnings) context.logger.warn(safeMessage(warning));
	const [first] = faults;
	if (first && events.length === 0) throw first.fault;
	for (const { resource, fault } of faults) {
		context.logger.warn(safeMessage(`"${resource}" runs could not all be looked at: ${fault.message}`));
	}
	if (events.length === 0) return null;
	return [context.helpers.returnJsonArray(events.map((event) => itemOf(event, provider.name)))];
}

function itemOf({ event, resource, run, created, detected }: RunEvent, provider: string): IDataObject {
	return {
		event,
		provider,
		resource,
		id: run.id,
		status: run.status,
		phase: run.phase,
		createdAt: created === undefined ? null : new Date(created).toISOString(),
		detectedAt: new Date(detected).toISOString(),
		run: run.body,
	};
}

function readPlan(context: IPollFunctions, parameters: ParameterSource, session: PollSession): EventPlan {
	const events = readEvents(parameters);
	return {
		events,
		stuckAfter: events.has('stuck') ? readStuckAfter(parameters) : Number.POSITIVE_INFINITY,
		lookBack: readLookBack(parameters),
		budget: Math.min(TRIGGER.budget, budgetOf(context)),
		now: () => session.serverNow(),
	};
}

/** Milliseconds that n8n gives a poll. Versions before 2.36 do not tell. */
function budgetOf(context: { getPollBudgetMs?: () => number }): number {
	return context.getPollBudgetMs?.() ?? TRIGGER.budget;
}

const eventNames = z.array(z.enum(EVENT_NAMES)).min(1);

function readEvents(parameters: ParameterSource): ReadonlySet<EventName> {
	const given = eventNames.safeParse(parameters.getNodeParameter('events', 0, []));
	if (given.success) return new Set(given.data);
	throw new BadInput(`Events must name at least one of ${EVENT_NAMES.join(', ')}, and nothing else`);
}

function readSources(
	context: IPollFunctions,
	parameters: ParameterSource,
	session: PollSession,
	events: ReadonlySet<EventName>,
): EventSource[] {
	const chosen = z
		.array(z.string())
		.min(1)
		.safeParse(parameters.getNodeParameter('resources', 0, []));
	if (!chosen.success) throw new BadInput('Resources must name at least one kind of run to watch');
	const filters = readOwner(filterReader(parameters, 0));
	const { credential } = session.provider;
	const account = context.getNode().credentials?.[credential]?.id ?? '';
	const apis = [...new Set(chosen.data)].map((resource) => ({ resource, api: session.api(resource) }));
	const sources = apis.map(({ resource, api }) => eventSource(resource, api, filters, account));
	const reviewable = apis.some(({ api }) => Object.values(api.spec.phases).includes('needsReview'));
	if (events.size === 1 && events.has('needsReview') && !reviewable) {
		const plurals = apis.map(({ api }) => api.spec.plural).join(', ');
		throw new BadInput(`None of the chosen resources ever needs a review: ${plurals} do not`);
	}
	return sources;
}
