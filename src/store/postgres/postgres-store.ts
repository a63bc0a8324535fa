/// <reference lib="esnext.disposable" preserve="true" />
import type { Sql } from 'postgres';
import { StoreUnavailableError } from '../../errors/store.js';
import { AGAIN, backoff } from '../backoff.js';
import type {
  Durability,
  ListPage,
  ListQuery,
  RecordKey,
  Renewal,
  RenewalResult,
  Store,
  StoreHealth,
  Transaction,
  TransactionResult,
} from '../contract.js';
import { heedHealth } from '../remote-health.js';
import { planTransaction, type TransactionPlan } from '../transaction-plan.js';
import { checkKey, checkList, checkRenewals } from '../transaction-rules.js';
import { toWire } from '../wire-text.js';
import { type Connection, RowConflict } from './connection.js';
import { factsFrom, judgeServer, type ServerFacts, serverFacts } from './health.js';
import { absencesOf, afterwards, answer, judge } from './judging.js';
import { channelOf, placeArrays, placeOf } from './layout.js';
import { listPage } from './list.js';
import { type Opened, openConnection } from './opening.js';
import type { PostgresStoreOptions } from './options.js';
import { arrayText } from './sql/quote.js';
import { type Statements, statementsFor } from './sql/statements.js';
import { applying, reading, type Seen } from './transact.js';
import { Waiting } from './waiting.js';

/**
 * Opens a store on Postgres 13 or newer, in a database with the encoding UTF8. Each write is on the server's disk before
 * it is answered, whatever the server is set to; what its settings risk beyond that `health` says, and the event
 * `mycelium:store-health` at open.
 *
 * The tables are created or brought up to date when they are not; a store that is up to date opens with the rights to
 * read and write them. `mycelium store migrate --print` prints the statements for somebody else to run.
 *
 * @param where - `postgres://user:password@host:5432/database`, with `?schema=…`, `?sslmode=…` and `?pooled=true`; or a
 *   client of postgres.js that exists: it stays its owner's to end.
 * @throws UsageError when the URL, the client or an option makes no sense, postgres is not installed, or the role may
 *   not create.
 * @throws StoreUnavailableError when the server does not answer.
 * @throws StoreFormatError when the store was created with other settings, or the server is too old or the database of
 *   another encoding. @throws StoreNotFoundError
 * @throws StoreUnsafeError with `profile: 'production'`, when the server can lose what it acknowledged.
 */
export async function openPostgresStore(
  where: string | Sql,
  options: PostgresStoreOptions = {},
): Promise<Store & AsyncDisposable> {
  const opened = await openConnection(where, options);
  const store = new PostgresStore(opened);
  try {
    heedHealth(store.judged(opened.server), options.profile);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class PostgresStore implements Store, AsyncDisposable {
  readonly description: string;
  readonly durability: Durability = 'configured';
  readonly partitions: number;
  readonly remote = true;

  readonly #connection: Connection;
  readonly #statements: Statements;
  readonly #schema: string;
  readonly #channel: string;
  readonly #pooled: boolean;
  readonly #waiting: Waiting;
  readonly #early: boolean;
  /** How many operations are under way, each of one statement or several, and what is done when there are none. */
  #underWay = 0;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor({ connection, schema, partitions, pooled, early }: Opened) {
    this.description = connection.settings.description;
    this.partitions = partitions;
    this.#connection = connection;
    this.#statements = statementsFor(schema);
    this.#schema = schema;
    this.#channel = channelOf(schema);
    this.#pooled = pooled;
    this.#early = early;
    this.#waiting = new Waiting(connection, this.#statements, this.#channel, !pooled);
  }

  transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    return this.#operation('transact', async () => {
      const plan = planTransaction(transaction, nonce, this.partitions);
      if (plan.writes && plan.records.every(({ expected }) => expected !== 'impossible')) {
        const result = await this.#apply(plan, nonce);
        if (result.ok) await this.#sweep(plan);
        return result;
      }
      const seen = await this.#look(plan);
      return answer(plan, judge(plan, nonce, seen) !== 'refused', seen);
    });
  }

  renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    return this.#operation('renew', () => this.#renew(renewals));
  }

  async #renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    checkRenewals(renewals, this.partitions);
    const [only, another] = renewals;
    if (only === undefined) return [];
    if (another === undefined) {
      const { kind, partition, id } = placeOf(only.key);
      const parameters = [kind, partition, id, toWire(only.owner), only.fence, only.ms];
      const rows = await this.#connection.run('renew', this.#statements.renewOne, parameters);
      return [rows[0]?.[0] === 't' ? 'held' : 'lost'];
    }
    const places = renewals.map(({ key }) => placeOf(key));
    const rows = await this.#connection.run(
      'renew',
      this.#statements.renewMany,
      [
        ...placeArrays(places),
        arrayText(renewals.map(({ owner }) => toWire(owner))),
        arrayText(renewals.map(({ fence }) => fence)),
        arrayText(renewals.map(({ ms }) => ms)),
      ],
      true,
    );
    const held = new Set(rows.map(([number]) => Number(number) - 1));
    return renewals.map((_, position) => (held.has(position) ? 'held' : 'lost'));
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#operation('list', async () => {
      checkList(query);
      return listPage(this.#connection, this.#statements, this.partitions, query);
    });
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    this.#checkOpen('watch');
    checkKey(key, this.partitions, 'watch(key)');
    await this.#waiting.wait(key, revision, signal);
  }

  health(): Promise<StoreHealth> {
    return this.#operation('health', async () => {
      const [row] = await this.#connection.run('health', serverFacts(this.#schema), []);
      return this.judged(factsFrom(row ?? []));
    });
  }

  /** The health of a server that said this of itself. */
  judged(server: ServerFacts): StoreHealth {
    const { prepares } = this.#connection;
    return judgeServer(this.description, server, { pooled: this.#pooled, prepares, early: this.#early });
  }

  close(options: { readonly drain?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drain === true);
    return this.#closing;
  }

  async #close(drain: boolean): Promise<void> {
    const unlistened = this.#waiting.close();
    if (drain && this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    await unlistened;
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Applies a transaction that writes: one statement, unless it met what it could not see. Then the records are read
   * by another one, and if nothing speaks against the transaction any more, it is sent again.
   */
  async #apply(plan: TransactionPlan, nonce: string): Promise<TransactionResult> {
    const { timeoutMs } = this.#connection.settings;
    const start = performance.now();
    for (let attempt = 0; ; attempt++) {
      const step = applying(plan, nonce, this.#statements, this.#channel, attempt > 0);
      let seen: Seen | undefined;
      try {
        seen = step.read(await this.#connection.run('transact', step.statement, step.parameters, step.planned));
      } catch (error) {
        // It met a row that it could not see, and wrote nothing.
        if (!(error instanceof RowConflict)) throw error;
      }
      if (seen?.applied === true) return answer(plan, true, afterwards(plan, nonce, seen));
      // The state of the beginning explains a refusal as a rule, and never wrongly: it did stand while this ran.
      let verdict = seen === undefined ? 'open' : judge(plan, nonce, seen);
      if (seen === undefined || verdict === 'open') {
        seen = await this.#look(plan);
        verdict = judge(plan, nonce, seen);
      }
      if (verdict !== 'open') return answer(plan, verdict === 'before', seen);
      if (performance.now() - start > timeoutMs)
        throw new StoreUnavailableError({
          store: this.description,
          during: 'transact',
          applied: 'no',
          cause: new Error(`others were faster ${attempt + 1} times`),
        });
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, backoff(AGAIN, attempt)));
    }
  }

  /**
   * Deletes the rows that stand for absences beside records that were removed: with these gone, nobody puts a record
   * there that would take the row over. It is no part of the answer, which is certain already.
   */
  async #sweep(plan: TransactionPlan): Promise<void> {
    if (!plan.records.some(({ removed }) => removed)) return;
    const places = absencesOf(plan).map(placeOf);
    if (places.length === 0) return;
    const { sweepAbsences } = this.#statements;
    await this.#connection.run('transact', sweepAbsences, placeArrays(places), true).catch(() => undefined);
  }

  /** The records of a transaction as they stand. */
  async #look(plan: TransactionPlan): Promise<Seen> {
    const { statement, parameters, planned, read } = reading(plan, this.#statements);
    return read(await this.#connection.run('transact', statement, parameters, planned));
  }

  async #operation<T>(during: string, work: () => Promise<T>): Promise<T> {
    this.#checkOpen(during);
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    }
  }

  #checkOpen(during: string): void {
    if (this.#closing !== undefined) throw this.#connection.closedError(during);
  }
}
