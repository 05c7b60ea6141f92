import { randomBytes } from 'node:crypto';

import type { JsonObject } from './json';
import type { Life } from './script';
import type { Steering } from './steering';

export type Provider = 'retab' | 'extend';

export interface Run {
	readonly id: string;
	readonly provider: Provider;
	readonly resource: string;
	/** Sandbox ms. */
	readonly createdAt: number;
	readonly filename: string;
	/** The create body with its defaults filled in. */
	readonly request: JsonObject;
	/** As sent, steering keys included. */
	metadata: JsonObject | null;
	steering: Steering;
	life: Life;
	/** Raw status shown instead of the table's once the run has ended. */
	endStatus?: string;
	batchId: string | null;
	/** Ids of the runs in a batch run. */
	members: string[];
	/** Cancel requests that reached the run, refused ones included. */
	cancelRequests: number;
	/** The one 409 of `race_409` has been given. */
	raced: boolean;
	/** Cancel commands that were accepted (Retab workflow runs, `command_id`). */
	readonly commands: Set<string>;
	/** 1 for the first attempt; a job retry adds one. */
	attempt: number;
	/** `name` of an Extend workflow run, kept though no answer shows it. */
	name: string | null;
	/** Sandbox ms of the last change by `POST /workflow_runs/{id}`. */
	changedAt: number;
}

/** One version of what is reviewed; none is ever changed. */
export interface ReviewVersion {
	readonly id: string;
	readonly parentId: string | null;
	readonly snapshot: JsonObject;
	readonly note: string | null;
	readonly author: JsonObject;
	readonly createdAt: number;
}

/** What a person has to decide about a Retab workflow run. */
export interface Review {
	readonly id: string;
	readonly runId: string;
	readonly createdAt: number;
	readonly versions: ReviewVersion[];
	decision: JsonObject | null;
}

export interface StoredFile {
	readonly id: string;
	readonly provider: Provider;
	readonly filename: string;
	readonly mimeType: string;
	readonly createdAt: number;
	/** Declared or counted size in bytes. */
	size: number;
	sha256: string | null;
	/** `reserved` → `received` (bytes arrived) → `ready`. */
	state: 'reserved' | 'received' | 'ready';
	/** Upload session ends at this time (sandbox ms). */
	expiresAt: number;
	/** Bytes and hash that really arrived. */
	received: { size: number; sha256: string } | null;
}

const ID_RANDOM_BYTES = 5;
const ID_COUNTER_LENGTH = 6;

/** All runs and files. Runs of one resource are kept in order of creation. */
export class Store {
	private readonly random = randomBytes(ID_RANDOM_BYTES).toString('hex');
	private counter = 0;
	private readonly byId = new Map<string, Run>();
	private readonly byResource = new Map<string, Run[]>();
	private readonly idempotent = new Map<string, string>();
	/** By the ID of their run. */
	readonly reviews = new Map<string, Review>();
	private readonly filesById = new Map<string, StoredFile>();

	/** A unique id, also among sandbox processes; later ids sort later. */
	newId(prefix: string): string {
		this.counter += 1;
		return `${prefix}${this.random}${this.counter.toString(36).padStart(ID_COUNTER_LENGTH, '0')}`;
	}

	/** @throws Error when the id is taken */
	add(run: Run): void {
		if (this.byId.has(run.id)) throw new Error(`There is already a run with id ${run.id}`);
		this.byId.set(run.id, run);
		const key = `${run.provider}:${run.resource}`;
		const runs = this.byResource.get(key) ?? [];
		this.byResource.set(key, runs);
		runs.splice(insertionIndex(runs, run.createdAt), 0, run);
	}

	get(id: string): Run | undefined {
		return this.byId.get(id);
	}

	find(provider: Provider, resource: string, id: string): Run | undefined {
		const run = this.byId.get(id);
		return run?.provider === provider && run.resource === resource ? run : undefined;
	}

	/** Oldest first. */
	list(provider: Provider, resource: string): readonly Run[] {
		return this.byResource.get(`${provider}:${resource}`) ?? [];
	}

	all(): Run[] {
		return [...this.byId.values()];
	}

	remove(run: Run): void {
		this.byId.delete(run.id);
		const runs = this.byResource.get(`${run.provider}:${run.resource}`) ?? [];
		runs.splice(runs.indexOf(run), 1);
	}

	/** The run an `Idempotency-Key` was first used for. */
	runOfKey(resource: string, key: string): Run | undefined {
		const id = this.idempotent.get(`${resource}:${key}`);
		return id === undefined ? undefined : this.byId.get(id);
	}

	rememberKey(resource: string, key: string, run: Run): void {
		this.idempotent.set(`${resource}:${key}`, run.id);
	}

	addFile(file: StoredFile): void {
		this.filesById.set(`${file.provider}:${file.id}`, file);
	}

	findFile(provider: Provider, id: string): StoredFile | undefined {
		return this.filesById.get(`${provider}:${id}`);
	}

	/** Oldest first. */
	listFiles(provider: Provider): StoredFile[] {
		return [...this.filesById.values()]
			.filter((file) => file.provider === provider)
			.sort((a, b) => a.createdAt - b.createdAt);
	}

	clear(): void {
		this.byId.clear();
		this.byResource.clear();
		this.idempotent.clear();
		this.filesById.clear();
		this.reviews.clear();
	}
}

/** After all runs that are not younger, found from the end because runs mostly come in order. */
function insertionIndex(runs: readonly Run[], createdAt: number): number {
	const last = runs.at(-1);
	if (!last || last.createdAt <= createdAt) return runs.length;
	let low = 0;
	let high = runs.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((runs[middle]?.createdAt ?? Infinity) <= createdAt) low = middle + 1;
		else high = middle;
	}
	return low;
}
