import { PROVIDERS } from '../../nodes/shared/providers';
import type { ResourceSpec } from '../../nodes/shared/providers/types';
import { EXTEND_ROWS } from '../../sandbox/server/extend/resources';
import type { ResourceRow } from '../../sandbox/server/resource';
import { RETAB_ROWS } from '../../sandbox/server/retab/resources';

/** The tables of the nodes and those of the sandbox, each written from the APIs' documents, say the same. */

const PAIRS = [
	...pairs('retab', PROVIDERS.retab.resources, RETAB_ROWS),
	...pairs('extend', PROVIDERS.extend.resources, EXTEND_ROWS),
];

function pairs(
	provider: string,
	specs: Readonly<Record<string, ResourceSpec>>,
	rows: Readonly<Record<string, ResourceRow>>,
): Array<[string, ResourceSpec | undefined, ResourceRow | undefined]> {
	const names = [...new Set([...Object.keys(specs), ...Object.keys(rows)])];
	return names.map((name) => [`${provider} ${name}`, specs[name], rows[name]]);
}

describe.each(PAIRS)('%s', (_name, spec, row) => {
	test('is at the same path in both', () => {
		expect(row?.path).toBe(spec?.path);
	});

	test.each(['list', 'cancel'] as const)('has %s in both or in none', (operation) => {
		expect(spec?.[operation] !== undefined).toBe(row?.operations.some((one) => one === operation));
	});

	test('can be deleted in both or in none', () => {
		expect(spec?.canDelete === true).toBe(row?.operations.some((one) => one === 'delete'));
	});

	test('is only created by the node where the API can', () => {
		expect(spec?.create === undefined || row?.operations.some((one) => one === 'create')).toBe(true);
	});

	test('means the same by each status', () => {
		const phases = Object.entries(row?.statuses ?? {}).map(([phase, status]) => [
			phase,
			spec?.phases[status],
		]);
		expect(phases.filter(([phase, known]) => phase !== known)).toEqual([]);
	});
});
