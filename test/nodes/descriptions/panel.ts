import {
	NodeHelpers,
	type INodeProperties,
	type INodePropertyCollection,
	type INodePropertyOptions,
	type INodeTypeDescription,
	type NodeParameterValue,
} from 'n8n-workflow';

/** A field of a panel and where it is, such as `options > interval`. */
export interface Field {
	at: string;
	property: INodeProperties;
	/** The fields it stands among. */
	siblings: INodeProperties[];
}

export interface Choice {
	at: string;
	option: INodePropertyOptions;
}

type Entry = INodeProperties | INodePropertyOptions | INodePropertyCollection;

export function isField(entry: Entry): entry is INodeProperties {
	return 'type' in entry;
}

export function isSection(entry: Entry): entry is INodePropertyCollection {
	return 'values' in entry;
}

export function isChoice(entry: Entry): entry is INodePropertyOptions {
	return 'value' in entry;
}

/** The name a user reads. */
export function shownName(entry: Entry): string {
	return isChoice(entry) ? entry.name : entry.displayName;
}

/** Where it is shown, for the message of a failing test: `resource=job,parse operation=get`. */
function condition(property: INodeProperties): string {
	const shown = Object.entries(property.displayOptions?.show ?? {});
	const texts = shown.map(([name, values]) => `${name}=${(values ?? []).map(String).join(',')}`);
	return texts.length > 0 ? ` (${texts.join(' ')})` : '';
}

/** Every field of a panel, those inside collections included. */
export function allFields(properties: INodeProperties[], inside = ''): Field[] {
	return properties.flatMap((property) => {
		const at = `${inside}${property.name}${condition(property)}`;
		const options = property.options ?? [];
		const sections = options.filter(isSection);
		return [
			{ at, property, siblings: properties },
			...allFields(options.filter(isField), `${at} > `),
			...sections.flatMap((section) => allFields(section.values, `${at} > ${section.name} > `)),
		];
	});
}

/** Every option of every field with options. */
export function allChoices(fields: readonly Field[]): Choice[] {
	return fields.flatMap(({ at, property }) =>
		(property.options ?? []).filter(isChoice).map((option) => ({ at: `${at}: ${option.name}`, option })),
	);
}

/** The values a field can be switched to, as far as they are known beforehand. */
function valuesOf(property: INodeProperties): NodeParameterValue[] {
	if (property.type === 'boolean') return [true, false];
	if (property.type === 'number') return [property.default as number];
	return (property.options ?? []).filter(isChoice).map(({ value }) => value);
}

/** `@version` and `@tool` are facts about the node, not fields. */
function isAboutNode(name: string): boolean {
	return name.startsWith('@');
}

/** Names of the fields that others of the panel are shown by. */
function switchNames(properties: readonly INodeProperties[]): Set<string> {
	const conditions = properties.flatMap(({ displayOptions }) => [displayOptions?.show, displayOptions?.hide]);
	const names = conditions.flatMap((rules) => Object.keys(rules ?? {}));
	return new Set(names.filter((name) => !isAboutNode(name)));
}

type Switches = Record<string, NodeParameterValue>;

/** One way the panel can look. */
export interface View {
	/** What was switched to what. */
	switches: Switches;
	visible: INodeProperties[];
}

/** Every way a panel can look: each combination of the values of the fields that others are shown by. */
export function allViews(description: INodeTypeDescription): View[] {
	const { properties } = description;
	const names = switchNames(properties);
	const visible = (switches: Switches, property: INodeProperties) =>
		NodeHelpers.displayParameter(switches, property, { typeVersion: 1 }, description);

	const combinations = properties
		.filter(({ name }) => names.has(name))
		.reduce<Switches[]>(
			(found, property) =>
				found.flatMap((switches) =>
					visible(switches, property)
						? valuesOf(property).map((value) => ({ ...switches, [property.name]: value }))
						: [switches],
				),
			[{}],
		);
	return combinations.map((switches) => ({
		switches,
		visible: properties.filter((property) => visible(switches, property)),
	}));
}

/** `provider=retab resource=job operation=get` */
export function nameOf({ switches }: View): string {
	return Object.entries(switches)
		.map(([name, value]) => `${name}=${String(value)}`)
		.join(' ');
}

/** Conditions that name a field or a value that does not exist, or a field further down the panel. */
export function brokenConditions({ at, property, siblings }: Field, panel: INodeProperties[]): string[] {
	const { show, hide } = property.displayOptions ?? {};
	const conditions = [...Object.entries(show ?? {}), ...Object.entries(hide ?? {})];
	return conditions.flatMap(([key, values]) => {
		if (isAboutNode(key)) return [];
		const fromRoot = key.startsWith('/') || siblings === panel;
		const name = key.replace(/^\//, '');
		const around = fromRoot ? panel : siblings;
		const own = around.indexOf(property);
		const above = own === -1 ? around : around.slice(0, own);
		const switchable = above.filter((other) => other.name === name).flatMap(valuesOf);
		if (switchable.length === 0) return [`${at}: no field "${key}" above it`];
		const isCompared = (value: unknown): boolean =>
			typeof value === 'object' && value !== null && '_cnd' in value;
		return (values ?? [])
			.filter((value) => !isCompared(value) && !switchable.some((known) => known === value))
			.map((value) => `${at}: "${key}" cannot be ${JSON.stringify(value)}`);
	});
}
