import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IHttpRequestOptions,
	INodeProperties,
	Icon,
} from 'n8n-workflow';

import { testRules } from '../nodes/shared/n8n/description/credentialTest';
import { MAX_REQUESTS_PER_SECOND } from '../nodes/shared/n8n/description/fields';
import { PROVIDERS } from '../nodes/shared/providers';
import { EXTEND_API_VERSION, EXTEND_HOSTS } from '../nodes/shared/providers/extend/hosts';

export class ExtendApi implements ICredentialType {
	name = 'extendApi';

	displayName = 'Extend API';

	documentationUrl =
		'https://github.com/n8n-nodes-document-runs/n8n-nodes-document-runs/blob/main/docs/credentials.md#extend';

	icon: Icon = { light: 'file:../nodes/Extend/extend.svg', dark: 'file:../nodes/Extend/extend.dark.svg' };

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'e.g. sk_...',
			description: 'Make one in the Extend dashboard under Developers. It only works in its own region.',
		},
		{
			displayName: 'Region',
			name: 'region',
			type: 'options',
			options: [
				{ name: 'Custom', value: 'custom', description: 'Another address, such as a proxy' },
				{ name: 'Europe', value: 'eu', description: EXTEND_HOSTS.eu },
				{ name: 'US', value: 'us', description: EXTEND_HOSTS.us },
				{ name: 'US 2 (HIPAA)', value: 'us2', description: EXTEND_HOSTS.us2 },
			],
			default: 'us',
			description: 'Where the account and its data are',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://api.example.com',
			displayOptions: { show: { region: ['custom'] } },
			description: 'Address of the API. The key is sent to this host and to no other.',
		},
		{
			displayName: 'API Version',
			name: 'apiVersion',
			type: 'string',
			default: EXTEND_API_VERSION,
			description: 'Sent with every request. This package is made for the default.',
		},
		{
			displayName: 'Workspace ID',
			name: 'workspaceId',
			type: 'string',
			default: '',
			placeholder: 'e.g. ws_...',
			description: 'Only needed for a key of the whole organization: the workspace whose runs it shall see',
		},
		MAX_REQUESTS_PER_SECOND,
	];

	authenticate = async (
		credentials: ICredentialDataDecryptedObject,
		requestOptions: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const { withKey } = await import('../nodes/shared/providers/client/credential');
		const { access } = await PROVIDERS.extend.code();
		return withKey(access(credentials), requestOptions);
	};

	httpRequestNode = { name: 'Extend', docsUrl: 'https://docs.extend.ai', apiBaseUrl: EXTEND_HOSTS.us };

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ $credentials.region === "custom" ? $credentials.baseUrl.trim() : (${JSON.stringify(EXTEND_HOSTS)})[$credentials.region] }}`,
			url: '/extractors',
			qs: { maxPageSize: 1 },
		},
		rules: testRules(PROVIDERS.extend),
	};
}
