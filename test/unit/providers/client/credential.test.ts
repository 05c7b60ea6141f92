import { type Access, withKey } from '../../../../nodes/shared/providers/client/credential';
import { extendAccess } from '../../../../nodes/shared/providers/extend/credential';
import { retabAccess } from '../../../../nodes/shared/providers/retab/credential';

const ACCESS_OF = { extend: extendAccess, retab: retabAccess };

const KEY = 'rt_test_secret';

describe('Retab', () => {
	test('by default the key goes to api.retab.com, as a bearer token', () => {
		expect(retabAccess({ apiKey: KEY })).toEqual({
			baseUrl: 'https://api.retab.com',
			headers: { Authorization: `Bearer ${KEY}` },
			secret: KEY,
		});
	});

	test.each([
		['apiKey', { 'Api-Key': KEY }],
		['bearer', { Authorization: `Bearer ${KEY}` }],
		['both', { 'Api-Key': KEY, Authorization: `Bearer ${KEY}` }],
	])('send the key as %s', (sendKeyAs, headers) => {
		expect(retabAccess({ apiKey: KEY, sendKeyAs }).headers).toEqual(headers);
	});

	test.each([
		['https://api.retab.com/v1', 'https://api.retab.com'],
		['https://api.retab.com/v1/', 'https://api.retab.com'],
		['https://proxy.example/retab/v2', 'https://proxy.example/retab'],
	])('a version that was typed into the base URL is not repeated: %s', (baseUrl, expected) => {
		expect(retabAccess({ apiKey: KEY, baseUrl }).baseUrl).toBe(expected);
	});
});

describe('Extend', () => {
	test.each([
		['us', 'https://api.extend.ai'],
		['us2', 'https://api.us2.extend.app'],
		['eu', 'https://api.eu1.extend.ai'],
	])('region %s is %s, whatever else was typed', (region, baseUrl) => {
		expect(extendAccess({ apiKey: KEY, region, baseUrl: 'https://other.example' }).baseUrl).toBe(baseUrl);
	});

	test('by default: the US, the current version, no workspace', () => {
		expect(extendAccess({ apiKey: KEY })).toEqual({
			baseUrl: 'https://api.extend.ai',
			headers: { Authorization: `Bearer ${KEY}`, 'x-extend-api-version': '2026-02-09' },
			secret: KEY,
		});
	});

	test('a host of one’s own', () => {
		const access = extendAccess({
			apiKey: KEY,
			region: 'custom',
			baseUrl: 'http://127.0.0.1:4010/',
		});
		expect(access.baseUrl).toBe('http://127.0.0.1:4010');
	});

	test('a workspace and an older version', () => {
		const given = { apiKey: KEY, workspaceId: ' ws_1 ', apiVersion: '2025-04-21' };
		expect(extendAccess(given).headers).toMatchObject({
			'x-extend-workspace-id': 'ws_1',
			'x-extend-api-version': '2025-04-21',
		});
	});

	test('an emptied version is the current one: without the header the API may answer 400', () => {
		expect(extendAccess({ apiKey: KEY, apiVersion: '' }).headers['x-extend-api-version']).toBe('2026-02-09');
	});
});

describe('the base URL', () => {
	test.each([
		['https://api.example.com', 'https://api.example.com'],
		[' https://api.example.com/ ', 'https://api.example.com'],
		['https://API.example.com:443//', 'https://api.example.com'],
		['http://localhost:4010/some/path///', 'http://localhost:4010/some/path'],
	])('%j is %s', (baseUrl, clean) => {
		expect(retabAccess({ apiKey: KEY, baseUrl }).baseUrl).toBe(clean);
	});

	test.each([
		['', 'is not a URL'],
		['api.retab.com', 'is not a URL'],
		['/v1', 'is not a URL'],
		['https://', 'is not a URL'],
		['ftp://api.example.com', 'must begin with https:// or http://'],
		['file:///etc/passwd', 'must begin with https:// or http://'],
		['javascript:alert(1)', 'must begin with https:// or http://'],
		['https://user:pass@api.example.com', 'must not hold a user name or password'],
		['https://user@api.example.com', 'must not hold a user name or password'],
		['https://api.example.com/?debug=1', 'must end with the path'],
		['https://api.example.com/#top', 'must end with the path'],
	])('%j %s', (baseUrl, problem) => {
		expect(() => retabAccess({ apiKey: KEY, baseUrl })).toThrow(problem);
		expect(() => extendAccess({ apiKey: KEY, region: 'custom', baseUrl })).toThrow(problem);
	});
});

describe('a credential that is not complete', () => {
	test.each([
		['no key', {}, 'The API key is missing (credential field "apiKey")'],
		['an empty key', { apiKey: '  ' }, 'The API key is empty (credential field "apiKey")'],
		['a key that is no text', { apiKey: 42 }, 'The API key is missing (credential field "apiKey")'],
		['nothing at all', undefined, 'Required (credential field "")'],
	])('%s', (_, data, message) => {
		expect(() => retabAccess(data)).toThrow(new RangeError(message));
		expect(() => extendAccess(data)).toThrow(new RangeError(message));
	});

	test.each(['rt test', 'rt_\ntest', 'rt_\0', 'rt_“test”', 'rt_ключ'])(
		'a key that cannot stand in a header, %j',
		(apiKey) => {
			for (const provider of ['retab', 'extend'] as const) {
				expect(() => ACCESS_OF[provider]({ apiKey })).toThrow(
					'The API key holds spaces, line breaks or other',
				);
			}
		},
	);

	test('spaces around a key, as pasted, are dropped', () => {
		expect(retabAccess({ apiKey: ` ${KEY}\n` }).secret).toBe(KEY);
	});

	test('no message holds the key', () => {
		const broken = [
			{ apiKey: KEY, baseUrl: 'nowhere' },
			{ apiKey: KEY, sendKeyAs: 'smoke' },
			{ apiKey: KEY, baseUrl: 7 },
		];
		for (const data of broken) {
			let message = '';
			try {
				retabAccess(data);
			} catch (error) {
				message = String(error);
			}
			expect(message).not.toBe('');
			expect(message).not.toContain(KEY);
		}
	});
});

describe('the key goes to the host of the credential only', () => {
	const access: Access = {
		baseUrl: 'https://api.example.com/base',
		headers: { Authorization: `Bearer ${KEY}` },
		secret: KEY,
	};

	test.each([
		{ url: 'https://api.example.com/v1/jobs' },
		{ url: 'https://API.EXAMPLE.COM:443/v1/jobs' },
		{ uri: 'https://api.example.com/v1/jobs' },
		{ url: '/v1/jobs' },
		{ url: 'v1/jobs' },
		{ url: '/v1/jobs', baseURL: 'https://api.example.com/' },
		{ url: '' },
	])('%j gets it', (request) => {
		expect(withKey(access, request).headers).toEqual({ Authorization: `Bearer ${KEY}` });
	});

	test.each([
		{ url: 'https://evil.example/v1/jobs' },
		{ uri: 'https://evil.example/v1/jobs' },
		{ url: 'http://api.example.com/v1/jobs' },
		{ url: 'https://api.example.com:8443/v1/jobs' },
		{ url: 'https://api.example.com.evil.example/v1/jobs' },
		{ url: 'https://api.example.com@evil.example/v1/jobs' },
		{ url: 'https:\\\\evil.example\\v1' },
		{ url: ' https://evil.example/v1/jobs' },
		{ url: 'https:/evil.example' },
		{ url: '/v1/jobs', baseURL: 'https://evil.example' },
		{ url: 'ftp://api.example.com/v1/jobs' },
		{ url: 'data:text/plain,x' },
		{ url: '//evil.example/v1/jobs' },
		{ url: '\\\\evil.example\\v1' },
		{ url: '/\\evil.example/v1' },
		{ url: 'https:api.example.com', baseURL: 'https://evil.example' },
	])('%j does not', (request) => {
		expect(() => withKey(access, request)).toThrow(/sends its key to https:\/\/api\.example\.com only/);
	});

	test('redirects are not followed, whatever the request says', () => {
		const request = { url: '/v1/jobs', followRedirect: true, disableFollowRedirect: false };
		expect(withKey(access, request)).toMatchObject({ followRedirect: false, disableFollowRedirect: true });
	});

	test('other headers stay; the key cannot be replaced from outside', () => {
		const request = { url: '/v1/jobs', headers: { Accept: 'text/plain', Authorization: 'Bearer other' } };
		expect(withKey(access, request).headers).toEqual({
			Accept: 'text/plain',
			Authorization: `Bearer ${KEY}`,
		});
	});

	test('the request itself is left as it was', () => {
		const request = Object.freeze({ url: '/v1/jobs', headers: Object.freeze({ Accept: 'text/plain' }) });
		withKey(access, request);
		expect(request).toEqual({ url: '/v1/jobs', headers: { Accept: 'text/plain' } });
	});
});
