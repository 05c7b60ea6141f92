import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeProperties, NodeParameterValueType } from 'n8n-workflow';

import { table } from './markdown';
import { NODES, type NodeName, isChoice } from './parameters';
import { ROOT } from './paths';

interface Example {
	nodes: Array<{ name: string; type: string; parameters: Record<string, NodeParameterValueType> }>;
}

/** What is filled in at one node of an example, as the panel shows it. */
export function recipe(example: string, nodeName: string): string {
	const { nodes } = JSON.parse(readFileSync(join(ROOT, 'examples', example), 'utf8')) as Example;
	const node = nodes.find(({ name }) => name === nodeName);
	if (!node) throw new Error(`examples/${example} has no node "${nodeName}"`);
	const { properties } = NODES[node.type.split('.').at(-1) as NodeName].description;
	const rows = Object.entries(node.parameters).flatMap(([name, value]) => {
		const same = properties.filter((property) => property.name === name);
		const label = same[0]?.displayName;
		const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
		return label && isPlain ? [[label, shown(same, value)]] : [];
	});
	return table(['Field', 'Value'], rows);
}

function shown(properties: readonly INodeProperties[], value: string | number | boolean): string {
	const choice = properties
		.flatMap(({ options }) => options ?? [])
		.find((option) => isChoice(option) && option.value === value);
	if (choice) return choice.name;
	return typeof value === 'string' ? `\`${value}\`` : String(value);
}
