import { show } from './lib/process.mjs';

// `npm test`: runs jest with the given arguments.
/** @param {string[]} args */
export const main = async (args) => await show(['node_modules/jest/bin/jest.js', ...args]);
