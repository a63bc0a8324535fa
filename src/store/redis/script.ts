import { createHash } from 'node:crypto';
import { OPEN } from './scripts/open.js';
import { RENEW } from './scripts/renew.js';
import { TRANSACT } from './scripts/transact.js';
import { WATCH } from './scripts/watch.js';

/** A Lua script with the name that Redis knows it by once it has seen it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Every script of the store; each is one round trip. */
export const SCRIPTS: { readonly [Name in 'open' | 'transact' | 'renew' | 'watch']: Script } = {
  open: script(OPEN),
  transact: script(TRANSACT),
  renew: script(RENEW),
  watch: script(WATCH),
};

/** Servers forget scripts: with a restart, a failover, SCRIPT FLUSH. Then it is sent in full. */
export function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
