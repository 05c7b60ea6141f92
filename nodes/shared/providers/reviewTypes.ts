import type { BodyField, ResourceSpec, SimpleField } from './types';

/** One request about a review: a decision, or a corrected version of what is reviewed. */
export interface ReviewActionSpec {
	/** In Title Case, for the panel. */
	label: string;
	/** The text in n8n's list of actions. */
	action: string;
	description: string;
	/** Below the path of the reviews; `{id}` stands for the review. */
	path: string;
	/** Body field for the ID of the review, where it is not in the path. */
	idField?: string;
	/** Body field for the version that it is about. */
	versionField: string;
	versionDescription: string;
	fields: readonly BodyField[];
	/** Where the answer holds the review as it is then; nothing where it holds something else. */
	reviewAt?: readonly string[];
	/** What is left of the answer when it is simplified. */
	simple: readonly SimpleField[];
}

/**
 * What people decide about runs that wait for them. A review is no run: it has no life that could be watched, so its row has
 * operations of its own instead of phases.
 */
export interface ReviewsSpec
	extends
		Pick<
			ResourceSpec,
			'noun' | 'plural' | 'label' | 'article' | 'description' | 'path' | 'idExample' | 'simple'
		>,
		Required<Pick<ResourceSpec, 'list'>> {
	/** The resource whose runs wait for them. */
	of: string;
	/** Where versions are listed, and the query parameter that names the review. */
	versions: { path: string; param: string; idPattern: RegExp; idExample: string };
	/** Query that finds the reviews of a run which are not decided. */
	pendingOf(runId: string): Record<string, string>;
	actions: Readonly<Record<string, ReviewActionSpec>>;
}
