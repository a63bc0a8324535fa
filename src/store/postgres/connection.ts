import type { Sql } from 'postgres';
import { StoreUnavailableError } from '../../errors/store.js';
import { AGAIN, backoff } from '../backoff.js';
import type { OwnClient } from './client.js';
import { Deadlines } from './deadlines.js';
import type { Row } from './layout.js';
import { ForeignAnswer, LateAnswer, NotConnected, postgresError, verdictOn } from './postgres-error.js';
import { numbered, SentStatement } from './sent-statement.js';
import type { Parameter } from './sql/quote.js';
import type { Verdict } from './sqlstate.js';

/** How to talk to the server. */
export interface ConnectionSettings {
  /** For people, without credentials. */
  readonly description: string;
  /** For a connection to be there and a statement to be answered. */
  readonly timeoutMs: number;
  /** What must not be read in a message. */
  readonly secrets: readonly string[];
  /** Makes another client, when the one at hand hangs. Absent: it is somebody else's. */
  readonly renew?: () => OwnClient;
}

/** A row was there that the statement could not see. It wrote nothing, and is to be judged anew. */
export class RowConflict extends Error {}

/** The statements of a store: each one has a deadline, and fails as a StoreUnavailableError. */
export class Connection {
  readonly settings: ConnectionSettings;
  /** Called with another client, when the one before was given up. */
  onReplaced: (() => void) | undefined;
  #sql: Sql;
  #own: OwnClient | undefined;
  /** Whether statements are prepared. A pooler may give each of them another session. */
  prepares = false;
  #replacedAt = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** The process that the driver was last told is at work for it. */
  #backend: number | undefined;
  readonly #deadlines: Deadlines;
  readonly #texts = new Map<string, string>();
  /** Clients that were given up; what is under way on them may still be answered for a while. */
  readonly #givenUp = new Map<OwnClient, NodeJS.Timeout>();

  /** @param client - our own, or somebody else's. */
  constructor(client: OwnClient | Sql, settings: ConnectionSettings) {
    this.#own = typeof client === 'function' ? undefined : client;
    this.#sql = typeof client === 'function' ? client : client.sql;
    this.settings = settings;
    this.#deadlines = new Deadlines(settings.timeoutMs);
  }

  /** The driver's client at the moment. */
  get sql(): Sql {
    return this.#sql;
  }

  /**
   * Runs one statement, a transaction of its own.
   *
   * @param planned - plan it each time, for the tables as they are.
   * @throws StoreUnavailableError, RowConflict
   */
  async run(during: string, statement: string, parameters: readonly Parameter[], planned = false): Promise<Row[]> {
    const { timeoutMs } = this.settings;
    const start = performance.now();
    let connecting: unknown;
    for (let attempt = 0; ; attempt++) {
      const prepare = this.prepares && !planned;
      const sql = this.#sql;
      const text = prepare ? this.#numbered(statement, parameters.length) : statement;
      const query = new SentStatement(sql, text, parameters, prepare);
      try {
        const left = timeoutMs - (performance.now() - start);
        const answer = await this.#deadlines.wait(query.answer, left, () => this.#late(query, sql, left));
        this.#backend = answer.state?.pid;
        return query.rows(answer);
      } catch (error) {
        const failure = query.judged(error, this.settings.secrets);
        const next = this.#nextAfter(failure, prepare);
        if (next === 'conflict') throw new RowConflict();
        // Why there was no connection says more than that there was none.
        if (next === 'connect' && !(failure instanceof NotConnected)) connecting = failure;
        const wait = next === 'prepare' ? 0 : backoff(AGAIN, attempt);
        if (next === 'end' || this.#closed || wait >= timeoutMs - (performance.now() - start))
          throw this.unavailable(during, failure instanceof NotConnected ? (connecting ?? failure) : failure);
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** What the driver promises, within the time that a statement may take. @throws LateAnswer */
  within<T>(promise: PromiseLike<T>): Promise<T> {
    const { timeoutMs } = this.settings;
    return this.#deadlines.wait(promise, timeoutMs, () => new LateAnswer(timeoutMs));
  }

  /** Whether a pooler stands between: it names other processes to its clients than those that work for them. */
  async isPooled(): Promise<boolean> {
    const [row] = await this.run('open', 'SELECT $0::text, pg_backend_pid()', [], true);
    return row?.[0] !== String(this.#backend);
  }

  /** Ends what was opened here, whatever is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    const clients = [...this.#givenUp.keys()];
    if (this.#own !== undefined) clients.push(this.#own);
    for (const timer of this.#givenUp.values()) clearTimeout(timer);
    this.#givenUp.clear();
    await Promise.all(clients.map((client) => client.end()));
  }

  /** The statement with a number for its tag. */
  #numbered(statement: string, parameters: number): string {
    const text = this.#texts.get(statement) ?? numbered(statement, parameters);
    this.#texts.set(statement, text);
    return text;
  }

  /** No answer came in time. What the driver has given to no connection of ours is withdrawn, and that is known. */
  #late(query: SentStatement, sql: Sql, milliseconds: number): Error {
    if (sql === this.#sql) this.#replace(this.settings.timeoutMs);
    if (this.#own === undefined || !query.unsent) return new LateAnswer(milliseconds);
    query.withdraw();
    return new NotConnected(`no connection within ${Math.round(milliseconds)} ms`);
  }

  #nextAfter(error: unknown, prepared: boolean): Verdict['next'] {
    const { next } = verdictOn(error);
    // The driver has lost count of what it was answered.
    const lost = error instanceof ForeignAnswer || error instanceof RangeError || error instanceof TypeError;
    // Or connections are shared by a pooler, and what was prepared on one of them is missing on the next.
    if (lost || next === 'prepare') {
      this.prepares = false;
      this.#replace(0);
    }
    return next === 'prepare' && !prepared ? 'end' : next;
  }

  /**
   * A connection that does not answer may never: what comes next is sent over others.
   *
   * @param patienceMs - so long what is under way may still be answered.
   */
  #replace(patienceMs: number): void {
    const { renew, timeoutMs } = this.settings;
    const now = performance.now();
    if (this.#own === undefined || renew === undefined || this.#closed || now - this.#replacedAt < timeoutMs) return;
    this.#replacedAt = now;
    const before = this.#own;
    this.#own = renew();
    this.#sql = this.#own.sql;
    const end = (): void => {
      this.#givenUp.delete(before);
      before.end().catch(() => undefined);
    };
    this.#givenUp.set(before, setTimeout(end, patienceMs).unref());
    this.onReplaced?.();
  }

  /** The error that the store throws for one of the driver. */
  unavailable(during: string, error: unknown): Error {
    const { description: store, secrets } = this.settings;
    return postgresError({ store, during, error, secrets });
  }

  /** The error for a call after the close. */
  closedError(during: string): StoreUnavailableError {
    return new StoreUnavailableError({
      store: this.settings.description,
      during,
      applied: 'no',
      remedy: 'The store was closed. Open it again; what was recorded is still there.',
    });
  }
}
