import { LRUCache } from 'lru-cache';
import { decodeValue, encodeValue } from '../encoding/value-codec.js';
import type { Instant } from '../store/process-clock.js';
import type { SessionSlot } from '../tool/scope.js';
import type { Flight } from './flight.js';
import { type Moment, OutdatedReads, type Subject } from './outdated.js';

/** Of one tool in one session: at most so many characters of results, and of one result. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
const LARGEST_RESULT = 1024 * 1024;

/** A result in a form that no caller can change: its text, or itself where nothing of it can change. */
export type Kept = { readonly text: string } | { readonly plain: unknown };

/** @throws UnencodableValueError for what has no faithful copy. */
export function keep(value: unknown): Kept {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol'
    ? { text: encodeValue(value) }
    : { plain: value };
}

/** A copy of one's own. */
export function copyOf(kept: Kept): unknown {
  return 'text' in kept ? decodeValue(kept.text) : kept.plain;
}

function sizeOf(kept: Kept | undefined): number {
  if (kept === undefined) return 0;
  if ('text' in kept) return kept.text.length;
  return typeof kept.plain === 'string' ? kept.plain.length : 0;
}

/** How an execution ended for those who waited: its value, and what of it can be given to several. */
export interface Answer {
  readonly value: unknown;
  readonly kept: Kept | undefined;
}

/** One execution of a read, and later what it gave. */
export interface Reading {
  readonly began: Instant;
  readonly moment: Moment;
  readonly subject: Subject;
  /** While it runs: it holds the body's own value. */
  flight: Flight<Answer> | undefined;
  ttlMs: number;
  kept: Kept | undefined;
  /** Executions that wait for it on their way. */
  readonly awaitedIn: Set<Inside>;
  requestId: string | undefined;
}

/** A shared execution, and those around it. */
export interface Inside {
  readonly reading: Reading;
  readonly outer: Inside | undefined;
}

/** What one tool read in one session. */
export class ToolReads {
  readonly #max: number;
  // Without `max`, which would set aside the room for all of them at once, for each tool in each session.
  readonly #results = new LRUCache<string, Reading>({
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ kept }, key) => sizeOf(kept) + key.length + 100,
  });
  readonly #running = new Map<string, Reading>();

  constructor(max: number) {
    this.#max = max;
  }

  result(key: string): Reading | undefined {
    return this.#results.get(key);
  }

  running(key: string): Reading | undefined {
    return this.#running.get(key);
  }

  begin(key: string, reading: Reading): void {
    this.#running.set(key, reading);
  }

  /** @returns whether it was still the one that later callers would join. */
  end(key: string, reading: Reading): boolean {
    return this.#running.get(key) === reading && this.#running.delete(key);
  }

  forget(key: string): void {
    this.#results.delete(key);
  }

  /** @returns false when it is too large. */
  remember(key: string, reading: Reading): boolean {
    if (sizeOf(reading.kept) > LARGEST_RESULT) return false;
    this.#results.set(key, reading);
    if (this.#results.size > this.#max) this.#results.pop();
    // With arguments larger than all there is room for it was not taken in.
    return this.#results.has(key);
  }
}

/** What was read in one session. */
export class SessionReads {
  /** What the session around it read, where that counts here, too. */
  readonly inherited: SessionReads | undefined;
  readonly outdated: OutdatedReads;
  /** Some make their tools anew for each request, in a session that lasts: what they read goes with them. */
  readonly #tools = new WeakMap<object, ToolReads>();

  constructor(slot: SessionSlot) {
    const outer = slot.outer === undefined ? undefined : readsOf(slot.outer);
    this.inherited = slot.inherits ? outer : undefined;
    this.outdated = outer?.outdated ?? new OutdatedReads();
  }

  /** @param tool - stands for the guarded tool, whatever its name. */
  of(tool: object): ToolReads | undefined {
    return this.#tools.get(tool);
  }

  /** The same, made when it is not there. */
  made(tool: object, max: number): ToolReads {
    const found = this.#tools.get(tool);
    if (found !== undefined) return found;
    const made = new ToolReads(max);
    this.#tools.set(tool, made);
    return made;
  }
}

/** What was read in the session; made with the first read. */
export function readsOf(slot: SessionSlot): SessionReads {
  slot.reads ??= new SessionReads(slot);
  return slot.reads as SessionReads;
}
