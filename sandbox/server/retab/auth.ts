import { RETAB_KEY } from '../defaults';
import { retabError } from '../errors';

/**
 * `Api-Key: <key>` (captured docs) or `Authorization: Bearer <key>` (today), or both with the same key.
 * @throws ApiError 401
 */
export function checkRetabKey(headers: Headers): void {
	const apiKey = headers.get('api-key');
	const authorization = headers.get('authorization');
	if (apiKey === null && authorization === null) throw retabError(401, 'Missing API key');
	const bearer = authorization === null ? null : /^Bearer (.+)$/i.exec(authorization)?.[1];
	for (const key of [apiKey, bearer]) {
		if (key !== null && key !== RETAB_KEY) throw retabError(401, 'Invalid API key');
	}
}
