const TAG = /<(?:!--[\s\S]*?--|\?[\s\S]*?\?|(\/)?([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/)?)>/g;

/** What is wrong with an SVG icon: nothing for a well-formed, square, self-contained one. */
export function svgProblems(text: string): string[] {
	const problems: string[] = [];
	const open: string[] = [];
	const between = text.replace(
		TAG,
		(_, closing?: string, name?: string, _attributes?: string, empty?: string) => {
			if (name === undefined) return '';
			if (closing !== undefined) {
				if (open.pop() !== name) problems.push(`</${name}> closes nothing`);
			} else if (empty === undefined) {
				open.push(name);
			}
			return '';
		},
	);
	if (open.length > 0) problems.push(`<${open.join('>, <')}> not closed`);
	if (/[<>&]/.test(between)) problems.push('not well-formed');

	const root = /^<svg\s[^>]*>/.exec(text.trim())?.[0] ?? '';
	if (!root.includes('xmlns="http://www.w3.org/2000/svg"')) problems.push('no SVG namespace');
	const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(root) ?? [];
	if (width === undefined || width !== height) problems.push('not square');
	if (/<(?:script|image|foreignObject|use)\b|\son\w+=|href=|url\(\s*['"]?(?!#)/i.test(text)) {
		problems.push('not self-contained');
	}
	return problems;
}
