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
import { RETAB_HOST } from '../nodes/shared/providers/retab/hosts';

export class RetabApi implements ICredentialType {
	name = 'retabApi';

	displayName = 'Retab API';

	documentationUrl =
		'https://github.com/n8n-nodes-document-runs/n8n-nodes-document-runs/blob/main/docs/credentials.md#retab';

	icon: Icon = { light: 'file:../nodes/Retab/retab.svg', dark: 'file:../nodes/Retab/retab.dark.svg' };

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'e.g. rt_live_...',
			description:
				'Make one in the Retab dashboard under API Keys. It only sees runs of its own environment.',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: RETAB_HOST,
			description: 'Address of the API. The key is sent to this host and to no other.',
		},
		MAX_REQUESTS_PER_SECOND,
		{
			displayName: 'Send Key As',
			name: 'sendKeyAs',
			type: 'options',
			options: [
				{
					name: 'Api-Key and Authorization Headers',
					value: 'both',
					description: 'For a server that may take either of the two',
				},
				{
					name: 'Api-Key Header',
					value: 'apiKey',
					description: 'The header that the documentation named until June 2026',
				},
				{
					name: 'Authorization Header (Bearer)',
					value: 'bearer',
					description: 'The header that the documentation names today',
				},
			],
			default: 'bearer',
			description:
				'Header that carries the key. Leave it as it is unless a proxy or an old server wants another.',
		},
	];

	authenticate = async (
		credentials: ICredentialDataDecryptedObject,
		requestOptions: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const { withKey } = await import('../nodes/shared/providers/client/credential');
		const { access } = await PROVIDERS.retab.code();
		return withKey(access(credentials), requestOptions);
	};

	httpRequestNode = { name: 'Retab', docsUrl: 'https://docs.retab.com', apiBaseUrl: RETAB_HOST };

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{ $credentials.baseUrl.trim().replace(/\\/+$/, "").replace(/\\/v\\d+$/, "") }}',
			url: '/v1/auth/status',
		},
		rules: testRules(PROVIDERS.retab),
	};
}
