import type { IAuthenticateRuleResponseCode } from 'n8n-workflow';

import type { ProviderSpec } from '../../providers/types';

/**
 * What the credential window says about an answer to its test. n8n only knows the status there, and without a rule shows
 * no more than "Unauthorized".
 */
export function testRules({ title, keyHint }: ProviderSpec): IAuthenticateRuleResponseCode[] {
	const checkBaseUrl = `Check the Base URL: it must be the final address of the API, not of the website.`;
	const messages: Array<[statuses: number[], what: string, hint: string]> = [
		[[401, 403], 'refused the API key', keyHint],
		[[402], 'takes no more requests', `Check the credits and the billing of the ${title} account.`],
		[[301, 302, 303, 307, 308], 'answered with a redirect, which is not followed', checkBaseUrl],
		[[404, 405, 410], 'does not know the address of the test', checkBaseUrl],
		[[400, 422], 'refused the request', 'Check the fields of this credential.'],
		[[429], 'is rate limited', 'Wait a moment and test again. The key itself may be fine.'],
		[
			[500, 502, 503, 504],
			'had a server error',
			`This is a problem on the side of ${title}. Try again later.`,
		],
	];
	return messages.flatMap(([statuses, what, hint]) =>
		statuses.map((value) => ({
			type: 'responseCode' as const,
			properties: { value, message: `${title} ${what} (${value}). ${hint}` },
		})),
	);
}
