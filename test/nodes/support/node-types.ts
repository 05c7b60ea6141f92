import {
	NodeConnectionTypes,
	NodeHelpers,
	type IDataObject,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type INodeTypes,
	type IVersionedNodeType,
} from 'n8n-workflow';

export type NodeTypeClass = new () => INodeType | IVersionedNodeType;

const TOOL_SUFFIX = 'Tool';

/** The node types an n8n instance knows: the package under test and n8n's own, by full type name. */
export class InstalledNodeTypes implements INodeTypes {
	private readonly types = new Map<string, INodeType | IVersionedNodeType>();

	constructor(private readonly packageName: string) {}

	/** Installs classes of the package under test; the full type name is `<package>.<description.name>`. */
	install(...classes: NodeTypeClass[]): void {
		for (const type of classes) {
			const nodeType = new type();
			this.types.set(`${this.packageName}.${nodeType.description.name}`, nodeType);
		}
	}

	/** Installs one class under any full type name, such as `n8n-nodes-base.noOp`. */
	installAs(fullName: string, type: NodeTypeClass): void {
		this.types.set(fullName, new type());
	}

	/** Turns `timeoutCancel` into `n8n-nodes-document-runs.timeoutCancel`; a full name passes through. */
	fullName(name: string): string {
		const fullName = name.includes('.') ? name : `${this.packageName}.${name}`;
		this.getByName(fullName);
		return fullName;
	}

	isUnderTest(fullName: string): boolean {
		return fullName.startsWith(`${this.packageName}.`);
	}

	getByName(fullName: string): INodeType | IVersionedNodeType {
		const nodeType = this.types.get(fullName) ?? this.toolVariant(fullName);
		if (nodeType === undefined) {
			throw new Error(`Unknown node type "${fullName}". Installed: ${[...this.types.keys()].join(', ')}`);
		}
		return nodeType;
	}

	getByNameAndVersion(fullName: string, version?: number): INodeType {
		return NodeHelpers.getVersionedNodeType(this.getByName(fullName), version);
	}

	getKnownTypes(): IDataObject {
		return Object.fromEntries([...this.types.keys()].map((name) => [name, {}]));
	}

	latestVersion(fullName: string): number {
		const nodeType = this.getByName(fullName);
		if ('nodeVersions' in nodeType) return nodeType.currentVersion;
		const { defaultVersion, version } = nodeType.description;
		return defaultVersion ?? Math.max(...[version].flat());
	}

	/** n8n offers a node with `usableAsTool` a second time, as `<name>Tool`, with the tool connection only. */
	private toolVariant(fullName: string): INodeType | undefined {
		if (!fullName.endsWith(TOOL_SUFFIX)) return undefined;
		const original = this.types.get(fullName.slice(0, -TOOL_SUFFIX.length));
		if (original === undefined) return undefined;
		const nodeType = NodeHelpers.getVersionedNodeType(original);
		const description = toolDescription(nodeType.description);
		return Object.create(nodeType, { description: { value: description } }) as INodeType;
	}
}

function toolDescription(original: INodeTypeDescription): INodeTypeDescription {
	const { usableAsTool, ...rest } = original;
	if (usableAsTool === undefined) throw new Error(`The node "${original.name}" is not usable as a tool`);
	const replacements = typeof usableAsTool === 'object' ? usableAsTool.replacements : {};
	const description: INodeTypeDescription = { ...rest, ...replacements };
	return {
		...description,
		name: `${description.name}${TOOL_SUFFIX}`,
		displayName: `${description.displayName} Tool`,
		inputs: [],
		outputs: [NodeConnectionTypes.AiTool],
		properties: [...toolDescriptionProperties(description), ...description.properties],
	};
}

function toolDescriptionProperties({ description, properties }: INodeTypeDescription): INodeProperties[] {
	const text: INodeProperties = {
		displayName: 'Description',
		name: 'toolDescription',
		type: 'string',
		default: description,
		required: true,
	};
	if (!properties.some(({ name }) => name === 'resource' || name === 'operation')) return [text];
	const source: INodeProperties = {
		displayName: 'Tool Description',
		name: 'descriptionType',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Set Automatically', value: 'auto' },
			{ name: 'Set Manually', value: 'manual' },
		],
		default: 'auto',
	};
	return [source, { ...text, displayOptions: { show: { descriptionType: ['manual'] } } }];
}
