/** What is loaded with the first configuration. */

export { UsageError } from '../errors/usage.js';
export { parseConfig, readConfig } from './loader/read-config.js';
export { createMycelium } from './runtime/create-mycelium.js';
export { loadParts } from './runtime/parts.js';
