import type { IDataObject, INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { type PackagePlan, onlyProvider } from './plan';

/** The example of a package for one service: `examples/timeout-cancel.json` with its nodes. */

interface ExampleNode {
	name: string;
	type: string;
	parameters: IDataObject;
}

export interface Example {
	name: string;
	nodes: ExampleNode[];
}

/** The step of the note that says what to extract, for services where that is chosen instead of described. */
const DESCRIBE = /Describe the data you want in (\*\*.+?\*\*), under \*\*Fields\*\*\./;

/** @param description of the node that starts runs */
export function exampleOf<T extends Example>(
	plan: PackagePlan,
	example: T,
	description: INodeTypeDescription,
): T {
	const provider = onlyProvider(plan);
	if (!provider) return example;
	const resource = provider.defaultResource;
	const fields = shownFor(description, resource, 'create');
	const picker = fields.find(
		({ type, displayOptions }) => type === 'resourceLocator' && isAlways(displayOptions),
	);
	const nodes = example.nodes.map((node): ExampleNode => {
		const [packageName, type = ''] = node.type.split('.');
		if (packageName === 'n8n-nodes-base') return { ...node, parameters: noteFor(node.parameters) };
		if (type === 'timeoutCancel') {
			const { provider: _chosen, ...parameters } = node.parameters;
			return { ...node, type: `${plan.name}.${type}`, parameters: { ...parameters, resource } };
		}
		return {
			...node,
			type: `${plan.name}.${provider.name}`,
			parameters: { ...known(node.parameters, fields), resource, operation: 'create', ...chosen(picker) },
		};
	});
	return { ...example, nodes };

	function noteFor(parameters: IDataObject): IDataObject {
		if (typeof parameters.content !== 'string') return parameters;
		const step = picker ? `Choose what does the work in $1, under **${picker.displayName}**.` : '$&';
		const content = parameters.content.replaceAll('Retab', provider?.title ?? '').replace(DESCRIBE, step);
		return { ...parameters, content };
	}
}

/** The fields that the panel of a node shows for an operation. */
function shownFor(
	{ properties }: INodeTypeDescription,
	resource: string,
	operation: string,
): INodeProperties[] {
	return properties.filter(({ displayOptions: { show = {} } = {} }) => {
		const fits = (name: string, value: string) => show[name]?.includes(value) ?? true;
		return fits('resource', resource) && fits('operation', operation);
	});
}

/** Whether a field is shown for an operation without further conditions. */
function isAlways({ show = {} }: INodeProperties['displayOptions'] = {}): boolean {
	return Object.keys(show).every((name) => name === 'resource' || name === 'operation');
}

function known(parameters: IDataObject, fields: readonly INodeProperties[]): IDataObject {
	return Object.fromEntries(
		Object.entries(parameters).filter(([name]) => fields.some((field) => field.name === name)),
	);
}

/** The field that says what does the work, with the example of its placeholder. */
function chosen(picker: INodeProperties | undefined): IDataObject {
	const placeholder = picker?.modes?.find(({ name }) => name === 'id')?.placeholder;
	if (!picker || !placeholder) return {};
	return { [picker.name]: { __rl: true, mode: 'id', value: placeholder.replace(/^e\.g\. /, '') } };
}
