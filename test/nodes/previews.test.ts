import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { actionsOf } from './descriptions/actions';
import { PROJECT, UNDER_TEST, nodes } from './descriptions/registered';

/** The previews of the output, as the build makes them and n8n looks for them beside the built node. */

/** The built package: an unpacked one, or built here. */
let dist = UNDER_TEST.folder;
const scratch = mkdtempSync(path.join(tmpdir(), 'previews-'));

beforeAll(() => {
	if (dist !== PROJECT) return;
	symlinkSync(path.join(PROJECT, 'node_modules'), path.join(scratch, 'node_modules'));
	dist = path.join(scratch, 'dist');
	const run = (tool: string, ...args: string[]) =>
		execFileSync(path.join(PROJECT, 'node_modules', '.bin', tool), args, {
			cwd: PROJECT,
			env: { ...process.env, OUT_DIR: dist },
		});
	run('tsc', '-p', 'tsconfig.build.json', '--outDir', dist);
	run('gulp');
}, 240_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function preview(file: string, ...parts: string[]): { type: string; properties: Record<string, unknown> } {
	const beside = path.join(dist, path.dirname(file), '__schema__', 'v1.0.0', ...parts);
	return JSON.parse(readFileSync(`${beside}.json`, 'utf8')) as ReturnType<typeof preview>;
}

const runNodes = nodes.filter(({ instance }) => ['retab', 'extend'].includes(instance.description.name));

test('each action of the Retab and Extend nodes has one', () => {
	for (const { file, instance } of runNodes) {
		const actions = actionsOf(instance.description);
		expect(actions.length).toBeGreaterThan(40);
		for (const { parameters } of actions) {
			const { type, properties } = preview(file, String(parameters.resource), String(parameters.operation));
			expect(type).toBe('object');
			const second = parameters.operation === 'delete' ? 'deleted' : 'status';
			const first =
				parameters.resource === 'review' ? /^(?:id,decision|reviewId,versionId)$/ : `id,${second}`;
			expect(Object.keys(properties).slice(0, 2).join()).toMatch(first);
		}
	}
});

test('each resource that Timeout Cancel watches has two, each trigger has one', () => {
	for (const { file, instance } of nodes) {
		const { name, properties } = instance.description;
		const resources = properties
			.filter((property) => property.name === 'resource' && property.type === 'options')
			.flatMap(({ options = [] }) => options.flatMap((option) => ('value' in option ? [option.value] : [])));
		if (name === 'timeoutCancel') {
			expect(resources.length).toBeGreaterThan(5);
			for (const resource of resources) {
				for (const operation of ['watch', 'check']) {
					const fields = Object.keys(preview(file, String(resource), operation).properties);
					expect(fields.slice(0, 3)).toEqual(['outcome', 'id', 'status']);
					expect(fields.length).toBeLessThanOrEqual(12);
				}
			}
		}
		if (name === 'runTrigger' || name === 'extendTrigger')
			expect(Object.keys(preview(file).properties).length).toBe(15);
	}
});
