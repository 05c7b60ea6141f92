import type { JsonObject, JsonValue, Phase } from '../core/runs/run';
import type { Access } from './client/credential';
import type { DeliverDocument, DocumentRoutes, Query } from './client/wire';
import type { ListSpec, PickerSpec } from './listTypes';
import type { ReviewsSpec } from './reviewTypes';

export type { Query, QueryValue } from './client/wire';

export interface CancelSpec {
	/**
	 * `run`: the run, or enough of it to hold its status. `envelope`: `{ run, cancellation_status }`, always 200, where
	 * only `cancellation_status` tells whether the cancel was taken.
	 */
	answer: 'run' | 'envelope';
	/** Body field for a command id that makes repeated cancels one. */
	commandIdField?: string;
	/** Resources of its members, of a batch that has no cancel of its own: each member is cancelled instead. */
	members?: readonly string[];
}

/** A switch of the `get` operation that becomes a query parameter. */
export interface ReadOptionSpec {
	name: string;
	param: string;
	label: string;
	description: string;
	default: boolean;
	/** Values sent for on and off, where they are not `true` and `false`. */
	values?: { on: string; off: string };
}

/** A field of a create request: one parameter in the panel, one place in the body. */
export interface BodyField {
	/** Name of the node parameter. */
	name: string;
	/** Where its value stands in the request body. Objects of several fields with the same path are merged. */
	path: readonly string[];
	label: string;
	description: string;
	placeholder?: string;
	required?: boolean;
	/** Required fields and those with this stand at the top of the panel, the others under "Additional Fields". */
	onTop?: boolean;
	/** Row of the provider's pickers, for a `text` that is the ID of something. */
	picker?: string;
	/** Only shown when the field at the top with this name has this value. */
	shownFor?: { field: string; is: string };
	/**
	 * `secret` is a text that is hidden while it is typed, `color` a text such as `#000080`; `json` is a JSON editor for an
	 * object, `jsonList` for an array; `rows` are repeating groups of `columns`; `pairs` are name and value; `texts` is a list
	 * of texts, typed with commas or given as an array by an expression.
	 */
	kind:
		| 'text'
		| 'longText'
		| 'secret'
		| 'color'
		| 'integer'
		| 'boolean'
		| 'options'
		| 'json'
		| 'jsonList'
		| 'rows'
		| 'pairs'
		| 'texts';
	/** What the API takes when the field is left out. */
	default?: string | number | boolean;
	range?: { min: number; max: number };
	options?: readonly string[];
	columns?: readonly BodyColumn[];
	limits?: PairLimits;
}

/** The JSON Schema that a run needs. The user gives it as rows, as an example or as it is, at the top of the panel. */
export type SchemaField = Pick<BodyField, 'name' | 'path' | 'label' | 'description'>;

export interface BodyColumn {
	name: string;
	/** Field of the row object in the body. */
	field: string;
	label: string;
	description: string;
	kind: 'text' | 'boolean';
	required?: boolean;
}

/** What the API allows for metadata; a limit that is not stated is not checked. */
export interface PairLimits {
	pairs?: number;
	/** Characters. */
	name?: number;
	value?: number;
	/** Bytes as JSON of all that stands at the path, whichever fields it comes from. */
	bytes?: number;
}

/** A way to hand over a document. */
export type DocumentSource = 'binary' | 'url' | 'fileId' | 'text' | 'template';

export interface DocumentsSpec {
	sources: readonly DocumentSource[];
	/**
	 * What the body holds: one document under `key`; a list of them; the bare id of an uploaded file; documents by the block
	 * of a workflow; or one under `key`, several as a package of files.
	 */
	form: 'one' | 'list' | 'fileId' | 'byBlock' | 'oneOrPackage';
	key: string;
	/** False where a run can go without a document. */
	required: boolean;
	/** Documents at most. */
	max?: number;
	/** Body field of a template that stands for the document. */
	templateKey?: string;
	/** What the body holds where there are several documents, of the form `oneOrPackage`. */
	several?(documents: readonly JsonValue[]): JsonObject;
	/** The hosts from which the provider fetches a document by itself, over https only. Absent where it takes any address. */
	fetchedHosts?: readonly RegExp[];
	/** True where the API refuses the same file twice in one run. */
	distinct?: boolean;
	/** Types of files, where the API takes fewer than elsewhere. Shown with the fields of the document. */
	takes?: string;
}

/** What is known of a document before it is sent. */
export interface DocumentFacts {
	fileName?: string;
	mimeType?: string;
}

/** Why a create is refused before it is sent, and what to do about it. */
export interface Refusal {
	message: string;
	/** What to do, with an example where that helps. */
	hint: string;
}

/** Who downloads a document that is given by its address; `auto` is the provider where it does, n8n otherwise. */
export const FETCH_BY = ['auto', 'n8n', 'provider'] as const;

export type FetchBy = (typeof FETCH_BY)[number];

export interface CreateSpec {
	documents?: DocumentsSpec;
	schema?: SchemaField;
	fields: readonly BodyField[];
	/** Body field that asks for a run in the background; absent where all runs are. */
	backgroundField?: string;
	/** Whether the API takes an `Idempotency-Key` header, so that a create may be repeated. */
	idempotent?: boolean;
	/**
	 * Checks what no single field can tell; gives back what is wrong. Called before anything is sent, and once more when the
	 * documents are in the body: the name of an uploaded file is only known then.
	 */
	check?: (
		body: Readonly<Record<string, unknown>>,
		documents: readonly DocumentFacts[],
	) => Refusal | undefined;
}

/** Starts many runs with one request. A batch takes other fields than a single run. */
export interface BatchSpec extends CreateSpec {
	/** Fields of the body that each input has for itself. What the others hold is the same for all inputs of a batch. */
	inputKeys: readonly string[];
	/** Inputs of a batch at most. */
	max: number;
	/** Whether the batch can be read: as a run of the provider's `batches`. */
	isRun: boolean;
}

/** A field of a simplified run. */
export interface SimpleField {
	name: string;
	/** Where the run object holds it: the first place that holds something counts. */
	from: ReadonlyArray<readonly string[]>;
	/** For the preview of the output. */
	type: 'string' | 'number' | 'boolean' | 'object' | 'array';
	/**
	 * `result` is only there once the run is completed or in review, `text` is a result that is a text or chunks of one; `error` puts the texts
	 * of all places into one; `fileName` is found out from the file or files.
	 */
	kind?: 'result' | 'text' | 'error' | 'fileName';
}

/** Where a run holds a file that it has made. */
export interface FilePlace {
	/** Its address: a signed one, or a data URL. */
	url: readonly string[];
	name?: readonly string[];
	/** Its ID at the provider, for `fileLink`, where the run may be without an address. */
	id?: readonly string[];
}

/** One kind of run at one provider. A new resource is a new row of this shape, never new control flow. */
export interface ResourceSpec {
	/** Singular, sentence case, as in `Cancel eval run`. */
	noun: string;
	plural: string;
	/** In Title Case, for the panel. */
	label: string;
	article: 'a' | 'an';
	/** One sentence under the resource's name in the panel. */
	description: string;
	/** What `create` does, in the words of the user: the text in n8n's list of actions. Absent where there is no `create`. */
	createAction?: string;
	/** Path of the collection; a run is at `<path>/<id>`. */
	path: string;
	/** What an id looks like. Only shown to the user: ids are opaque and never checked against it. */
	idExample: string;
	/** Key of the run inside the answer, for APIs that wrap it. */
	wrappedIn?: string;
	/** Where the status lives in the run object. */
	statusPath: readonly string[];
	/** Raw status → phase. What is not here is `unknown`. */
	phases: Readonly<Record<string, Phase>>;
	/** Where the run's own times live, in the run object or in a list row. */
	createdPath: readonly string[];
	/**
	 * Where a list row holds it when it lacks `createdPath`. Such a run tells its creation time itself, so the list is never
	 * searched for it.
	 */
	rowCreatedPath?: readonly string[];
	startedPath?: readonly string[];
	/** Where the run object holds the user's metadata; absent where it does not show any. */
	metadataPath?: readonly string[];
	/**
	 * Where the run object names the workflow or processor it belongs to: several places where its form has changed, none
	 * where it does not tell.
	 */
	ownerPaths?: ReadonlyArray<readonly string[]>;
	/** Query of a read that leaves out a large output. Absent where reads have no light form. */
	lightQuery?: Query;
	/** What is left of a run when it is simplified, 10 fields at most. */
	simple: readonly SimpleField[];
	/** Query of a read of everything. */
	fullQuery?: Query;
	readOptions?: readonly ReadOptionSpec[];
	list?: ListSpec;
	cancel?: CancelSpec;
	canDelete?: boolean;
	/** Many steps or runs in one: takes minutes to hours. */
	isLong?: boolean;
	/** Files that a finished run has made. */
	files?: readonly FilePlace[];
	/** Whether a run tells its address in the provider's dashboard. */
	hasDashboard?: boolean;
	create?: CreateSpec;
	batch?: BatchSpec;
	/** What else a 404 or 410 can mean here. */
	goneHint?: string;
}

/** What a request is about. */
export interface Subject {
	provider: ProviderSpec;
	spec: ResourceSpec;
}

/** Where the provider's website shows runs. */
export interface DashboardSpec {
	host: string;
	/** Pattern of the address of a run; its only group is the ID. */
	idInAddress: string;
}

export interface ProviderSpec {
	name: string;
	title: string;
	credential: string;
	/** The resource that a new node begins with. */
	defaultResource: string;
	/** Those that most users have runs of: a new cleanup looks for them. */
	usualResources: readonly string[];
	/** Response header that holds the id of the request. */
	requestIdHeader: string;
	/** What to check when the key is refused. */
	keyHint: string;
	/** Which runs a key can see. Shown where a list is empty. */
	keySees: string;
	/** Whether it has a trigger node of its own, which its webhooks call. */
	hasInstantTrigger?: boolean;
	/** Absent where the form of its addresses is not known. */
	dashboard?: DashboardSpec;
	/** What to check when a run is not found. */
	notFoundHint: string;
	/** Lists that fields are picked from, by the name of the field. */
	pickers: Readonly<Record<string, PickerSpec>>;
	/** In the order of use: so they stand in the panel and in n8n's list of actions. */
	resources: Readonly<Record<string, ResourceSpec>>;
	/** What people decide about runs that wait for them. */
	reviews?: ReviewsSpec;
	/** The resource that batches of runs are. */
	batches?: string;
	/** Loaded with the first request: n8n loads all nodes when it starts, and the tables are enough to show them. */
	code(): Promise<ProviderCode>;
}

/** What a provider does by code of its own. */
export interface ProviderCode {
	/** Where requests go and with which key, out of the data of the credential. @throws RangeError */
	access: (data: unknown) => Access;
	/** The address of a file by its ID, valid for a while. Absent where files have none. @throws ApiError */
	fileLink?: (
		subject: Subject,
		routes: Pick<DocumentRoutes, 'call'>,
		id: string,
	) => Promise<{ url: string; fileName: string }>;
	/** How documents get into a create body. */
	delivery: (subject: Subject, routes: DocumentRoutes) => DeliverDocument;
}
