import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { attempt } from '../../core/concurrency/result';
import type { ProviderSpec } from '../../providers/types';
import { InvalidParameterError } from '../output/errors';
import type { RequestContext } from './httpRequest';

/**
 * The data of the credential that is chosen for a provider. A node that was switched to another provider has none yet.
 *
 * @throws InvalidParameterError
 */
export async function readCredential(
	context: RequestContext,
	{ title, credential }: ProviderSpec,
): Promise<ICredentialDataDecryptedObject> {
	if (!context.getNode().credentials?.[credential]) {
		throw new InvalidParameterError(
			`No ${title} credential is chosen in this node`,
			`Open the node and choose one at the top under "Credential to connect with", or create one there with the API key of ${title}. Each provider has a credential of its own.`,
		);
	}
	const read = await attempt(() => context.getCredentials(credential));
	if ('value' in read) return read.value;
	throw new InvalidParameterError(
		`The ${title} credential could not be read: ${read.error instanceof Error ? read.error.message : 'unknown reason'}`,
		'Open the node and choose the credential again, or another one.',
	);
}
