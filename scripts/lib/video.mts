import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from './main.mjs';
import { IMAGES, PROJECT_ROOT } from './paths.mjs';
import { run } from './process.mjs';

/** The whole recording, for reviewers. Not in the repository: a command makes it. */
const VIDEO = path.join(PROJECT_ROOT, 'recording', 'document-runs.mp4');

/** The moving picture of the README. */
const PICTURE = path.join(IMAGES, 'timeout-cancel.gif');

/** The video may last so long, in seconds: longer ones are not watched. */
const LONGEST_VIDEO_S = 180;

/** The picture may have so many bytes: npm's page loads it. */
const LARGEST_PICTURE = 3 * 1024 ** 2;

/** Frames per second, and width in pixels. */
const VIDEO_RATE = 25;
const PICTURE_RATE = 8;
const PICTURE_WIDTH = 960;

/** The browser draws when something changes: this many seconds the last frame stays. */
const LAST_FRAME_S = 2;

/** What a recording left. Times are Unix seconds. */
export interface Take {
	frames: Array<{ file: string; at: number }>;
	/** From when to when the moving picture goes, and when the recording ended. */
	cuts: { from?: number; to?: number; end?: number };
}

/** Whether the program that makes videos is installed. */
export async function hasFfmpeg(): Promise<boolean> {
	const { failed } = await run('ffmpeg', ['-version'], { reject: false });
	return !failed;
}

/**
 * Makes the video and the moving picture out of recorded frames.
 *
 * @param folder with the frames and their list, `take.json`
 * @throws Failure when one of them is too long or too large
 */
export async function makeVideos(folder: string): Promise<void> {
	const take = JSON.parse(await readFile(path.join(folder, 'take.json'), 'utf8')) as Take;
	const { from = 0, to = Infinity, end = 0 } = take.cuts;
	const whole = await listFrames(path.join(folder, 'whole.txt'), take.frames, end);
	const part = take.frames.filter(({ at }) => at >= from && at <= to);
	const short = await listFrames(path.join(folder, 'part.txt'), part, Math.min(to, end));
	await mkdir(path.dirname(VIDEO), { recursive: true });
	const even = 'pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p';
	await ffmpeg(whole.list, `fps=${VIDEO_RATE},${even}`, ['-crf', '26', VIDEO]);
	const scaled = `fps=${PICTURE_RATE},scale=${PICTURE_WIDTH}:-1:flags=lanczos`;
	const colours =
		'[a]palettegen=stats_mode=diff:max_colors=128[p];[b][p]paletteuse=dither=none:diff_mode=rectangle';
	await ffmpeg(short.list, `${scaled},split[a][b];${colours}`, [PICTURE]);
	const { size } = await stat(PICTURE);
	if (whole.seconds > LONGEST_VIDEO_S)
		throw new Failure(`The video lasts ${Math.round(whole.seconds)} s, more than ${LONGEST_VIDEO_S} s.`);
	if (size > LARGEST_PICTURE)
		throw new Failure(`The moving picture has ${size} bytes, more than ${LARGEST_PICTURE}.`);
	console.log(`${path.relative(PROJECT_ROOT, VIDEO)}: ${Math.round(whole.seconds)} s`);
	console.log(`${path.relative(PROJECT_ROOT, PICTURE)}: ${Math.round(short.seconds)} s, ${size} bytes`);
}

/** Writes a list for ffmpeg: each frame stays until the next one. */
async function listFrames(
	list: string,
	frames: Take['frames'],
	end: number,
): Promise<{ list: string; seconds: number }> {
	const lines = ['ffconcat version 1.0'];
	let seconds = 0;
	for (const [index, { file, at }] of frames.entries()) {
		const next = frames[index + 1]?.at ?? Math.max(end, at) + LAST_FRAME_S;
		seconds += next - at;
		lines.push(`file '${file}'`, `duration ${(next - at).toFixed(3)}`);
	}
	const last = frames.at(-1);
	if (!last) throw new Failure('Nothing was recorded.');
	// ffmpeg forgets the duration of the last one unless it is named twice.
	lines.push(`file '${last.file}'`);
	await writeFile(list, lines.join('\n'));
	return { list, seconds };
}

async function ffmpeg(list: string, filter: string, output: string[]): Promise<void> {
	await run('ffmpeg', ['-y', '-f', 'concat', '-safe', '0', '-i', list, '-vf', filter, ...output]);
}
