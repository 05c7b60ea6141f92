import type { ICredentialType, INodeTypeDescription } from 'n8n-workflow';

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A value as the literal that a person would have written: one property a line, indented. Functions are left out. */
function literal(value: unknown, indentation = '\t'): string {
	const inner = `${indentation}\t`;
	const block = (open: string, lines: string[], close: string) =>
		[open, ...lines.map((line) => `${inner}${line},`), `${indentation}${close}`].join('\n');
	if (Array.isArray(value)) {
		return block(
			'[',
			value.map((item) => literal(item, inner)),
			']',
		);
	}
	if (typeof value !== 'object' || value === null) return JSON.stringify(value);
	const lines = Object.entries(value)
		.filter(([, content]) => content !== undefined && typeof content !== 'function')
		.map(
			([key, content]) => `${IDENTIFIER.test(key) ? key : JSON.stringify(key)}: ${literal(content, inner)}`,
		);
	return block('{', lines, '}');
}

/** The source of a node class whose description is spelled out. */
export function nodeSource(className: string, description: INodeTypeDescription): string {
	return `export class ${className} implements INodeType {\n\tdescription: INodeTypeDescription = ${literal(description)};\n}\n`;
}

/** The source of a credential class whose fields are spelled out. */
export function credentialSource(className: string, credential: ICredentialType): string {
	const fields = Object.entries(credential)
		.filter(([, value]) => value !== undefined && typeof value !== 'function')
		.map(([name, value]) => `\t${name} = ${literal(value)};\n`);
	return `export class ${className} implements ICredentialType {\n${fields.join('')}}\n`;
}
