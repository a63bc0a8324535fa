import type { Life } from './order.js';

/** Where a worker process finds things. */
export interface Paths {
  readonly store: string;
  readonly witness: string;
  readonly flushNotes: string;
}

/** From the arena to a worker process. */
export type ToWorker = { readonly type: 'open'; readonly life: Life; readonly paths: Paths } | { readonly type: 'go' };

/** From a worker process to the arena. */
export type FromWorker =
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'opened' }
  /** It stops itself right after this, and wants to be woken. */
  | { readonly type: 'stopping'; readonly forMs: number }
  | { readonly type: 'ended' };
