import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CDPSession, Locator, Page } from 'playwright-core';

import type { Take } from '../../scripts/lib/video.mjs';

/** Quality of a recorded frame: letters stay sharp. */
const JPEG_QUALITY = 92;

/** Steps of the mouse on its way to what is clicked, and how long each takes, in ms. */
const MOUSE_STEPS = 20;
const MOUSE_STEP_MS = 12;

/** How long the mouse rests before it clicks, in ms. */
const REST_MS = 250;

/** How fast somebody types, in ms per letter. */
const KEY_MS = 60;

/** A picture of the page, as the browser sends it. */
interface Frame {
	data: string;
	metadata: { timestamp?: number };
	sessionId: number;
}

/** A mouse and a line of text over the page: a headless browser shows neither. */
function drawStage(): void {
	const stage = document.createElement('div');
	stage.innerHTML = `
		<div id="recorded-caption" style="position:fixed;left:0;right:0;bottom:0;padding:14px 24px;color:#fff;display:none;
			background:rgba(20,20,40,.88);font:500 22px sans-serif;text-align:center;z-index:99999"></div>
		<svg id="recorded-mouse" width="24" height="24" viewBox="0 0 24 24" style="position:fixed;left:-24px;top:0;z-index:100000">
			<path d="M3 2l7 18 2.6-7.4L20 10z" fill="#111" stroke="#fff" stroke-width="1.6"/></svg>`;
	stage.style.pointerEvents = 'none';
	document.addEventListener('DOMContentLoaded', () => document.documentElement.append(stage));
	document.addEventListener(
		'mousemove',
		({ clientX, clientY }) => {
			const mouse = document.getElementById('recorded-mouse');
			if (mouse) Object.assign(mouse.style, { left: `${String(clientX)}px`, top: `${String(clientY)}px` });
		},
		true,
	);
}

/** Films a page, frame by frame as the browser draws it, and moves in it at the pace of a person. */
export class Recorder {
	private readonly take: Take = { frames: [], cuts: {} };

	private at = { x: 0, y: 0 };

	/** Seconds that were left out so far. */
	private left = 0;

	private isUnseen = false;

	private constructor(
		private readonly page: Page,
		private readonly devTools: CDPSession,
		private readonly folder: string,
	) {}

	/** @param folder where the frames go */
	static async start(page: Page, folder: string): Promise<Recorder> {
		await mkdir(folder, { recursive: true });
		await page.addInitScript(drawStage);
		const devTools = await page.context().newCDPSession(page);
		const recorder = new Recorder(page, devTools, folder);
		devTools.on('Page.screencastFrame', (frame) => void recorder.keep(frame));
		await devTools.send('Page.startScreencast', { format: 'jpeg', quality: JPEG_QUALITY });
		return recorder;
	}

	private async keep(frame: Frame): Promise<void> {
		const at = (frame.metadata.timestamp ?? Date.now() / 1000) - this.left;
		const file = path.join(this.folder, `${String(this.take.frames.length).padStart(6, '0')}.jpg`);
		if (!this.isUnseen) {
			this.take.frames.push({ file, at });
			await writeFile(file, Buffer.from(frame.data, 'base64'));
		}
		await this.devTools.send('Page.screencastFrameAck', { sessionId: frame.sessionId });
	}

	private get now(): number {
		return Date.now() / 1000 - this.left;
	}

	/** Leaves out what nobody wants to watch, such as a page that loads. */
	async unseen(work: () => Promise<void>): Promise<void> {
		const begin = this.now;
		this.isUnseen = true;
		await work();
		this.left += this.now - begin;
		this.isUnseen = false;
	}

	/** Begins or ends what becomes the moving picture. */
	mark(end: 'from' | 'to'): void {
		this.take.cuts[end] = this.now;
	}

	/** The line of text at the bottom; '' takes it away. */
	async caption(text: string): Promise<void> {
		await this.page.evaluate((line) => {
			const box = document.getElementById('recorded-caption');
			if (!box) throw new Error('The page was opened before the recording.');
			box.textContent = line;
			box.style.display = line === '' ? 'none' : 'block';
		}, text);
	}

	/** Waits as long as somebody needs to read, in seconds. */
	async pause(seconds: number): Promise<void> {
		await sleep(seconds * 1000);
	}

	/** Moves the mouse to something. */
	async pointAt(target: Locator): Promise<void> {
		await target.scrollIntoViewIfNeeded();
		const box = await target.boundingBox();
		if (!box) throw new Error('Nothing to point at.');
		const to = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
		for (let step = 1; step <= MOUSE_STEPS; step++) {
			const share = step / MOUSE_STEPS;
			const [x, y] = [this.at.x + (to.x - this.at.x) * share, this.at.y + (to.y - this.at.y) * share];
			await this.page.mouse.move(x, y);
			await sleep(MOUSE_STEP_MS);
		}
		this.at = to;
		await sleep(REST_MS);
	}

	async click(target: Locator): Promise<void> {
		await this.pointAt(target);
		await target.click();
	}

	async type(target: Locator, text: string): Promise<void> {
		await this.click(target);
		await target.fill('');
		await target.pressSequentially(text, { delay: KEY_MS });
	}

	/** Ends the recording, and leaves its list of frames beside them. */
	async stop(): Promise<void> {
		await this.devTools.send('Page.stopScreencast');
		this.take.cuts.end = this.now;
		await writeFile(path.join(this.folder, 'take.json'), JSON.stringify(this.take));
	}
}
