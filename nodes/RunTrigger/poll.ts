import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { z } from 'zod';

import {
	EVENT_NAMES,
	type EventName,
	type EventOptions,
	type EventSource,
} from '../shared/core/trigger/events';
import { attemptRequest } from '../shared/core/concurrency/result';
import { call } from '../shared/core/requests/retry';
import { findExamples } from '../shared/core/trigger/findExamples';
import type { PollResult, RunEvent } from '../shared/core/trigger/poll';
import { pollEvents } from '../shared/core/trigger/pollEvents';
import { TRIGGER } from '../shared/core/config';
import { systemClock } from '../shared/n8n/transport/systemClock';
import { InvalidParameterError, nodeError } from '../shared/n8n/output/errors';
import { readLookBack, readStuckAfter } from '../shared/n8n/parameters/numbers';
import { readChoice, readMaxConcurrentRequests } from '../shared/n8n/parameters/options';
import { type ParameterSource, parametersOf } from '../shared/n8n/parameters/values';
import { filterReader, readOwner } from '../shared/n8n/parameters/filters';
import { type TriggerSession, openTriggerSession } from '../shared/n8n/transport/session';
import { type AroundRun, readOutputShape, shapeEvent } from '../shared/n8n/output/simplify';
import { safeMessage } from '../shared/n8n/output/text';
import { PROVIDERS, PROVIDER_NAMES, resourceOf } from '../shared/providers';
import { Reviews, hasReviews } from '../shared/providers/client/reviews';
import { valueAt } from '../shared/providers/client/parseResponse';
import { eventSource } from '../shared/providers/lists/eventSource';

/** `poll` of the Document Run Trigger: one item per event, or nothing. */
export async function pollForEvents(context: IPollFunctions): Promise<INodeExecutionData[][] | null> {
	let session: TriggerSession | undefined;
	try {
		const parameters = parametersOf(context);
		const provider = PROVIDERS[readChoice(parameters, 'provider', 'Provider', PROVIDER_NAMES, 0)];
		session = await openTriggerSession(context, provider, readMaxConcurrentRequests(parameters));
		const options = readOptions(context, parameters, session);
		const sources = readSources(context, parameters, session, options.events);
		const deps = { requestQueue: session.requestQueue, clock: systemClock, scope: session.scope };
		const result =
			context.getMode() === 'manual'
				? await findExamples(deps, sources, options)
				: await pollEvents(deps, sources, options, context.getWorkflowStaticData('node'));
		return result ? await itemsOf(context, session, result) : null;
	} catch (error) {
		throw nodeError(context.getNode(), error, { alone: context.getMode() !== 'manual' });
	} finally {
		session?.close();
	}
}

/** Throws an error when there are no events: n8n shows it, and the next poll finds what this one has missed. */
async function itemsOf(
	context: IPollFunctions,
	session: TriggerSession,
	{ events, errors, warnings }: PollResult,
): Promise<INodeExecutionData[][] | null> {
	const { provider } = session;
	for (const warning of warnings) context.logger.warn(safeMessage(warning));
	const [first] = errors;
	if (first && events.length === 0) throw first.error;
	for (const { resource, error } of errors) {
		context.logger.warn(safeMessage(`Not all "${resource}" runs could be read: ${error.message}`));
	}
	if (events.length === 0) return null;
	const shape = readOutputShape(parametersOf(context), 0);
	const items = await Promise.all(
		events.map(async (event) => {
			const review = await reviewOf(context, session, event);
			const item = { ...itemOf(event, provider.name), ...review };
			return shapeEvent(shape, resourceOf(provider, event.resource), item) as IDataObject;
		}),
	);
	return [context.helpers.returnJsonArray(items)];
}

function itemOf({ event, resource, run, created, detected }: RunEvent, provider: string): AroundRun {
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

/**
 * What a run waits for: the IDs that Approve takes, and what is to be approved. The event is told all the same where it cannot
 * be read: it would not come again.
 */
async function reviewOf(
	context: IPollFunctions,
	{ provider, client, scope, requestQueue }: TriggerSession,
	{ event, resource, run }: RunEvent,
): Promise<object> {
	if (event !== 'needsReview' || !hasReviews(provider)) return {};
	const deps = { requestQueue, clock: systemClock, scope };
	const reviews = new Reviews(provider, (request) =>
		call(deps, (signal) => client(resource).exchange(request, signal)),
	);
	const read = await attemptRequest(() => reviews.pendingOf(run.id));
	if ('error' in read) {
		context.logger.warn(safeMessage(`The review of run ${run.id} could not be read: ${read.error.message}`));
		return {};
	}
	const [review] = read.value;
	if (!review) return {};
	return {
		reviewId: review.id,
		versionId: valueAt(review, ['latest_version', 'id']),
		output: valueAt(review, ['latest_version', 'snapshot']),
		reviews: read.value,
	};
}

function readOptions(
	context: IPollFunctions,
	parameters: ParameterSource,
	session: TriggerSession,
): EventOptions {
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
	throw new InvalidParameterError(
		`Events must name at least one of ${EVENT_NAMES.join(', ')}, and nothing else`,
		'Choose one or more in the list, such as completed.',
	);
}

function readSources(
	context: IPollFunctions,
	parameters: ParameterSource,
	session: TriggerSession,
	events: ReadonlySet<EventName>,
): EventSource[] {
	const chosen = z
		.array(z.string())
		.min(1)
		.safeParse(parameters.getNodeParameter('resources', 0, []));
	if (!chosen.success)
		throw new InvalidParameterError(
			'Resources must name at least one kind of run to watch',
			'Choose one or more in the list.',
		);
	const owner = readOwner(filterReader(parameters, 0));
	const { credential } = session.provider;
	const account = context.getNode().credentials?.[credential]?.id ?? '';
	const resources = [...new Set(chosen.data)];
	const clients = resources.map((resource) => ({ resource, client: session.client(resource) }));
	const sources = clients.map(({ resource, client }) => eventSource(resource, client, owner, account));
	const reviewable = clients.some(({ client }) => Object.values(client.spec.phases).includes('needsReview'));
	if (events.size === 1 && events.has('needsReview') && !reviewable) {
		const plurals = clients.map(({ client }) => client.spec.plural).join(', ');
		throw new InvalidParameterError(
			`None of the chosen resources ever needs a review: ${plurals} do not`,
			'Choose another event, or a resource whose runs can wait for a person.',
		);
	}
	return sources;
}
