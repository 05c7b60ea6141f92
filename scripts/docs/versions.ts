import results from '../../test/versions/results.json';
import { ENGINES, NEWEST, OLDEST } from '../../test/versions/table';
import manifest from '../../package.json';
import { table } from './markdown';

/** What is claimed about versions of n8n, from the table of those that are tested and from what was measured. */

const NODE = `Node.js ${manifest.engines.node.replace('>=', '')} or later`;

/** The README's section. */
export function compatibility(): string {
	return `n8n ${OLDEST.n8n} or later, on ${NODE}. Tested with n8n ${NEWEST.n8n}, [also in queue mode](docs/production.md) with restarts and crashes, and with [the engines of ${ENGINES.length} versions](docs/install.md#versions) down to n8n ${OLDEST.n8n}.`;
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
