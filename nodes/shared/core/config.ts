/**
 * Every default, range, duration and limit, once. Durations are in milliseconds; values that users set are in the unit of
 * the panel. `npm run docs` writes these tables, with their comments, into docs/limits.md.
 */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What users set: default, smallest and largest value. */
export const SETTING = {
	/** Seconds (other units are converted) until a run is cancelled. 0 itself is refused. */
	timeout: { default: 60, min: 0, max: 30 * (DAY / SECOND) },
	/** Seconds between two reads of a run, the shortest in adaptive mode. */
	interval: { default: 1, min: 0.1, max: DAY / SECOND },
	/** Seconds between two reads of a run at most, in adaptive mode. */
	maxInterval: { default: 30, min: 0.1, max: DAY / SECOND },
	/** Seconds that a cancel may take to be confirmed. */
	confirmFor: { default: 30, min: 0.1, max: HOUR / SECOND },
	/** Seconds that Poll Until Finished waits. 0 itself is refused. */
	maxWait: { default: 600, min: 0, max: 30 * (DAY / SECOND) },
	/** Requests in flight. Of all nodes that run with the same account, the highest counts. */
	maxConcurrentRequests: { default: 5, min: 1, max: 100 },
	/** Requests per second that a credential allows; 0 finds them out from the API's refusals. */
	maxRequestsPerSecond: { default: 0, min: 0, max: 1_000 },
	/** Age in minutes (other units are converted; the range is in seconds) from which a cleanup cancels a run. 0 itself is refused. */
	olderThan: { default: 60, min: 0, max: 365 * (DAY / SECOND) },
	/** The same for the event Stuck of the trigger. */
	stuckAfter: { default: 60, min: 0, max: 365 * (DAY / SECOND) },
	/** Hours (the range is in seconds) before the first activation of the trigger whose runs count as new. */
	lookBack: { default: 0, min: 0, max: 30 * (DAY / SECOND) },
	/** Runs that a cleanup acts on. */
	cleanupLimit: { default: 100, min: 1, max: 10_000 },
	/** Runs that Get Many returns. */
	limit: { default: 50, min: 1, max: 100_000 },
} as const;

/** Time between two reads of a run. */
export const POLL = {
	/** Adaptive mode: the delay as a share of the time the run has been watched. */
	growth: 0.1,
	/** Adaptive mode: random spread of the delay, so that runs started together are not read together. */
	jitter: 0.15,
} as const;

/** Reading pages of lists instead of single runs. */
export const LIST_POLLER = {
	/** Fewer runs than this are read one by one: a page and its spot check would be as many requests. */
	minRuns: 3,
	/** For this many runs, one page is read before lists have saved anything: at worst 5 % more than reading each run once. */
	runsPerSeedPage: 20,
	/** The first read of a run may be deferred by one interval of at most this length, to save requests for the first page. */
	deferUpTo: 2 * SECOND,
	/** A page is only read where at least this many watched runs are expected on it. */
	minHits: 2,
	/** Share of the runs not found yet that may have entered a list which had none of them before. */
	moved: 0.2,
	/** For this many runs not found yet, one more page in a row may have none of them. */
	runsPerEmptyPage: 20,
	/** Pages per extra spot check: a single read of a run that the list shows as unfinished. At least one per pass. */
	pagesPerSpotCheck: 10,
	/** A run takes part in a list pass once this share of its delay is over. */
	nearlyDue: 0.75,
	/** Timeout of a page; single reads take over. */
	pageTimeout: 10 * SECOND,
	/** How long lists that saved nothing, are out of date or failed are not used. */
	cooldown: 30 * SECOND,
	/** Ended runs that are remembered, to tell that a list is out of date. */
	rememberEnded: 10_000,
	/** Shortest time between two estimates of whether lists save requests. */
	reconsiderAfter: 0.1 * SECOND,
} as const;

/** Learning how long runs take. */
export const COMPLETION_TIMES = {
	/** Runs that must have finished before the delays of the others follow their times. */
	minRuns: 3,
	/** Share of the shortest and of the longest times that is left out. */
	cut: 0.1,
	/** Runs that count: the last ones that ended. */
	maxRuns: 1_000,
} as const;

/** Timeouts of requests. */
export const REQUEST = {
	/** A read, or a page of a list. */
	timeout: 30 * SECOND,
	/** Create, in the background. */
	startTimeout: MINUTE,
	/** Create that waits for the result in the same request (Retab's SDKs allow 30 minutes). */
	foregroundTimeout: 30 * MINUTE,
	/** Upload of a document. */
	uploadTimeout: 15 * MINUTE,
	/** How long a cancel waits for a free slot before it takes the slot of the oldest poll. */
	preemptAfter: 0.02 * SECOND,
} as const;

/** How many requests per second an account takes, learned from its refusals (429). Rates are per second. */
export const RATE = {
	/** Lowest rate. */
	min: 2,
	/** What is left of the rate after a refusal. */
	decrease: 0.7,
	/** Growth of the rate: per second and cubed second, slow around the rate that was refused. */
	growth: 0.2,
	/** Beyond the rate that was refused, it grows to this multiple of what was taken. */
	headroom: 2,
	/** Refusals below this share of the answers say nothing about the rate. */
	noise: 0.03,
	/** Time over which that share is counted: the last ones weigh most. */
	noiseOver: 3 * SECOND,
	/** Time over which answers are counted. */
	window: SECOND,
	/** How long the most requests are remembered that were taken in a second. The first fall is from there. */
	remember: MINUTE,
	/** Requests of this time may be sent at once. */
	burst: 0.1 * SECOND,
	/** So many may be sent at once in any case: a cancel, and the read that confirms it. */
	minBurst: 2,
} as const;

/** Sending requests again. */
export const RETRY = {
	/** First delay; doubles with each error in a row. */
	first: 0.5 * SECOND,
	/** Longest delay. */
	max: 15 * SECOND,
	/** Random spread of the delay. */
	jitter: 0.25,
	/** Longest pause for a `Retry-After`. */
	maxRetryAfter: 5 * MINUTE,
	/** Delay after a refused key (401, 403), where the run could be read before: it may have been rotated. */
	refusedKey: 10 * SECOND,
	/** This many 404 in a row are final: a new run may be invisible for a moment (Retab's CLI, `primitive_wait.go`). */
	notFoundInARow: 3,
	/** Attempts of Create, Get, Get Many, Delete and uploads, the first one included. */
	attempts: 4,
	/** Attempts of a cleanup after 429: hundreds of its runs share one rate limit. */
	rateLimitedAttempts: 20,
} as const;

/** Cancelling a run and confirming it. */
export const CANCEL = {
	/** Timeout of a cancel request, at most. */
	callTimeout: 10 * SECOND,
	/** Timeout of a cancel request, at least. */
	minCallTimeout: 1 * SECOND,
	/** Timeout of a cancel request as a share of Confirm Cancel For, within these two. */
	callShare: 1 / 3,
	/** First delay before the next confirming read. */
	firstWait: 0.2 * SECOND,
	/** Growth of that delay. */
	waitGrowth: 1.5,
	/** Longest delay between confirming reads. */
	maxWait: 2 * SECOND,
	/** This long before Confirm Cancel For is over, a rate-limit pause is ignored for one last attempt. */
	lastTry: 1 * SECOND,
	/** Time to cancel a run after the workflow was stopped. */
	stopBudget: 10 * SECOND,
	/** More time for each further run of the node. */
	stopBudgetPerRun: 0.2 * SECOND,
	/** More time than Confirm Cancel For, for each further member of a batch: the API takes them one after the other. */
	budgetPerMember: 0.5 * SECOND,
	/** Requests in flight for these cancels: nobody polls any more. */
	stopRequests: 50,
} as const;

/** Reading single runs. */
export const READ = {
	/** How long Check Once keeps trying to read a run. */
	budget: 30 * SECOND,
	/** How long the full read of an ended run is tried. */
	fullRead: 30 * SECOND,
} as const;

/** Reading lists to their end. */
export const LIST = {
	/** Pages searched for the creation time of a run that does not tell it. */
	lookupPages: 10,
	/** Pages of one list that a cleanup reads: 20,000 runs at Retab, 5,000 at Extend. */
	cleanupPages: 200,
	/** Pages of the members of a batch: 1,000 at 25 each. */
	memberPages: 40,
} as const;

/** The Document Run Trigger. */
export const TRIGGER = {
	/** How late a list may show a new run. Runs newer than this are looked at in each poll. */
	listDelay: 10 * MINUTE,
	/** A creation time further ahead of the provider's clock is ignored. */
	maxAhead: DAY,
	/** How far rows may be out of order. */
	orderSlack: MINUTE,
	/** How far the watermark may pass the newest run: more than `orderSlack`, in whole minutes. */
	pastNewest: 2 * MINUTE,
	/** Pages of one list that a poll reads: 40,000 runs at Retab, 10,000 at Extend. The rest is skipped. */
	pages: 400,
	/** The same in the first poll, for a list that cannot be filtered by status (Retab parses: 10,000 runs). */
	searchPages: 100,
	/** Runs that a poll reads, over all resources; the next poll goes on. */
	reads: 500,
	/** Longest poll, less where n8n allows less; the next poll goes on. */
	budget: 4 * MINUTE,
	/** Up to this many older unfinished runs are read one by one; more are looked up in lists. */
	directReads: 5,
	/** Passes over the lists of unfinished runs in the first poll. */
	passes: 3,
	/** Runs that Fetch Test Event shows. */
	examples: 3,
	/** Runs that Fetch Test Event reads. */
	exampleReads: 10,
	/** Pages of each list that Fetch Test Event reads. */
	examplePages: 2,
} as const;

/** What the trigger stores. n8n writes it to its database with each execution that a poll starts. */
export const SEEN_RUNS = {
	/** Characters at most, as JSON: below 64 KB. */
	size: 64_000,
	/** Share of `size` from which on the entries that take least space are kept. */
	easyShare: 0.75,
	/** Characters of the digest of a run (54 bits). */
	digest: 9,
	/** The same from `manyDigests` on (36 bits). */
	shortDigest: 6,
	/** Digests from which on they are shortened. */
	manyDigests: 3_000,
	/** Runs without a creation time that are kept although no list shows them any more. */
	timeless: 200,
	/** Estimated characters of an open run beside its ID. */
	openOverhead: 24,
	/** Estimated characters of a minute of digests beside them. */
	minuteOverhead: 14,
} as const;

/** Webhooks of the Extend Trigger. */
export const WEBHOOK = {
	/** An event signed longer ago is refused: it may be a recorded one (Extend's SDK: 300 s). */
	maxAge: 5 * MINUTE,
	/** The same for one signed further in the future (Extend's SDK: 60 s). */
	maxAhead: MINUTE,
	/** A delivery is answered by then, whether its run has been read or not. */
	answerWithin: 0.5 * SECOND,
	/** How long the run of an event is tried to be read; then the event goes out as it came. */
	readBudget: 30 * SECOND,
	/** How long the IDs of reported events are remembered. */
	remember: DAY,
	/** Events that are remembered at most. */
	maxEvents: 4_000,
	/** Characters of the digest of an event (54 bits). */
	digest: 9,
	/** Payloads above this come as a link, so that they fit through n8n's limit of 16 MB. */
	inlineUpTo: 1024 * 1024,
	/** Pages of the list of endpoints that are searched for one with the same address. */
	pages: 20,
	/** Characters of the name of an endpoint. */
	name: 100,
} as const;

/** Documents of Create. */
export const DOCUMENT = {
	/** Largest document inside a request to Retab; larger ones are uploaded first, as a stream. */
	inlineUpTo: 2 * 1024 * 1024,
} as const;

/** Documents that n8n downloads from a URL. */
export const DOWNLOAD = {
	/** Largest file (what Retab takes at most: files/upload/create). */
	maxSize: 2 * 1024 * 1024 * 1024,
	/** Redirects in a row. */
	maxRedirects: 10,
	/** From then on the average speed must be at least `minSpeed`. */
	grace: MINUTE,
	/** Lowest average speed, per second. */
	minSpeed: 64 * 1024,
	/** From the first request to the last byte. */
	timeout: 10 * MINUTE,
	/** Bytes from the beginning of a file that tell a web page from a file. */
	sniff: 1024,
} as const;

/** Timers. */
export const CLOCK = {
	/** Timers that fire in one turn of the event loop. */
	timersPerTurn: 100,
	/** Longest single timer: longer ones would overflow 2^31 ms and fire at once. */
	maxTimer: 10 * MINUTE,
} as const;

/** Lengths of texts. */
export const TEXT = {
	/** Characters of an API's own words in a message. */
	detail: 300,
	/** Characters of an ID (Extend: API versioning, "up to 255 characters"). */
	id: 255,
	/** Status changes kept in `history`. */
	history: 50,
} as const;
