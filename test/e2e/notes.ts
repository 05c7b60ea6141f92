import type { Page } from 'playwright-core';

/**
 * What is wrong with the sticky notes of the workflow that is open: a text that is cut off or runs into a node, and nodes
 * that are not on a note.
 */
export async function notesThatDoNotFit(page: Page): Promise<string[]> {
	return await page.evaluate(() => {
		const boxOf = (element: Element) => element.getBoundingClientRect();
		const isInside = (inner: DOMRect, outer: DOMRect) =>
			inner.left >= outer.left &&
			inner.right <= outer.right &&
			inner.top >= outer.top &&
			inner.bottom <= outer.bottom;
		const meet = (a: DOMRect, b: DOMRect) =>
			a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
		const all = Array.from(document.querySelectorAll('[data-test-id="canvas-node"]'));
		const notes = all.filter((node) => node.querySelector('[data-test-id="sticky"]'));
		const nodes = all.filter((node) => !notes.includes(node));
		const nameOf = (node: Element) => node.getAttribute('data-node-name') ?? '';
		const texts = notes.flatMap((note) =>
			Array.from(note.querySelectorAll('h2, h3, p, li')).map((text) => ({ note, box: boxOf(text) })),
		);
		return [
			...texts
				.filter(({ note, box }) => !isInside(box, boxOf(note)))
				.map(({ note }) => `${nameOf(note)}: its text is cut off`),
			...texts
				.filter(({ box }) => nodes.some((node) => meet(box, boxOf(node))))
				.map(({ note }) => `${nameOf(note)}: a node covers its text`),
			...nodes
				.filter((node) => !notes.some((note) => isInside(boxOf(node), boxOf(note))))
				.map((node) => `${nameOf(node)}: is not on a note`),
			...(texts.length === 0 ? ['there is no text on any note'] : []),
		];
	});
}
