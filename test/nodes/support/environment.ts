import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Everything n8n-core reads from the process environment. Each file of this folder that loads n8n-core imports
 * this module first, so that neither a developer's own n8n folder nor their proxy settings reach a test.
 */
/** Created by n8n-core when it first needs it. */
const userFolder = join(tmpdir(), `n8n-engine-${randomUUID()}`);

Object.assign(process.env, {
	N8N_USER_FOLDER: userFolder,
	N8N_ENCRYPTION_KEY: 'key-of-the-test-instance',
	N8N_DEFAULT_BINARY_DATA_MODE: 'default',
	N8N_LOG_LEVEL: 'silent',
	// With the guard against internal addresses on (see services.ts), the servers of the tests stand for the web.
	N8N_SSRF_ALLOWED_IP_RANGES: '127.0.0.1/32',
});

for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']) {
	Reflect.deleteProperty(process.env, name);
	Reflect.deleteProperty(process.env, name.toLowerCase());
}

function removeUserFolder(): void {
	rmSync(userFolder, { recursive: true, force: true });
}

// Inside jest the process object never emits 'exit'; outside of it (benchmarks) there is no afterAll.
if (typeof afterAll === 'function') afterAll(removeUserFolder);
else process.once('exit', removeUserFolder);
