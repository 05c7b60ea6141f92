import { z } from 'zod';

import { INTERIM_EVENTS, type InterimEvent } from './events';
import { SeenRuns, TIMELESS } from './seenRuns';

/** Where the memory is kept. n8n writes it to its database when it likes, at the latest with the next events. */
export interface EventStore {
	memory?: unknown;
}

/** Changes when another version of this package could no longer read what is stored. */
const VERSION = 1;

const schema = z.object({
	/** `scopeKey` */
	fits: z.string(),
	events: z.array(z.string()),
	/** The watermark (minute). */
	from: z.number(),
	/** `newestSeen`: when (ms), and what (minute). */
	mark: z.tuple([z.number(), z.number()]).optional(),
	/** Characters of a digest. */
	width: z.number().int().positive(),
	/** The digests of each minute (base 36; empty where not known), joined. */
	done: z.record(z.string()),
	/** Id, creation time (unix ms; 0 where not known), and a letter for each event that was reported. */
	open: z.array(z.tuple([z.string(), z.number(), z.string()])),
});

const RADIX = 36;

const LETTERS: Record<InterimEvent, string> = { needsReview: 'r', stuck: 's' };

/** Returns nothing for a value that is not a stored memory. */
export function decode(value: unknown): SeenRuns | undefined {
	const parsed = schema.safeParse(value);
	if (!parsed.success) return undefined;
	const { fits, events, from, mark, width, done, open } = parsed.data;
	const memory = new SeenRuns(fits, events, from);
	if (mark) memory.newestSeen = { at: mark[0], newest: mark[1] };
	for (const [text, digests] of Object.entries(done)) {
		const minute = text === '' ? TIMELESS : parseInt(text, RADIX);
		for (let at = 0; at < digests.length; at += width) {
			memory.done.addDigest(minute, digests.slice(at, at + width));
		}
	}
	for (const [id, created, letters] of open) {
		const reported = INTERIM_EVENTS.filter((event) => letters.includes(LETTERS[event]));
		memory.open.set(id, { created: created || undefined, reported: new Set(reported) });
	}
	return memory;
}

export function encode(memory: SeenRuns): z.infer<typeof schema> {
	const { scopeKey, events, watermark, newestSeen, done, open } = memory;
	const width = done.width();
	const joined = (digests: ReadonlySet<string>) =>
		[...new Set([...digests].map((digest) => digest.slice(0, width)))].join('');
	const minuteKey = (minute: number) => (Number.isNaN(minute) ? '' : minute.toString(RADIX));
	return {
		fits: scopeKey,
		events: [...events],
		from: watermark,
		...(newestSeen && { mark: [newestSeen.at, newestSeen.newest] as [number, number] }),
		width,
		done: Object.fromEntries([...done.byMinute].map(([minute, all]) => [minuteKey(minute), joined(all)])),
		open: [...open].map(([id, { created = 0, reported }]) => {
			const letters = INTERIM_EVENTS.filter((event) => reported.has(event)).map((event) => LETTERS[event]);
			return [id, created, letters.join('')];
		}),
	};
}

/** What is stored for each resource. */
export function storedResources({ memory }: EventStore): Readonly<Record<string, unknown>> {
	const { version, resources } = (memory ?? {}) as { version?: unknown; resources?: Record<string, unknown> };
	return version === VERSION ? { ...resources } : {};
}

/** Leaves the store alone when nothing has changed: n8n writes to its database whatever is assigned. */
export function saveResources(store: EventStore, resources: Readonly<Record<string, unknown>>): void {
	if (JSON.stringify(resources) === JSON.stringify(storedResources(store))) return;
	store.memory = { version: VERSION, resources };
}
