/** The value without the expiry of its signed links: the API signs them anew for each read. */
export function withoutExpiry<T>(value: T): T {
	return JSON.parse(JSON.stringify(value).replace(/\?expires=\d+/g, '')) as T;
}
