import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PAGES, ROOT } from './paths';
import { render } from './render';

// `npm run docs`: writes what the code says into the README and docs/, between `<!-- generated: … -->` and `<!-- end -->`.
for (const page of PAGES) {
	const path = join(ROOT, page);
	const text = readFileSync(path, 'utf8');
	const rendered = render(text);
	if (rendered === text) continue;
	writeFileSync(path, rendered);
	console.log(page);
}
