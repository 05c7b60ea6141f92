import {
	ApiError,
	type ApiErrorKind,
	WatchError,
	errorKindOf,
} from '../../../../nodes/shared/core/requests/apiError';

test.each<[ApiErrorKind, number[]]>([
	['auth', [401, 403]],
	['request', [400, 402, 405, 406, 410, 411, 413, 415, 418, 422, 451]],
	['redirect', [300, 301, 302, 303, 304, 307, 308]],
	['notFound', [404]],
	['rateLimited', [429]],
	['server', [408, 409, 425, 500, 501, 502, 503, 504, 520, 599]],
	['malformed', [100, 199]],
])('%s: %j', (kind, statuses) => {
	expect(statuses.map(errorKindOf)).toEqual(statuses.map(() => kind));
});

test.each<[ApiErrorKind, boolean]>([
	['auth', false],
	['request', false],
	['redirect', false],
	['notFound', false],
	['rateLimited', true],
	['server', true],
	['network', true],
	['malformed', true],
])('%s may work a moment later: %s', (kind, retryable) => {
	expect(new ApiError(kind, 'text').retryable).toBe(retryable);
});

test.each<[ApiErrorKind, boolean]>([
	['request', true],
	['server', false],
])('%s: what the answer says about trying again counts instead: %s', (kind, retryable) => {
	expect(new ApiError(kind, 'text', { retryable }).retryable).toBe(retryable);
});

test.each<[ApiErrorKind, boolean]>([
	['auth', false],
	['request', false],
	['redirect', false],
	['notFound', false],
	['rateLimited', false],
	['server', true],
	['network', true],
	['malformed', true],
])('%s may have been carried out all the same: %s, whatever the answer says', (kind, mayHaveWorked) => {
	for (const retryable of [undefined, true, false]) {
		expect(new ApiError(kind, 'text', { retryable }).mayHaveWorked).toBe(mayHaveWorked);
	}
	expect(new ApiError(kind, 'text', { notSent: true }).mayHaveWorked).toBe(false);
});

test('no error name holds a word that makes n8n take the execution for cancelled', () => {
	expect(new ApiError('server', 'text').name).toBe('ApiError');
	expect(new WatchError('text', 'advice').name).toBe('WatchError');
});
