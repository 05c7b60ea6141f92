import { EXTEND_API_VERSIONS, EXTEND_KEY, EXTEND_WORKSPACE } from '../defaults';
import { extendError } from '../errors';

/**
 * Bearer key, a known API version, and the key's own workspace if one is named.
 * @throws ApiError 401 for the key, 400 for the version, 403 for the workspace
 */
export function checkExtendKey(headers: Headers): void {
	const key = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
	if (key === undefined) throw extendError(401, 'Missing API key');
	if (key !== EXTEND_KEY) throw extendError(401, 'Invalid API key');
	const version = headers.get('x-extend-api-version');
	if (version === null) throw extendError(400, 'Missing header x-extend-api-version');
	if (!EXTEND_API_VERSIONS.includes(version)) throw extendError(400, `Unknown API version ${version}`);
	const workspace = headers.get('x-extend-workspace-id');
	if (workspace !== null && workspace !== EXTEND_WORKSPACE) {
		throw extendError(403, 'The key has no access to this workspace');
	}
}
