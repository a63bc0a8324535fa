/** What is loaded with the first configuration. */
export { createMycelium } from './mycelium.js';
export { parseConfig, readConfig } from './read-config.js';
