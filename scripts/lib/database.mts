import { existsSync } from 'node:fs';
import { chown, mkdir, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { Failure } from './main.mjs';
import { run, Server, type CommandLine } from './process.mjs';

/** Redis and Postgres of this machine on temporary data, as n8n's queue mode needs them. */

/** How long each may take to start, in ms. */
const START_TIMEOUT_MS = 60_000;

/** Where Debian puts the programs of Postgres, which are not in PATH: a folder for each major version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** The user of Debian's package. Postgres does not run as root. */
const POSTGRES_USER = 'postgres';

/** What n8n connects to. Anybody on this machine may, without a password. */
export const DATABASE = { name: 'postgres', user: 'n8n' };

interface Place {
	host: string;
	port: number;
	/** For data and log. */
	folder: string;
}

/** Redis that keeps nothing on disk. */
export async function redisServer({ host, port, folder }: Place): Promise<Server> {
	const program = await findProgram('redis-server', 'redis-server');
	const cli = await findProgram('redis-cli', 'redis-tools');
	const address = ['-h', host, '-p', String(port)];
	const settings = [
		'--bind',
		host,
		'--port',
		String(port),
		'--save',
		'',
		'--appendonly',
		'no',
		'--dir',
		folder,
	];
	return new Server({
		name: 'Redis',
		url: `redis://${host}:${port}`,
		ready: async () => (await execa(cli, [...address, 'ping'], { reject: false })).stdout === 'PONG',
		timeoutMs: START_TIMEOUT_MS,
		logFile: path.join(folder, 'redis.log'),
		command: [program, settings, {}],
	});
}

/** A new and empty Postgres. `folder` must be one that other users may reach. */
export async function postgresServer({ host, port, folder }: Place): Promise<Server> {
	const initdb = await findProgram('initdb', 'postgresql');
	const program = await findProgram('postgres', 'postgresql');
	const isReady = await findProgram('pg_isready', 'postgresql-client');
	const data = path.join(folder, 'data');
	await mkdir(data, { mode: 0o700 });
	const owner = os.userInfo().uid === 0 ? await idsOf(POSTGRES_USER) : undefined;
	if (owner) for (const place of [folder, data]) await chown(place, owner.uid, owner.gid);
	const asOwner = (file: string, args: string[]): CommandLine =>
		owner
			? [
					'setpriv',
					[`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', file, ...args],
					{ cwd: folder },
				]
			: [file, args, { cwd: folder }];
	await run(...asOwner(initdb, ['-D', data, '-U', DATABASE.user, '--auth=trust', '--no-sync', '-E', 'UTF8']));
	const listen = ['-h', host, '-p', String(port), '-k', folder];
	// Temporary data need not survive a power cut.
	const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];
	return new Server({
		name: 'Postgres',
		url: `postgres://${host}:${port}`,
		ready: async () => {
			const asked = ['-h', host, '-p', String(port), '-U', DATABASE.user, '-d', DATABASE.name];
			return !(await execa(isReady, asked, { reject: false })).failed;
		},
		timeoutMs: START_TIMEOUT_MS,
		logFile: path.join(folder, 'postgres.log'),
		command: asOwner(program, ['-D', data, ...listen, ...settings.flatMap((setting) => ['-c', setting])]),
	});
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
	const id = async (kind: string) => Number((await run('id', [kind, user])).stdout);
	return { uid: await id('-u'), gid: await id('-g') };
}

async function findProgram(name: string, debianPackage: string): Promise<string> {
	const versions = existsSync(DEBIAN_POSTGRES) ? await readdir(DEBIAN_POSTGRES) : [];
	const folders = [
		...versions.sort((a, b) => Number(b) - Number(a)).map((one) => path.join(DEBIAN_POSTGRES, one, 'bin')),
		...(process.env['PATH'] ?? '').split(path.delimiter),
	];
	const found = folders.map((folder) => path.join(folder, name)).find(existsSync);
	if (found) return found;
	throw new Failure(`No ${name} was found: the tests of queue mode need Redis and Postgres.`, {
		hint: `Install them (on Debian: apt-get install redis-server postgresql). ${name} is in ${debianPackage}.`,
	});
}
