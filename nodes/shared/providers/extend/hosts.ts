/** Extend's API hosts by region (Extend: deployments). */
export const EXTEND_HOSTS = {
	us: 'https://api.extend.ai',
	us2: 'https://api.us2.extend.app',
	eu: 'https://api.eu1.extend.ai',
} as const;

/** Extend: API versioning; without the header a raw call gets 400 or a legacy version. */
export const EXTEND_API_VERSION = '2026-02-09';
