import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXAMPLES, N8N_ROOT } from './paths.mjs';

/** @typedef {import('./n8n-client.mjs').Workflow} Workflow */
/** @typedef {import('./n8n-client.mjs').WorkflowNode} WorkflowNode */
/** @typedef {import('./n8n-client.mjs').Credential} Credential */

/** Name of the package as n8n puts it before each of its node types. */
export const PACKAGE = 'n8n-nodes-document-runs';

/** Nodes of the packages of this tree. One that is a tool of an agent has a type of its own. */
const OWN_NODE =
	/^n8n-nodes-(document-runs|retab|extend)\.(retab|extend|extendTrigger|timeoutCancel|runTrigger)(?:Tool)?$/;

/** Origins of the real APIs in the example workflows. */
const API_ORIGINS = ['https://api.retab.com', 'https://api.extend.ai'];

/** Documents for the example that takes them by their address, and what the sandbox lets the run of each do. */
const SANDBOX_DOCUMENTS = [
	{ filename: 'finishes.pdf', sandbox_result: 'completed', sandbox_duration_ms: '1000' },
	{ filename: 'fails.pdf', sandbox_result: 'failed', sandbox_duration_ms: '1500' },
	{ filename: 'hangs.pdf', sandbox_result: 'stuck', sandbox_duration_ms: '0' },
].map((document) => ({ ...document, url: sandboxDocument(document.filename) }));

/**
 * What the examples need to run against the sandbox: parameters for each node name, for each example. The files in
 * `examples/` have none of it: they are for people with a real account.
 *
 * @type {Partial<Record<string, Record<string, Record<string, unknown>>>>}
 */
const SANDBOX_PARAMETERS = {
	batch: {
		Documents: { jsonOutput: JSON.stringify({ documents: SANDBOX_DOCUMENTS }, null, 2) },
		'Start Batch': {
			additionalFields: {
				fileName: '={{ $json.filename }}',
				metadata: metadata({
					sandbox_result: '={{ $json.sandbox_result }}',
					sandbox_duration_ms: '={{ $json.sandbox_duration_ms }}',
				}),
			},
		},
	},
	'durable-loop': {
		'Start Extraction': {
			documentUrl: sandboxDocument('contract.pdf'),
			additionalFields: { metadata: metadata({ sandbox_result: 'stuck' }) },
		},
	},
	'extend-zero-poll': {
		'Start Extraction': {
			documentUrl: sandboxDocument('contract.pdf'),
			additionalFields: {
				metadata: metadata({ n8n_resume_url: '={{ $execution.resumeUrl }}', sandbox_duration_ms: '5000' }),
			},
		},
	},
	'mail-to-sheet': {
		'Start Extraction': {
			additionalFields: {
				metadata: metadata({
					sandbox_result:
						"={{ Object.values($binary)[0].fileName.startsWith('hangs') ? 'stuck' : 'completed' }}",
					sandbox_duration_ms: '500',
				}),
			},
		},
	},
	'timeout-cancel': {
		Documents: { jsonOutput: JSON.stringify({ documents: SANDBOX_DOCUMENTS }, null, 2) },
		'Start Extraction': {
			additionalFields: {
				fileName: '={{ $json.filename }}',
				metadata: metadata({
					sandbox_result: '={{ $json.sandbox_result }}',
					sandbox_duration_ms: '={{ $json.sandbox_duration_ms }}',
				}),
			},
		},
	},
};

/** Nodes of the examples that n8n marks as not ready until somebody has chosen an account of another service. */
export const WITHOUT_ACCOUNT = {
	'agent-tools': ['AI Agent'],
	'mail-to-sheet': ['Invoice Mails', 'Add Row', 'Tell Somebody'],
	'nightly-cleanup': ['Send to Slack'],
	'review-in-chat': ['Ask in Chat'],
};

/**
 * An address that Retab would fetch itself, as the sandbox does: nothing is downloaded.
 *
 * @param {string} name
 */
function sandboxDocument(name) {
	return `https://storage.googleapis.com/example/${name}`;
}

/**
 * The field Metadata of a Create node.
 *
 * @param {Record<string, string>} pairs
 */
function metadata(pairs) {
	return { pairs: Object.entries(pairs).map(([name, value]) => ({ name, value })) };
}

/** Names of the examples: their file names in `examples/` without the ending. */
export function exampleNames() {
	return readdirSync(EXAMPLES)
		.filter((file) => file.endsWith('.json'))
		.map((file) => file.replace(/\.json$/, ''));
}

/**
 * An example with what the sandbox needs in it.
 *
 * @param {string} name File name in `examples/` without its ending.
 * @param {string} [folder] Where the examples are; those of a package for one service are its own.
 */
export async function readExample(name, folder = EXAMPLES) {
	const workflow = await readWorkflow(path.join(folder, `${name}.json`));
	return withParameters(workflow, SANDBOX_PARAMETERS[name] ?? {});
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
	const nodes = withParameters(workflow, parameters).nodes.map((changed) => {
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
 * @param {Workflow} workflow
 * @param {Record<string, Record<string, unknown>>} parameters Changed parameters for each node name.
 * @returns {Workflow} A copy.
 */
function withParameters(workflow, parameters) {
	for (const name of Object.keys(parameters)) {
		if (!workflow.nodes.some((node) => node.name === name)) {
			throw new Error(`The workflow "${workflow.name}" has no node "${name}".`);
		}
	}
	const nodes = workflow.nodes.map((node) => ({
		...node,
		parameters: { ...node.parameters, ...parameters[node.name] },
	}));
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
	if (node.type === 'n8n-nodes-base.httpRequest')
		return typeof nodeCredentialType === 'string' ? nodeCredentialType : undefined;
	const [, packageOf, type] = OWN_NODE.exec(node.type) ?? [];
	if (type === undefined) return undefined;
	// A package for one service has no field Provider.
	return [provider, packageOf, type].includes('extend') || type === 'extendTrigger'
		? 'extendApi'
		: 'retabApi';
}
