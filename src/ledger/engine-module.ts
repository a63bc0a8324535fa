/** What is loaded with the first call. */
export { begin } from './begin.js';
export { callThroughLedger } from './call.js';
export { detailed } from './call-view.js';
export { engineFor } from './engine.js';
export { erase } from './erase.js';
export { listCalls } from './listing.js';
export { find, release, retire, shortIds } from './operator.js';
export { prune } from './prune.js';
export { listPrunings } from './pruned-line.js';
export { statsOf } from './stats.js';
export { sweep } from './sweep.js';
