/**
 * Every duration, limit and rate of the package, once, in one table. Unless a name says otherwise, times are in
 * milliseconds.
 */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What a user may set: default, smallest and largest value. Seconds, as in the node's panel. */
export const SETTING = {
	/** Seconds; the unit the user picks is converted before it is compared. 30 days is the longest deadline. */
	timeout: { default: 60, min: 0, max: 30 * (DAY / SECOND) },
	/** Below 0.1 s a poll would mostly meet its own predecessor. */
	interval: { default: 1, min: 0.1, max: DAY / SECOND },
	maxInterval: { default: 30, min: 0.1, max: DAY / SECOND },
	/** How long a cancel may take to be confirmed. */
	confirmFor: { default: 30, min: 0.1, max: HOUR / SECOND },
	/** `poll` of the Retab and Extend nodes. */
	maxWait: { default: 600, min: 0, max: 30 * (DAY / SECOND) },
	/** Requests in flight, not seconds. */
	maxConcurrentRequests: { default: 5, min: 1, max: 100 },
	/** Age from which an unfinished run is stuck; minutes, as in the node's panel. */
	olderThan: { default: 60, min: 0, max: 365 * (DAY / SECOND) },
	/** Age from which the trigger reports an unfinished run as stuck; minutes, as in the node's panel. */
	stuckAfter: { default: 60, min: 0, max: 365 * (DAY / SECOND) },
	/** How far back the first activation of the trigger looks; hours, as in the node's panel. */
	lookBack: { default: 0, min: 0, max: 30 * (DAY / SECOND) },
	/** Runs a cleanup acts on, not seconds. */
	cleanupLimit: { default: 100, min: 1, max: 10_000 },
	/** Rows, not seconds. */
	limit: { default: 50, min: 1, max: 100_000 },
} as const;

export const POLL = {
	/** Adaptive mode asks again once a run has been watched this much longer: 10 % of the time so far. */
	growth: 0.1,
	/** Spread of an adaptive delay, so that runs started together are not asked together. */
	jitter: 0.15,
} as const;

/** When many runs are watched through lists instead of one by one. */
export const LIST_POLLER = {
	/** Fewer runs than this are read singly: a page and its spot check would be as many requests. */
	minRuns: 3,
	/**
	 * Of so many runs one page may be read before the lists have saved anything: at worst 5 % more than one round of single
	 * reads. Fewer runs earn their first page, see `deferUpTo`.
	 */
	runsPerSeedPage: 20,
	/**
	 * The first read of a run may be deferred by one interval, to earn a page, where the interval is no longer than this and
	 * the deadline is not near.
	 */
	deferUpTo: 2 * SECOND,
	/** A page is read only where at least so many of our runs are expected on it. */
	minHits: 2,
	/** Share of the runs that wait, and were not found yet, that may be in a list which had none of them the last time: they start. */
	moved: 0.2,
	/** So many of the runs not found yet allow for one more page in a row without any of them. */
	runsPerEmptyPage: 20,
	/** Pages after which one more run is read singly, to find out whether the lists tell the truth. At least one a pass. */
	pagesPerSpotCheck: 10,
	/** A run takes part in a pass that others have begun once so much of its own delay is over. */
	nearlyDue: 0.75,
	/** A page that takes longer is given up: single reads take over. */
	pageTimeout: 10 * SECOND,
	/** How long lists that were of no use, out of date or out of order are left alone. */
	cooldown: 30 * SECOND,
	/** Shortest time between two weighings of lists that are not worth it. */
	reconsiderAfter: 100,
} as const;

export const COMPLETION_TIMES = {
	/** Runs that must have finished before their times say anything about the others. */
	minRuns: 3,
	/** Of these times, the share cut off at either end: the odd one out says nothing about the others. */
	cut: 0.1,
} as const;

export const REQUEST = {
	/** A read or list page that takes longer is given up and asked again. */
	timeout: 30 * SECOND,
	/** Starting a run that goes on in the background. */
	startTimeout: MINUTE,
	/** Starting a run and waiting for its result in the same request (Retab's SDKs allow 30 minutes). */
	foregroundTimeout: 30 * MINUTE,
	/** Sending the bytes of a document. */
	uploadTimeout: 15 * MINUTE,
	/** How long a call at a deadline waits for a free slot before it takes the slot of the oldest poll. */
	preemptAfter: 20,
} as const;

export const RETRY = {
	/** First wait after a failed request; doubles with each further failure in a row. */
	first: 500,
	max: 15 * SECOND,
	/** Spread of a backoff: each wait is drawn from `(1 ± jitter) × backoff`. */
	jitter: 0.25,
	/** A `Retry-After` beyond this is cut: a guard against an hour's pause from one odd header. */
	maxRetryAfter: 5 * MINUTE,
	/**
	 * A run that was just created may be invisible for a moment: the third 404 in a row is final
	 * (the tolerance of Retab's own CLI, `primitive_wait.go`).
	 */
	notFoundInARow: 3,
	/** Attempts of a read outside a watch (get, list, delete), the first one included. */
	attempts: 4,
	/** The same for a cleanup's 429s: when hundreds of runs share a rate limit, one may be unlucky many times. */
	rateLimitedAttempts: 20,
} as const;

export const CANCEL = {
	/** One cancel call may take this long, and never more than a third of `confirmFor` (at least `minCallTimeout`). */
	callTimeout: 10 * SECOND,
	minCallTimeout: 1 * SECOND,
	callShare: 1 / 3,
	/** Waits between the reads that confirm a cancel: quick at first, then growing. */
	firstWait: 200,
	waitGrowth: 1.5,
	maxWait: 2 * SECOND,
	/** A pause asked for by the server is honoured up to this long before the budget ends: then one last try. */
	lastTry: 1 * SECOND,
	/** After the workflow was stopped with "Cancel": all the time there is to cancel the remote runs. */
	stopBudget: 10 * SECOND,
} as const;

export const READ = {
	/** `check`: how long one look keeps trying when the API does not answer. */
	budget: 30 * SECOND,
	/** How long the full read of a run that has ended keeps trying. */
	fullRead: 30 * SECOND,
} as const;

export const LIST = {
	/** Pages read to find the creation time of a run whose own object has none. */
	lookupPages: 10,
	/** Pages of one list that a cleanup reads: 20,000 runs at Retab, 5,000 at Extend. */
	cleanupPages: 200,
} as const;

export const TRIGGER = {
	/** How long after its creation a run may be missing in a list; newer runs than that are looked at in each poll. */
	listDelay: 10 * MINUTE,
	/** A creation time further ahead of the provider's clock than this is a mistake of the API, not a time. */
	maxAhead: DAY,
	/** Rows may be out of order by as much: servers stamp a run and put it in its place at different moments. */
	orderSlack: MINUTE,
	/** How far beyond the newest run the watermark goes: more than `orderSlack`, whole minutes. */
	pastNewest: 2 * MINUTE,
	/** Pages of one list that a poll reads: 40,000 runs at Retab, 10,000 at Extend. The rest of a longer list is given up. */
	pages: 400,
	/** The same when the trigger begins, and has to find the unfinished runs in a list of all (Retab parses: 10,000). */
	searchPages: 100,
	/** Runs that a poll reads, over all resources; the next poll goes on. */
	reads: 500,
	/** A poll ends after this long, or earlier where n8n allows for less; the next poll goes on. */
	budget: 4 * MINUTE,
	/** Unfinished runs up to which they are read one by one, rather than looked up in the lists of unfinished runs. */
	directReads: 5,
	/** Times that the lists of unfinished runs are read at most when the trigger begins. */
	passes: 3,
	/** Runs shown as examples when a user tests the trigger, runs read and pages of each list looked through for them. */
	examples: 3,
	exampleReads: 10,
	examplePages: 2,
} as const;

/** What the trigger remembers between two polls. n8n stores it in its database with each execution it starts. */
export const SEEN_RUNS = {
	/** Characters of all of it at most, as JSON: below 64 KB. */
	size: 64_000,
	/** Share of `size` that is used freely. Beyond it, what is kept is chosen by how little room it takes. */
	easyShare: 0.75,
	/** Length of the digest that stands for a run: 54 bits, and 36 from `manyDigests` on. */
	digest: 9,
	shortDigest: 6,
	manyDigests: 3_000,
	/** Runs without a creation time that are remembered although they are in no list any more. */
	timeless: 200,
	/** Characters that a followed run takes beside its id, and a minute of digests beside them: estimates. */
	openOverhead: 24,
	minuteOverhead: 14,
} as const;

export const DOCUMENT = {
	/** Bytes up to which a document travels inside the request; larger ones are uploaded as a stream first. */
	inlineUpTo: 2 * 1024 * 1024,
} as const;

/** Bounds of a document that n8n downloads from an address of the web. */
export const DOWNLOAD = {
	/** Bytes; what Retab takes at most (Retab: files/upload/create). */
	maxSize: 2 * 1024 * 1024 * 1024,
	/** Redirects in a row. */
	maxRedirects: 10,
	/** From then on the average speed must be at least `minSpeed`. */
	grace: MINUTE,
	/** Bytes a second. */
	minSpeed: 64 * 1024,
	/** From the first request to the last byte, however fast it is. */
	timeout: 10 * MINUTE,
	/** Bytes from the beginning of a file that are looked at, to tell a web page from a file. */
	sniff: 1024,
} as const;

export const CLOCK = {
	/** Alarms that ring in one turn of the event loop; whatever else waits has its turn before the next ones. */
	timersPerTurn: 100,
	/** Longest single timer: keeps far deadlines clear of the 2^31 ms overflow that would fire them at once. */
	maxTimer: 10 * MINUTE,
} as const;

export const TEXT = {
	/** Longest part of an API's own words in our messages, in characters. */
	detail: 300,
	/** Longest id, in characters (Extend: API versioning, "up to 255 characters"). */
	id: 255,
	/** Status changes kept per run. */
	history: 50,
} as const;
