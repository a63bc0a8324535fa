import { createHash } from 'node:crypto';
import { MARK, MARKED, OPEN } from './scripts/open.js';
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
export const SCRIPTS: { readonly [Name in 'open' | 'mark' | 'marked' | 'transact' | 'renew' | 'watch']: Script } = {
  open: script(OPEN),
  mark: script(MARK),
  marked: script(MARKED),
  transact: script(TRANSACT),
  renew: script(RENEW),
  watch: script(WATCH),
};
