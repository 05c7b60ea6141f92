import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXAMPLES, N8N_ROOT } from './paths.mjs';

/** @typedef {import('./n8n-client.mjs').Workflow} Workflow */
/** @typedef {import('./n8n-client.mjs').WorkflowNode} WorkflowNode */
/** @typedef {import('./n8n-client.mjs').Credential} Credential */

/** Name of the package as n8n puts it before each of its node types. */
export const PACKAGE = 'n8n-nodes-document-runs';

/** Origins of the real APIs in the example workflows. */
const API_ORIGINS = ['https://api.retab.com', 'https://api.extend.ai'];

/** Names of the examples: their file names in `examples/` without the ending. */
export function exampleNames() {
	return readdirSync(EXAMPLES).map((file) => file.replace(/\.json$/, ''));
}

/** @param {string} name File name in `examples/` without its ending. */
export async function readExample(name) {
	return await readWorkflow(path.join(EXAMPLES, `${name}.json`));
}

/** @param {string} name File name in `sandbox/n8n/workflows/` without its ending. */
export async function readSandboxWorkflow(name) {
	return await readWorkflow(path.join(N8N_ROOT, 'workflows', `${name}.json`));
}

/**
 * @param {string} file
 * @returns {Promise<Workflow>}
 */
async function readWorkflow(file) {
	return JSON.parse(await readFile(file, 'utf8'));
}

/**
 * An example as somebody would have it after choosing credentials and times in the editor.
 *
 * @param {Workflow} workflow
 * @param {object} choices
 * @param {Credential[]} choices.credentials One for each type that may be needed.
 * @param {string} choices.apiUrl Origin of the sandbox; the HTTP Request node knows no base URL of a credential.
 * @param {Record<string, Record<string, unknown>>} [choices.parameters] Changed parameters for each node name.
 * @returns {Workflow} A copy.
 */
export function fillIn(workflow, { credentials, apiUrl, parameters = {} }) {
	for (const name of Object.keys(parameters)) {
		if (!workflow.nodes.some((node) => node.name === name)) {
			throw new Error(`The workflow "${workflow.name}" has no node "${name}".`);
		}
	}
	const nodes = workflow.nodes.map((node) => {
		const changed = { ...node, parameters: { ...node.parameters, ...parameters[node.name] } };
		const { url } = changed.parameters;
		const origin = API_ORIGINS.find((known) => typeof url === 'string' && url.startsWith(`${known}/`));
		if (origin) changed.parameters['url'] = apiUrl + String(url).slice(origin.length);
		const type = credentialType(changed);
		const credential = credentials.find((candidate) => candidate.type === type);
		if (type && credential) {
			changed.credentials = { [type]: { id: credential.id, name: credential.name } };
		}
		return changed;
	});
	return { ...workflow, nodes };
}

/**
 * The credential a node asks for with its present parameters.
 *
 * @param {WorkflowNode} node
 * @returns {string | undefined}
 */
function credentialType(node) {
	const { nodeCredentialType, provider } = node.parameters;
	// A node that is a tool of an agent has a type of its own.
	switch (node.type.replace(/Tool$/, '')) {
		case 'n8n-nodes-base.httpRequest':
			return typeof nodeCredentialType === 'string' ? nodeCredentialType : undefined;
		case `${PACKAGE}.retab`:
			return 'retabApi';
		case `${PACKAGE}.extend`:
			return 'extendApi';
		case `${PACKAGE}.timeoutCancel`:
		case `${PACKAGE}.runTrigger`:
			return provider === 'extend' ? 'extendApi' : 'retabApi';
		default:
			return undefined;
	}
}
