/** A JSON object as it goes over the wire. */
export type JsonObject = { [key: string]: unknown };

/** True for a plain object, false for arrays, null and everything else. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The items of an array; none for everything else. */
export function itemsOf(value: unknown): unknown[] {
	return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A copy of `object` without `keys`. */
export function without(object: JsonObject, ...keys: string[]): JsonObject {
	return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
