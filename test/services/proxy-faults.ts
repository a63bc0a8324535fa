import type { WireRequest } from './requests.js';

/**
 * What becomes of a chunk of requests and of the replies to it.
 *
 * - `cut-before`: the connection ends; the chunk never leaves. Nothing was applied.
 * - `cut-after`: forwarded; the connection ends when the server has worked it off, without one byte of reply.
 * - `cut-reply`: forwarded; the connection ends after that many bytes of what the server sends.
 * - `swallow-request`: this and everything later goes nowhere, and the connection stays open.
 * - `swallow-reply`: forwarded; no reply passes this connection any more.
 * - `delay`: the chunk waits before it leaves, its replies after that, in milliseconds; the order stays.
 * - `hold`: forwarded; replies on this connection wait for `release()`.
 * - `duplicate`: forwarded, and sent once more on a connection of its own, as a client does that lost the first one.
 */
export type Fault =
  | { readonly type: 'cut-before' | 'swallow-request' | 'swallow-reply' | 'hold' | 'duplicate' }
  | { readonly type: 'cut-after' }
  | { readonly type: 'cut-reply'; readonly bytes: number }
  | { readonly type: 'delay'; readonly requestMs?: number; readonly replyMs?: number };

/** What a client wrote at once, or a piece of it. */
export interface RequestChunk {
  /** Counts from 1, in the order of the connections. */
  readonly connection: number;
  /** The requests that end in it. */
  readonly requests: readonly WireRequest[];
  /** Those that do something: every Redis command; Execute and Query of Postgres, each with its statement. */
  readonly executed: readonly WireRequest[];
  readonly bytes: Buffer;
}

/** Which chunks are meant: a part of the text of something executed in it, a pattern for that, or a judgement. */
export type Match = string | RegExp | ((chunk: RequestChunk) => boolean);

/** Whether a chunk is meant. */
export function matches(match: Match, chunk: RequestChunk): boolean {
  if (typeof match === 'function') return match(chunk);
  return chunk.executed.some(({ text }) => (typeof match === 'string' ? text.includes(match) : match.test(text)));
}
