import { randomBytes } from 'node:crypto';
import type { RowList, Sql } from 'postgres';
import { StoreUnavailableError } from '../../errors/store.js';
import { type OwnClient, reconnectDelay } from './client.js';
import { Deadlines } from './deadlines.js';
import type { Row } from './layout.js';
import { ForeignAnswer, LateAnswer, messageOf, NotConnected, postgresError, verdictOn } from './postgres-error.js';
import { inline, type Parameter } from './sql/quote.js';
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
  #tags = 0;
  /** The process that the driver was last told is at work for it. */
  #backend = '';
  readonly #deadlines: Deadlines;
  readonly #texts = new Map<string, string>();
  readonly #outstanding = new Set<Promise<unknown>>();
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
    const answer = this.#attempts(during, statement, parameters, planned);
    this.#outstanding.add(answer);
    try {
      return await answer;
    } finally {
      this.#outstanding.delete(answer);
    }
  }

  /** Whether a pooler stands between: it names other processes to its clients than those that work for them. */
  async isPooled(): Promise<boolean> {
    const [row] = await this.run('open', 'SELECT $0::text, pg_backend_pid()', [], true);
    return row?.[0] !== this.#backend;
  }

  /** Ends what was opened here. @param drain - first wait for what is under way. */
  async close(drain: boolean): Promise<void> {
    if (drain) await Promise.allSettled(this.#outstanding);
    this.#closed = true;
    const clients = [...this.#givenUp.keys()];
    if (this.#own !== undefined) clients.push(this.#own);
    for (const timer of this.#givenUp.values()) clearTimeout(timer);
    this.#givenUp.clear();
    await Promise.all(clients.map((client) => client.end()));
  }

  async #attempts(
    during: string,
    statement: string,
    parameters: readonly Parameter[],
    planned: boolean,
  ): Promise<Row[]> {
    const { description: store, timeoutMs, secrets } = this.settings;
    const start = performance.now();
    let connecting: unknown;
    for (let attempt = 0; ; attempt++) {
      const left = timeoutMs - (performance.now() - start);
      const prepare = !planned && this.prepares;
      try {
        return await this.#send(statement, parameters, prepare, left);
      } catch (error) {
        const next = this.#nextAfter(error, prepare);
        if (next === 'conflict') throw new RowConflict();
        if (next === 'connect' && !(error instanceof NotConnected)) connecting = error;
        const wait = next === 'prepare' ? 0 : reconnectDelay(attempt);
        if (next === 'end' || this.#closed || wait >= timeoutMs - (performance.now() - start)) {
          // Why there was no connection says more than that there was none.
          const cause = error instanceof NotConnected ? (connecting ?? error) : error;
          throw postgresError({ store, during, error: cause, secrets });
        }
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #send(
    statement: string,
    parameters: readonly Parameter[],
    prepare: boolean,
    milliseconds: number,
  ): Promise<Row[]> {
    const [sql, own] = [this.#sql, this.#own !== undefined];
    const { timeoutMs } = this.settings;
    const tag = `${TAG}${(this.#tags++).toString(36)}`;
    const query = prepare
      ? sql.unsafe(this.#numbered(statement, parameters.length), [...parameters, tag], { prepare: true })
      : sql.unsafe(inline(statement, parameters, tag));
    const late = (): Error => {
      if (sql === this.#sql) this.#replace(timeoutMs);
      // Not in the driver's types: where it was given to, which is nowhere yet. Withdrawn there, it is never sent.
      const unsent = own && (query as { state?: unknown }).state === null;
      if (unsent) query.cancel();
      return unsent
        ? new NotConnected(`no connection within ${Math.round(milliseconds)} ms`)
        : new LateAnswer(milliseconds);
    };
    // Raw: the types and transformations of somebody else's client are not for us.
    const raw = query.raw() as PromiseLike<unknown> as PromiseLike<RawRowList>;
    const answer = await this.#deadlines.wait(raw, milliseconds, late).catch((error: unknown) => {
      // Given up by the driver before it was given to a connection. What only waits may still be.
      const unsent = (query as { state?: unknown }).state === null && !(error instanceof LateAnswer);
      throw unsent && verdictOn(error).applied === 'unknown'
        ? new NotConnected(messageOf(error, this.settings.secrets))
        : error;
    });
    this.#backend = String(answer.state?.pid);
    return answer.map((row) => {
      if (row[0]?.toString() !== tag) throw new ForeignAnswer();
      const cells: (string | null)[] = [];
      for (let at = 1; at < row.length; at++) cells.push(row[at]?.toString() ?? null);
      return cells;
    });
  }

  /** The statement with a number for its tag: the one after its parameters. */
  #numbered(statement: string, parameters: number): string {
    const text = this.#texts.get(statement) ?? statement.replaceAll('$0', () => `$${parameters + 1}`);
    this.#texts.set(statement, text);
    return text;
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

/** What the driver answers when it is asked for what the server sent, and nothing made of it. */
type RawRowList = RowList<(Buffer | null)[][]>;

/** Begins what answers are known by; of this process, so that no other one's pass. */
const TAG = randomBytes(6).toString('base64url');
