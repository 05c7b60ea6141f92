import './environment';

import { createRequire } from 'node:module';
import { BinaryDataConfig, BinaryDataService } from 'n8n-core';
import { LoggerProxy, type Logger } from 'n8n-workflow';

type ServiceToken<T> = abstract new (...dependencies: never[]) => T;

interface ServiceContainer {
	get<T>(token: ServiceToken<T>): T;
	set<T>(token: ServiceToken<T>, service: T): void;
}

// n8n-core keeps its services in the container of its own dependency; resolving it from n8n-core's place gives
// that very copy, whichever version is installed.
const requireFromCore = createRequire(require.resolve('n8n-core'));
const { Container } = requireFromCore('@n8n/di') as { Container: ServiceContainer };
const { Logger: LoggerToken } = requireFromCore('@n8n/backend-common') as { Logger: ServiceToken<Logger> };

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
	Container.get(BinaryDataConfig).mode = mode;
	await binaryDataService().init();
}

interface SsrfConfig {
	enabled: boolean;
}

const { SsrfProtectionConfig } = requireFromCore('@n8n/config') as {
	SsrfProtectionConfig: ServiceToken<SsrfConfig>;
};

/** Switches the guard against internal addresses, as `N8N_SSRF_PROTECTION_ENABLED` does for an n8n instance. */
export function setSsrfProtection(enabled: boolean): void {
	Container.get(SsrfProtectionConfig).enabled = enabled;
}

export function binaryDataService(): BinaryDataService {
	return Container.get(BinaryDataService);
}
