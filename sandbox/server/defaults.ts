/** Every duration and limit of the sandbox. Durations are sandbox ms unless the name says otherwise. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Port of `npm run sandbox`. */
export const DEFAULT_PORT = 4010;
export const DEFAULT_HOST = '127.0.0.1';

/** The only accepted keys. */
export const RETAB_KEY = 'rt_test_sandbox';
export const EXTEND_KEY = 'sk_sandbox';
/** The only workspace of the Extend key. */
export const EXTEND_WORKSPACE = 'ws_sandbox';
/** Extend: api-versioning (current one first). */
export const EXTEND_API_VERSIONS: readonly string[] = ['2026-02-09', '2025-04-21', '2024-12-23'];

/** Time until the result when `sandbox_duration_ms` is not given. */
export const RUN_DURATION_MS = 2 * SECOND;
/** Time in the queue of a Retab run in the background and of an Extend batch member. */
export const QUEUE_MS = 200;
/** From an accepted cancel until the worker has stopped. */
export const CANCEL_LAG_MS = 250;
/** The same for `sandbox_cancel: slow`. */
export const SLOW_CANCEL_LAG_MS = 5 * SECOND;

/** Retab jobs: "data expires after 7 days". */
export const JOB_DATA_TTL_MS = 7 * DAY;
/** Extend: `outputUrl` is "valid 15 min". */
export const OUTPUT_URL_TTL_MS = 15 * MINUTE;
/** Retab: download link "valid 60 min". */
export const DOWNLOAD_LINK_TTL_MS = 60 * MINUTE;
export const UPLOAD_SESSION_TTL_MS = 15 * MINUTE;
/** Extend: the link to the payload of an event is "valid 1 h". */
export const WEBHOOK_LINK_TTL_MS = 60 * MINUTE;
/** Characters of an answer to a delivery that are kept. */
export const WEBHOOK_LOGGED_TEXT = 100;
/** Extend: an endpoint has 30 s to answer (real ms). */
export const WEBHOOK_TIMEOUT_MS = 30 * SECOND;
/** Neither is documented. */
export const WEBHOOK_ATTEMPTS = 40;
export const WEBHOOK_MAX_RETRY_MS = 10 * SECOND;
/** Real ms between two looks for runs that have come into another phase. */
export const WEBHOOK_TICK_MS = 10;

/** Retab: limit 1–100 on every list but those of reviews. */
export const RETAB_MAX_LIMIT = 100;
export const RETAB_MAX_REVIEWS = 200;
/** Neither number is documented by Extend; the CLI asks for 20. */
export const EXTEND_PAGE_SIZE = 20;
export const EXTEND_MAX_PAGE_SIZE = 100;
/** Extend: batches take 1–1000 inputs, packages 2–50 files, metadata at most 10 KB. */
export const EXTEND_MAX_BATCH = 1_000;
export const EXTEND_MIN_PACKAGE = 2;
export const EXTEND_MAX_PACKAGE = 50;
/** Extend: run-workflow; 50 where none is given. */
export const EXTEND_MIN_PRIORITY = 1;
export const EXTEND_MAX_PRIORITY = 100;
export const EXTEND_MAX_METADATA_BYTES = 10 * 1_024;
/** Retab jobs: metadata ≤ 16 pairs, key ≤ 64, value ≤ 512 characters; `filename_regex` ≤ 256. */
export const JOB_METADATA_PAIRS = 16;
export const JOB_METADATA_KEY_LENGTH = 64;
export const JOB_METADATA_VALUE_LENGTH = 512;
export const FILENAME_REGEX_LENGTH = 256;

/** Most entries of the request log; the oldest ones are dropped. */
export const LOG_LIMIT = 100_000;
/** Bodies up to this size are kept in the request log. */
export const LOGGED_BODY_BYTES = 16 * 1_024;
/** Number of pieces of a response with `dripMs`. */
export const DRIP_PIECES = 20;

/** `/@name` in front of a path: another base URL, so another account to its clients, of the same sandbox. */
export const ACCOUNT_PREFIX = /^\/@[\w-]+(?=\/|$)/;
