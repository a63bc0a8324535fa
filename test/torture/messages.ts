import type { OpenStoreOptions } from 'mycelium-runtime/store';
import type { Life } from './order.js';

/** Where the records of a run are. */
export type StorePlace =
  | { readonly kind: 'file'; readonly folder: string; readonly flushNotes: string }
  | { readonly kind: 'server'; readonly url: string; readonly options: OpenStoreOptions };

/** Where a worker process finds things. */
export interface Paths {
  readonly store: StorePlace;
  readonly witness: string;
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
