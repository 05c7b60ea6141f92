import { show } from './lib/process.mjs';

/** `npm test`, `npm run sandbox`: runs Node.js with the given arguments. */
export const main = show;
