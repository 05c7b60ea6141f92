/**
 * Something that went wrong for a reason the user can act on. Scripts print its text without a stack trace.
 */
export class Failure extends Error {
	/**
	 * @param {string} message What happened.
	 * @param {{ hint?: string, details?: string }} [more] `hint`: what to do about it; `details`: output of the tool
	 * that failed.
	 */
	constructor(message, more = {}) {
		super(message);
		this.name = 'Failure';
		this.hint = more.hint;
		this.details = more.details;
	}
}

/**
 * The text a user sees for any thrown value.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
	if (error instanceof Failure) {
		return [error.details, error.message, error.hint].filter(Boolean).join('\n');
	}
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
