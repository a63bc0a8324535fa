/**
 * What is seen of a run from outside the library: one line per event, in one order for all workers. The page cache
 * survives a SIGKILL, so what a worker wrote before it died is there.
 */
import fs from 'node:fs';

/** A call was made. */
export interface Invoked {
  readonly type: 'invoked';
  readonly worker: string;
  /** Unique per invocation. */
  readonly call: string;
  readonly key: string;
}

/** A call was answered with a value. */
export interface Answered {
  readonly type: 'answered';
  readonly worker: string;
  readonly call: string;
  readonly key: string;
  /** The value as text, its types included. */
  readonly value: string;
}

/**
 * How a call ends without a value: `blocked` until somebody settles it; `refused` for now, with an error that says
 * so; `uncertain`: it ran, and recording it failed; `unexpected`: an error nobody announced.
 */
export type Ending = 'blocked' | 'refused' | 'uncertain' | 'unexpected';

/** A call ended without a value. */
export interface Failed {
  readonly type: 'failed';
  readonly worker: string;
  readonly call: string;
  readonly key: string;
  readonly ending: Ending;
  readonly code: string;
  readonly message: string;
}

/** A call was not answered within any time that the library promises. */
export interface Hung {
  readonly type: 'hung';
  readonly worker: string;
  readonly call: string;
  readonly key: string;
}

/** A body started. */
export interface BodyStarted {
  readonly type: 'body';
  readonly worker: string;
  /** The invocation that the body was started for. */
  readonly call: string;
  readonly key: string;
  readonly attempt: number;
}

/** A body is about to throw an error that says nothing of its effect. */
export interface Threw {
  readonly type: 'threw';
  readonly key: string;
  /** Whether its effect had been asked for before. */
  readonly after: boolean;
}

/** A request reached the provider, whose book this is. Whether it took effect follows from the lines before it. */
export interface Requested {
  readonly type: 'requested';
  readonly worker: string;
  readonly key: string;
  readonly attempt: number;
  /** What the provider answers, and keeps: unique per request. */
  readonly receipt: string;
  /** When it arrived, in milliseconds of the one clock that nobody shifts. */
  readonly at: number;
  /** The key that the provider honours, and for how long, in milliseconds. Absent: it looks at no key. */
  readonly idempotency?: { readonly key: string; readonly ms: number };
}

/** The provider was told to refuse whatever attempts up to this one still send. */
export interface Closed {
  readonly type: 'closed';
  readonly key: string;
  readonly through: number;
}

/** The operator settled a call, by what the provider's book says. */
export interface Released {
  readonly type: 'released';
  readonly key: string;
  readonly as: 'completed' | 'not-executed';
}

/** What the ledger lists in the end. */
export interface Recorded {
  readonly type: 'recorded';
  readonly key: string;
  readonly phase: string;
}

/** A receipt without its outcome, or an outcome without its receipt. */
export interface Unproven {
  readonly type: 'unproven';
  readonly key: string;
  readonly what: string;
}

/** All receipts were held against all records. */
export interface Audited {
  readonly type: 'audited';
  readonly receipts: number;
}

/** A fault struck. */
export interface Struck {
  readonly type: 'struck';
  readonly fault: string;
  readonly worker: string;
}

/** The last workers are gone; what follows is recovery. */
export interface Recovering {
  readonly type: 'recovering';
}

/** One line. */
export type Event =
  | Invoked
  | Answered
  | Failed
  | Hung
  | BodyStarted
  | Threw
  | Requested
  | Closed
  | Released
  | Recorded
  | Unproven
  | Audited
  | Struck
  | Recovering;

/** Where events go, and where the provider reads its book. */
export interface Witness {
  add(event: Event): void;
  /** Everything so far, in order. */
  events(): readonly Event[];
}

/** For workers in one process. */
export function memoryWitness(): Witness {
  const events: Event[] = [];
  return {
    add: (event) => void events.push(event),
    events: () => events,
  };
}

/** For workers in several: a file to which each line is appended in one write. */
export function fileWitness(path: string): Witness & { close(): void } {
  const descriptor = fs.openSync(path, 'a+');
  return {
    add(event) {
      const line = Buffer.from(`${JSON.stringify(event)}\n`);
      const written = fs.writeSync(descriptor, line);
      if (written !== line.length) throw new Error(`the witness took ${written} of ${line.length} bytes`);
    },
    events: () => parseEvents(fs.readFileSync(path, 'utf8')),
    close: () => fs.closeSync(descriptor),
  };
}

/** Reads lines; one that is being written by a worker that is dying right now is not there yet. */
function parseEvents(text: string): Event[] {
  const end = text.lastIndexOf('\n');
  if (end < 0) return [];
  return text
    .slice(0, end)
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}
