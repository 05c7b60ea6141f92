import type {
	ICredentialDataDecryptedObject,
	ICredentialType,
	IHttpRequestOptions,
	IN8nHttpFullResponse,
} from 'n8n-workflow';

import { ExtendApi } from '../../credentials/ExtendApi.credentials';
import { RetabApi } from '../../credentials/RetabApi.credentials';
import type { JsonObject } from '../../nodes/shared/core/runs/run';
import type { RequestContext } from '../../nodes/shared/n8n/transport/httpRequest';
import type { ApiRequest, ApiResponse } from '../../nodes/shared/providers/client/wire';
import type { Logged, RemoteApi } from './remote';

const CREDENTIALS = { retab: new RetabApi(), extend: new ExtendApi() } satisfies Record<
	string,
	ICredentialType
>;

/** Where a request went, and with which key. */
export interface Identity {
	host: string;
	key: string;
}

/** A credential as n8n stores it: users change it while executions use it. */
export class StoredCredential {
	/** @param identity absent when it cannot be read */
	constructor(public identity: Identity | undefined) {}

	read(): ICredentialDataDecryptedObject {
		if (!this.identity) throw new Error('The credential was deleted');
		const { host, key } = this.identity;
		return { apiKey: key, baseUrl: host, region: 'custom' };
	}
}

/** One request, as it arrived. */
export interface KeyedRequest extends Identity {
	execution: number;
	kind: Logged['kind'];
	/** Of which run; absent for a list. */
	id?: string;
	/** What the credential of the execution held at that time. */
	stored?: Identity;
	/** What the account made of it; absent where it is none of an account, or about a run of another. */
	entry?: Logged;
}

/** The accounts of a provider, behind their keys, and the way that n8n's HTTP helper takes there. */
export class KeyedProvider {
	readonly log: KeyedRequest[] = [];

	private readonly sentWith = new WeakMap<AbortSignal, Identity>();

	/**
	 * @param accounts by their number
	 * @param ownerOf the account that a run belongs to: all others have rows of the same name, but do not give it out
	 */
	constructor(
		private readonly name: 'retab' | 'extend',
		private readonly accounts: readonly RemoteApi[],
		private readonly ownerOf: (id: string) => number,
	) {}

	static keyOf(account: number, version: number): string {
		return `key_${account}_${version}`;
	}

	/** The account of a key; none for one that was never given out. */
	static accountOf(key: string): number | undefined {
		const account = /^key_(\d+)_\d+$/.exec(key)?.[1];
		return account === undefined ? undefined : Number(account);
	}

	/** With what the request was sent that this signal belongs to. */
	identityOf(signal: AbortSignal): Identity | undefined {
		return this.sentWith.get(signal);
	}

	/**
	 * As much of n8n's context as requests need. As n8n's own, the helper reads the credential for each request.
	 *
	 * @param breaks throws when the way to the provider is broken
	 */
	context(execution: number, credential: StoredCredential, breaks: () => void): RequestContext {
		const { name, authenticate } = CREDENTIALS[this.name];
		const receive = (options: IHttpRequestOptions, signal: AbortSignal) =>
			this.receive(execution, credential, options, signal);
		const context = {
			getNode: () => ({ credentials: { [name]: { id: '1', name } } }),
			getCredentials: () => Promise.resolve().then(() => credential.read()),
			helpers: {
				async httpRequestWithAuthentication(
					this: ContextOfRequest,
					_type: string,
					options: IHttpRequestOptions,
				): Promise<IN8nHttpFullResponse> {
					const request = await authenticate(await this.getCredentials(name), options);
					breaks();
					const { status, headers, body } = await receive(request, this.getExecutionCancelSignal());
					return { statusCode: status, headers, body: body as JsonObject };
				},
			},
		};
		return context as unknown as RequestContext;
	}

	private receive(
		execution: number,
		{ identity: stored }: StoredCredential,
		{ method = 'GET', url, qs, body, headers = {} }: IHttpRequestOptions,
		signal: AbortSignal,
	): Promise<ApiResponse> {
		const { origin: host, pathname: path } = new URL(url);
		const key = (headers.Authorization as string).replace('Bearer ', '');
		const id = /run_\d+/.exec(path)?.[0];
		const kind = id === undefined ? 'list' : method === 'POST' ? 'cancel' : 'read';
		const arrived: KeyedRequest = { execution, kind, host, key, id, stored };
		this.log.push(arrived);
		this.sentWith.set(signal, { host, key });
		const account = KeyedProvider.accountOf(key);
		const remote = this.accounts[account ?? -1];
		if (!remote) return Promise.resolve(refusal(401));
		if (id !== undefined && this.ownerOf(id) !== account) return Promise.resolve(refusal(404));
		const request = { method, path, query: qs, body: body && JSON.parse(body as string) } as ApiRequest;
		const answer = remote.send(request, signal);
		arrived.entry = remote.log.at(-1);
		return answer;
	}
}

interface ContextOfRequest {
	getCredentials: (type: string) => Promise<ICredentialDataDecryptedObject>;
	getExecutionCancelSignal: () => AbortSignal;
}

function refusal(status: number): ApiResponse {
	return { status, headers: {}, body: { detail: 'refused' } };
}
