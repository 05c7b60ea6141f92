import './environment';

import { join } from 'node:path';
import { BinaryDataService } from 'n8n-core';
import { LoggerProxy, type Logger } from 'n8n-workflow';

import { binaryDataConfig, Container, LoggerToken, SsrfProtectionConfig } from './engine';

/** One line that n8n or a node (`this.logger`) wrote to the instance's log. */
export interface LogEntry {
	level: 'error' | 'warn' | 'info' | 'debug';
	message: string;
	metadata?: unknown;
}

/** Everything logged in this process since it started, oldest first. The log of an n8n instance is one as well. */
export const logEntries: LogEntry[] = [];

interface ScopedLogger extends Logger {
	scoped(): ScopedLogger;
}

const recordingLogger: ScopedLogger = {
	scoped: () => recordingLogger,
	error: (message, metadata) => void logEntries.push({ level: 'error', message, metadata }),
	warn: (message, metadata) => void logEntries.push({ level: 'warn', message, metadata }),
	info: (message, metadata) => void logEntries.push({ level: 'info', message, metadata }),
	debug: (message, metadata) => void logEntries.push({ level: 'debug', message, metadata }),
};
Container.set(LoggerToken, recordingLogger);
LoggerProxy.init(recordingLogger);

/** Where n8n keeps files: `default` inside the item (base64), `filesystem` on disk with a reference in the item. */
export type BinaryDataMode = 'default' | 'filesystem';

/** Switches the whole process, as `N8N_DEFAULT_BINARY_DATA_MODE` does for an n8n instance. */
export async function setBinaryDataMode(mode: BinaryDataMode): Promise<void> {
	const config = binaryDataConfig(join(process.env.N8N_USER_FOLDER ?? '', 'files'));
	config.mode = mode;
	// Only older engines look at the argument.
	const { init } = binaryDataService() as unknown as { init: (settings: typeof config) => Promise<void> };
	await init.call(binaryDataService(), config);
}

/** Switches the guard against internal addresses, as `N8N_SSRF_PROTECTION_ENABLED` does for an n8n instance. */
export function setSsrfProtection(enabled: boolean): void {
	if (SsrfProtectionConfig === undefined) throw new Error('This n8n has no guard against internal addresses');
	Container.get(SsrfProtectionConfig).enabled = enabled;
}

export function binaryDataService(): BinaryDataService {
	return Container.get(BinaryDataService);
}
