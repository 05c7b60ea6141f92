import { chmod, cp, mkdir, mkdtemp } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import getPort, { portNumbers } from 'get-port';
import { DATABASE, postgresServer, redisServer } from './database.mjs';
import { N8nClient, type Credential } from './n8n-client.mjs';
import { N8N, removeFolder } from './n8n-install.mjs';
import { runTasks, Server } from './process.mjs';
import {
	createCredentials,
	layOutIn,
	LOOPBACK,
	N8N_START_TIMEOUT_MS,
	sandboxServer,
	whileRunning,
} from './stack.mjs';

/** Below those that a system gives to outgoing connections: a port must still be free when its process is back. */
const PORTS = [5800, 6300] as const;

/** The processes of n8n. `patient` and `hasty` are workers that wait long and briefly for their executions at SIGTERM. */
export const N8N_PROCESSES = ['main', 'patient', 'hasty'] as const;
export type N8nProcess = (typeof N8N_PROCESSES)[number];

/** N8N_GRACEFUL_SHUTDOWN_TIMEOUT of each, in seconds; n8n's default is 30. */
export const GRACE_S: Record<N8nProcess, number> = { main: 5, patient: 120, hasty: 5 };

/** How long after its grace a process may take to end, in ms, before it is killed. */
const AFTER_GRACE_MS = 15_000;

/** n8n's defaults are 60 s, 10 s and 30 s: it would notice a dead worker after up to 90 s instead of 30 s. */
const NOTICE_DEAD_WORKERS = {
	QUEUE_WORKER_LOCK_DURATION: '20000',
	QUEUE_WORKER_LOCK_RENEW_TIME: '2000',
	QUEUE_WORKER_STALLED_INTERVAL: '5000',
};

/** n8n in queue mode: a main process and two workers, each with the package installed, on Redis and Postgres. */
export interface QueueStack {
	n8n: Record<N8nProcess, Server>;
	sandbox: Server;
	credentials: Credential[];
}

/** Installs what is missing, builds, and starts everything; ends it when the work is done or a server ends by itself. */
export async function withQueueStack<T>(work: (stack: QueueStack) => Promise<T>): Promise<T> {
	await N8N.install();
	const folder = await mkdtemp(path.join(os.tmpdir(), 'document-runs-queue-'));
	// Postgres runs as another user.
	await chmod(folder, 0o711);
	try {
		return await runStack(folder, work);
	} finally {
		await removeFolder(folder);
	}
}

const freePort = (): Promise<number> => getPort({ host: LOOPBACK, port: portNumbers(...PORTS) });

async function runStack<T>(folder: string, work: (stack: QueueStack) => Promise<T>): Promise<T> {
	const postgresFolder = path.join(folder, 'postgres');
	await mkdir(postgresFolder);
	const postgres = await postgresServer({ host: LOOPBACK, port: await freePort(), folder: postgresFolder });
	const redis = await redisServer({ host: LOOPBACK, port: await freePort(), folder });
	const sandbox = sandboxServer(await freePort(), folder);
	const shared = {
		EXECUTIONS_MODE: 'queue',
		...portOf('DB_POSTGRESDB', postgres),
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_DATABASE: DATABASE.name,
		DB_POSTGRESDB_USER: DATABASE.user,
		...portOf('QUEUE_BULL_REDIS', redis),
		N8N_ENCRYPTION_KEY: randomUUID(),
		...NOTICE_DEAD_WORKERS,
	};
	const n8n = {
		main: await n8nServer('main', folder, shared),
		patient: await n8nServer('patient', folder, shared),
		hasty: await n8nServer('hasty', folder, shared),
	};
	const workers = [n8n.patient, n8n.hasty];
	const client = new N8nClient(n8n.main.url);
	const credentials: Credential[] = [];
	try {
		await runTasks([
			{
				title: 'Building the nodes and installing them for each process of n8n',
				task: () => installPackage(folder),
			},
			{
				title: 'Starting Redis, Postgres, the sandbox and the main process of n8n',
				async task() {
					await Promise.all([redis.start(), postgres.start(), sandbox.start()]);
					// It creates the tables.
					await n8n.main.start();
				},
			},
			{
				title: 'Starting two workers, creating the owner and the credentials',
				async task() {
					await Promise.all(workers.map((worker) => worker.start()));
					await client.setUpOwner();
					credentials.push(...(await createCredentials(client, sandbox.url)));
				},
			},
		]);
		const done = work({ n8n, sandbox, credentials });
		return await whileRunning([redis, postgres, sandbox, n8n.main, ...workers], done);
	} finally {
		// Nothing here is worth waiting for. The databases go last, or n8n would complain.
		await Promise.all([sandbox, n8n.main, ...workers].map((server) => server.stop('SIGKILL')));
		await Promise.all([redis.stop(), postgres.stop('SIGINT')]);
	}
}

function portOf(prefix: string, { url }: Server): NodeJS.ProcessEnv {
	return { [`${prefix}_HOST`]: LOOPBACK, [`${prefix}_PORT`]: new URL(url).port };
}

const userFolderOf = (folder: string, name: N8nProcess): string => path.join(folder, name);

async function installPackage(folder: string): Promise<void> {
	const main = userFolderOf(folder, 'main');
	await layOutIn(main);
	for (const name of N8N_PROCESSES) {
		if (name !== 'main') await cp(main, userFolderOf(folder, name), { recursive: true });
	}
}

async function n8nServer(name: N8nProcess, folder: string, env: NodeJS.ProcessEnv): Promise<Server> {
	const isMain = name === 'main';
	const port = String(await freePort());
	const url = `http://${LOOPBACK}:${port}`;
	const [file, args, options] = N8N.command(isMain ? 'start' : 'worker', userFolderOf(folder, name), {
		...env,
		...(isMain
			? {
					N8N_PORT: port,
					N8N_LISTEN_ADDRESS: LOOPBACK,
					N8N_EDITOR_BASE_URL: url,
					N8N_SECURE_COOKIE: 'false',
				}
			: {
					QUEUE_HEALTH_CHECK_ACTIVE: 'true',
					QUEUE_HEALTH_CHECK_PORT: port,
					N8N_WORKER_SERVER_ADDRESS: LOOPBACK,
				}),
		N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		// A task runner of its own would outlive a worker that is killed. Nothing here runs Code nodes.
		N8N_RUNNERS_MODE: 'external',
		N8N_RUNNERS_AUTH_TOKEN: randomUUID(),
		N8N_GRACEFUL_SHUTDOWN_TIMEOUT: String(GRACE_S[name]),
	});
	return new Server({
		name: isMain ? 'The main process of n8n' : `The ${name} worker of n8n`,
		url,
		ready: isMain ? ['/healthz/readiness', '/rest/settings'] : ['/healthz/readiness'],
		timeoutMs: N8N_START_TIMEOUT_MS,
		logFile: path.join(folder, `${name}.log`),
		command: [file, args, { ...options, forceKillAfterDelay: GRACE_S[name] * 1000 + AFTER_GRACE_MS }],
	});
}
