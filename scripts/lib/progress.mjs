/** How often a step that is still running is mentioned where lines cannot be rewritten, in ms. */
const REMINDER_MS = 10_000;

/** How often the live line of a terminal is redrawn, in ms. */
const REDRAW_MS = 250;

/**
 * Says which step is running and for how long: one live line on a terminal, a line now and then elsewhere.
 */
export class Progress {
	/** @param {NodeJS.WriteStream} [stream] */
	constructor(stream = process.stdout) {
		this.stream = stream;
		this.live = Boolean(stream.isTTY) && !process.env['CI'];
	}

	/**
	 * Prints a line that stays.
	 *
	 * @param {string} [text]
	 */
	say(text = '') {
		this.stream.write(`${text}\n`);
	}

	/**
	 * Runs one step and shows that it is running.
	 *
	 * @template T
	 * @param {string} title What is being done, for example "Installing n8n".
	 * @param {(note: (text: string) => void) => Promise<T>} work Gets a function that says how far it is.
	 * @returns {Promise<T>}
	 */
	async step(title, work) {
		const begin = Date.now();
		const seconds = () => Math.round((Date.now() - begin) / 1000);
		let detail = '';
		const line = () => `  ${title} … ${seconds()} s${detail === '' ? '' : ` (${detail})`}`;
		if (!this.live) this.say(`  ${title} …`);
		const timer = this.live
			? setInterval(() => this.#redraw(line()), REDRAW_MS)
			: setInterval(() => this.say(line()), REMINDER_MS);
		try {
			const result = await work((text) => {
				detail = text;
			});
			this.#finish(`  ${title}: done in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
			return result;
		} catch (error) {
			this.#finish(`  ${title}: failed after ${seconds()} s`);
			throw error;
		} finally {
			clearInterval(timer);
		}
	}

	/** @param {string} text */
	#redraw(text) {
		const width = this.stream.columns ?? 80;
		this.stream.write(`\r\u001b[2K${text.slice(0, width - 1)}`);
	}

	/** @param {string} text */
	#finish(text) {
		if (this.live) this.stream.write('\r\u001b[2K');
		this.say(text);
	}
}
