import measured from '../../test/versions/results.json';
import { ENGINES, NEWEST, OLDEST, type Result } from '../../test/versions/table';
import manifest from '../../package.json';
import old from '../../sandbox/n8n-1/package.json';
import { table } from './markdown';

/** What is claimed about versions of n8n, from the table of those that are tested and from what was measured. */

const NODE = `Node.js ${manifest.engines.node.replace('>=', '')} or later`;

const results: Result[] = measured;

/** Versions whose tests have all passed. */
const PASSED = ENGINES.filter(({ n8n }) => results.some((one) => one.n8n === n8n && one.failed === 0));

/** The README's section. Engines are only claimed when all of them have passed. */
export function compatibility(): string {
	const engines =
		PASSED.length === ENGINES.length
			? `, and [the engines of ${ENGINES.length} versions](docs/install.md#versions)`
			: '';
	return `n8n ${OLDEST.n8n} or later, on ${NODE}. Tested with ${NEWEST.n8n} and ${old.dependencies.n8n}, [queue mode](docs/production.md)${engines}.`;
}

/** What ran on which engine, oldest first. */
export function versions(): string {
	const rows = ENGINES.flatMap(({ n8n, core }) => {
		const result = results.find((one) => one.n8n === n8n);
		return result
			? [[n8n, core, `${result.passed} passed, ${result.failed} failed`, result.node, result.date]]
			: [];
	});
	return table(['n8n', 'n8n-core', 'Tests', 'Node.js', 'Date'], rows);
}
