/** The outside world that tools have their effects on. It keeps no ledger of ours: its book is the witness. */
import type { Event, Requested, Witness } from './witness.js';

/** What the provider made of a request. */
export type Outcome =
  | { readonly outcome: 'accepted' }
  /** It knew the idempotency key, and answers what it answered then. */
  | { readonly outcome: 'repeated'; readonly first: Requested }
  /** Attempts up to this one had been closed. */
  | { readonly outcome: 'refused' };

/** Judges every request of a book in its order, which is the order of arrival. */
export function judgeRequests(events: readonly Event[]): ReadonlyMap<Requested, Outcome> {
  const outcomes = new Map<Requested, Outcome>();
  const closed = new Map<string, number>();
  const honoured = new Map<string, Requested>();
  for (const event of events) {
    if (event.type === 'closed') {
      closed.set(event.key, Math.max(event.through, closed.get(event.key) ?? 0));
    } else if (event.type === 'released') {
      // The operator, who releases when no worker is left, has it opened again; attempts count from 1 again, too.
      closed.delete(event.key);
    } else if (event.type === 'requested') {
      outcomes.set(event, judge(event, closed.get(event.key) ?? 0, honoured));
    }
  }
  return outcomes;
}

function judge(request: Requested, closedThrough: number, honoured: Map<string, Requested>): Outcome {
  const { idempotency } = request;
  const first = idempotency === undefined ? undefined : honoured.get(idempotency.key);
  if (first !== undefined && request.at - first.at < (idempotency?.ms ?? 0)) return { outcome: 'repeated', first };
  if (request.attempt <= closedThrough) return { outcome: 'refused' };
  if (idempotency !== undefined) honoured.set(idempotency.key, request);
  return { outcome: 'accepted' };
}

/** The requests for a key that took effect, in order. */
function effectsOf(events: readonly Event[], key: string): Requested[] {
  return [...judgeRequests(events)]
    .filter(([request, { outcome }]) => request.key === key && outcome === 'accepted')
    .map(([request]) => request);
}

/** What a tool returns: types that plain JSON would lose are part of it. */
export interface Result {
  readonly receipt: string;
  readonly at: Date;
  readonly amount: bigint;
  readonly padding: string;
}

/** The result that belongs to a request. */
export function resultOf(request: Requested, padding: number): Result {
  return {
    receipt: request.receipt,
    at: new Date(request.at),
    amount: BigInt(request.at),
    padding: 'x'.repeat(padding),
  };
}

/** A result as one line; whatever is not of its type shows. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join('; ')}]`;
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
  const { receipt, at, amount, padding } = value as Partial<Result>;
  const instant = at instanceof Date ? at.toISOString() : `${typeof at} ${String(at)}`;
  return `${String(receipt)} ${instant} ${typeof amount} ${String(amount)} ${String(padding?.length)}`;
}

/** What a body sends. */
export type Request = Omit<Requested, 'type' | 'at'>;

/** The provider as one worker reaches it. */
export interface Provider {
  /** Sends a request. @returns the request whose receipt the provider answers, or undefined when it was refused. */
  send(request: Request): Requested | undefined;
  /** The effect of a key, if there was one. */
  find(key: string): Requested | undefined;
  /** From now on refuses what these attempts may still send. @returns the effect of the key, if there was one. */
  close(key: string, through: number): Requested | undefined;
}

/** @param now - the one clock that nobody shifts, in milliseconds. */
export function providerOver(witness: Witness, now: () => number): Provider {
  const find = (key: string): Requested | undefined => effectsOf(witness.events(), key)[0];
  return {
    send(request) {
      witness.add({ type: 'requested', at: Math.floor(now()), ...request });
      for (const [one, verdict] of judgeRequests(witness.events())) {
        if (one.receipt !== request.receipt) continue;
        if (verdict.outcome === 'refused') return undefined;
        return verdict.outcome === 'repeated' ? verdict.first : one;
      }
      throw new Error(`the provider's book has no line for ${request.receipt}`);
    },
    find,
    close(key, through) {
      witness.add({ type: 'closed', key, through });
      return find(key);
    },
  };
}
