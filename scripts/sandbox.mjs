import { show } from './lib/process.mjs';
import { SANDBOX_SERVER } from './lib/stack.mjs';

// `npm run sandbox`: runs the sandbox server.
/** @param {string[]} args */
export const main = async (args) => await show([...SANDBOX_SERVER, ...args]);
