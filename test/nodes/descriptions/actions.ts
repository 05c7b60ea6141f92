import {
	isINodePropertyOptionsList,
	type INodeProperties,
	type INodePropertyOptions,
	type INodeTypeDescription,
} from 'n8n-workflow';

/** An entry of the list that the editor shows before a node is put on the canvas. */
export interface ListedAction {
	text: string;
	/** What the new node is set to. */
	parameters: Record<string, unknown>;
}

/** The list of actions, derived from a description by the rules of n8n's editor (`useActionsGeneration.ts`). */
export function actionsOf({ properties, version, group }: INodeTypeDescription): ListedAction[] {
	if (group.includes('trigger')) {
		const events = properties.find(({ displayName }) => /^(?:event|events|trigger on)$/i.test(displayName));
		return optionsOf(events).map(({ action, name, value }) => ({
			text: action ?? `On ${name}`,
			parameters: { [events?.name ?? '']: events?.type === 'multiOptions' ? [value] : value },
		}));
	}
	const versions = [version].flat();
	return properties
		.filter(({ name }) => name === 'resource')
		.flatMap((resourceField) => {
			const resources = optionsOf(resourceField);
			return resources.flatMap((resource) => {
				const operations = properties.find(({ name, displayOptions }) => {
					const { resource: shownFor, '@version': ofVersions } = displayOptions?.show ?? {};
					const fits = shownFor?.includes(resource.value) ?? resources.length === 1;
					return (
						name === 'operation' &&
						fits &&
						(ofVersions?.some((one) => versions.includes(one as number)) ?? true)
					);
				});
				return optionsOf(operations).map(({ action, name, value }) => ({
					text: action ?? `${resource.name} ${name}`,
					parameters: { resource: resource.value, operation: value },
				}));
			});
		});
}

function optionsOf(field: INodeProperties | undefined): INodePropertyOptions[] {
	const options = field?.options ?? [];
	return isINodePropertyOptionsList(options) ? options : [];
}
