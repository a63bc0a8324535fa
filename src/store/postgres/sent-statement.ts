import { randomBytes } from 'node:crypto';
import type { RowList, Sql } from 'postgres';
import type { Row } from './layout.js';
import { ForeignAnswer, isBroken, messageOf, NotConnected } from './postgres-error.js';
import { inline, type Parameter } from './sql/quote.js';

/** What the driver answers when it is asked for what the server sent, and nothing made of it. */
export type RawAnswer = RowList<(Buffer | null)[][]>;

/** Begins what answers are known by; of this process, so that no other one's pass. */
const TAG = randomBytes(6).toString('base64url');
let sent = 0;

/** The statement with a number for its tag: the one after its parameters. */
export function numbered(statement: string, parameters: number): string {
  return statement.replaceAll('$0', () => `$${parameters + 1}`);
}

/** A statement that was given to the driver. */
export class SentStatement {
  /** What the driver will say. Raw: the types and transformations of somebody else's client are not for us. */
  readonly answer: PromiseLike<RawAnswer>;
  readonly #tag: string;
  readonly #query: ReturnType<Sql['unsafe']>;

  /** @param text - if it is prepared with a number for its tag, otherwise with `$0`. */
  constructor(sql: Sql, text: string, parameters: readonly Parameter[], prepare: boolean) {
    sent += 1;
    this.#tag = TAG + sent.toString(36);
    this.#query = prepare
      ? sql.unsafe(text, [...parameters, this.#tag], PREPARED)
      : sql.unsafe(inline(text, parameters, this.#tag));
    this.answer = this.#query.raw() as PromiseLike<unknown> as PromiseLike<RawAnswer>;
  }

  /** Whether it was given to no connection yet. Not in the driver's types; without it nothing is known. */
  get unsent(): boolean {
    return (this.#query as { state?: unknown }).state === null;
  }

  /** Withdraws it from the driver; one that is unsent is never sent then. */
  withdraw(): void {
    this.#query.cancel();
  }

  /**
   * The rows without their tags; every statement of ours answers at least one.
   *
   * @throws ForeignAnswer when it is the answer to another statement
   */
  rows(answer: RawAnswer): Row[] {
    if (answer.length === 0) throw new ForeignAnswer();
    return answer.map((row) => {
      if (row[0]?.toString() !== this.#tag) throw new ForeignAnswer();
      const cells: (string | null)[] = [];
      for (let at = 1; at < row.length; at++) cells.push(row[at]?.toString() ?? null);
      return cells;
    });
  }

  /**
   * What an error of the driver means. When a connection broke before it was given this, the driver has given it up;
   * what only waits may still be sent.
   */
  judged(error: unknown, secrets: readonly string[]): unknown {
    return this.unsent && isBroken(error) ? new NotConnected(messageOf(error, secrets)) : error;
  }
}

const PREPARED = { prepare: true };
