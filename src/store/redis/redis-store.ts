/// <reference lib="esnext.disposable" preserve="true" />
import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError } from '../../errors/store.js';
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
import { planTransaction } from '../transaction-plan.js';
import { checkKey, checkList, checkRenewals } from '../transaction-rules.js';
import { toWire } from '../wire-text.js';
import type { Connection, MayWrite } from './connection.js';
import { createSubscriber } from './driver.js';
import { askServers, judge } from './health.js';
import type { Layout } from './layout.js';
import { listPage } from './list.js';
import { type Created, openConnection, openFacts } from './opening.js';
import type { RedisStoreOptions } from './options.js';
import { SCRIPTS } from './script.js';
import { argumentsOf, resultFrom } from './transact.js';
import { Waiting } from './waiting.js';

/**
 * Opens a store on Redis 7, on one server or a cluster. What its answers survive is what the server is set to:
 * `health` says so, and so does the event `mycelium:store-health` at open and after each reconnect.
 *
 * @param where - `redis://user:password@host:6379/0` (`rediss:` for TLS, `?cluster=true` for a cluster), or a client
 *   of ioredis that exists: it stays its owner's to close, and gets a second connection for messages.
 * @throws UsageError when the URL or an option makes no sense, or ioredis is not installed.
 * @throws StoreUnavailableError when the server does not answer.
 * @throws StoreFormatError when the store was created with other settings. @throws StoreNotFoundError
 * @throws StoreLostError when a part of it is gone. @throws StoreUnsafeError with `profile: 'production'`.
 */
export async function openRedisStore(
  where: string | Redis | Cluster,
  options: RedisStoreOptions = {},
): Promise<Store & AsyncDisposable> {
  const { connection, layout } = await openConnection(where, options);
  const look = (): Promise<void> => lookAt(connection, options.profile);
  try {
    // Before anything is written there.
    await look();
    return new RedisStore(connection, layout, await openFacts(connection, layout, options), { ...options, look });
  } catch (error) {
    await connection.close(false);
    throw error;
  }
}

/** Looks at the server. @throws StoreUnsafeError for production, when acknowledged records can be lost. */
async function lookAt(connection: Connection, profile: RedisStoreOptions['profile']): Promise<void> {
  heedHealth(await healthOf(connection), profile);
}

async function healthOf(connection: Connection): Promise<StoreHealth> {
  const { description, durability } = connection.settings;
  return judge(description, await connection.ask('health', askServers), durability?.replicas);
}

/** A server that is unfit for production is looked at again after this long, in milliseconds, when somebody calls. */
const LOOK_AGAIN_MS = 1_000;

/** One look at a server that came back. */
interface Look {
  readonly done: Promise<void>;
  readonly since: number;
  failed: boolean;
}

class RedisStore implements Store, AsyncDisposable {
  readonly description: string;
  readonly durability: Durability = 'configured';
  readonly partitions: number;
  readonly remote = true;

  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #id: string;
  readonly #durably: boolean;
  readonly #waiting: Waiting;
  readonly #look: () => Promise<void>;
  /** Production only. */
  readonly #mayWrite: MayWrite | undefined;
  #closing: Promise<void> | undefined;
  /** The look at a server that came back, until it was found fit. */
  #looking: Look | undefined;

  constructor(
    connection: Connection,
    layout: Layout,
    { id, partitions }: Created,
    options: RedisStoreOptions & { readonly look: () => Promise<void> },
  ) {
    const { description, durability, timeoutMs } = connection.settings;
    this.description = description;
    this.partitions = partitions;
    this.#connection = connection;
    this.#layout = layout;
    this.#id = id;
    this.#durably = durability !== undefined;
    this.#look = options.look;
    const channel = `${layout.facts}:${randomBytes(9).toString('base64url')}`;
    this.#waiting = new Waiting(connection, layout, channel, () => createSubscriber(connection.client, timeoutMs));
    const strict = options.profile === 'production';
    this.#mayWrite = strict ? () => (this.#looking === undefined ? undefined : this.#foundFit()) : undefined;
    connection.onReconnect = () => {
      const look = this.#lookAgain();
      if (strict) this.#looking = look;
    };
  }

  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    this.#checkOpen('transact');
    const plan = planTransaction(transaction, nonce, this.partitions);
    // A read, too: what it shows somebody acts on, and the replicas may not have it yet.
    const waits = this.#durably;
    const { keys, args } = argumentsOf(plan, nonce, this.#layout, this.#id, waits);
    const answer = await (waits
      ? this.#connection.runDurably('transact', SCRIPTS.transact, keys, args, this.#mayWrite)
      : this.#connection.run('transact', SCRIPTS.transact, keys, args, this.#mayWrite));
    return resultFrom(plan, answer as readonly unknown[]);
  }

  /**
   * A server that came back unfit is asked, too: a lease that is still there is nobody else's, and to let it run out
   * would give a call that runs to somebody who does not look.
   */
  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    this.#checkOpen('renew');
    checkRenewals(renewals, this.partitions);
    if (!this.#connection.client.isCluster) return this.#renewTogether(renewals);
    // A script of a cluster stays in one slot, and so in one partition.
    const results: RenewalResult[] = [];
    const partitions = [...new Set(renewals.map(({ key }) => key.partition))];
    await Promise.all(
      partitions.map(async (partition) => {
        const positions = renewals.flatMap(({ key }, at) => (key.partition === partition ? [at] : []));
        const answers = await this.#renewTogether(positions.map((at) => renewals[at] as Renewal));
        for (const [at, position] of positions.entries()) results[position] = answers[at] as RenewalResult;
      }),
    );
    return results;
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.#checkOpen('list');
    checkList(query);
    return this.#connection.ask('list', (client) => listPage(client, this.#layout, this.partitions, query));
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    this.#checkOpen('watch');
    checkKey(key, this.partitions, 'watch(key)');
    await this.#waiting.wait(key, revision, signal);
  }

  async health(): Promise<StoreHealth> {
    this.#checkOpen('health');
    return healthOf(this.#connection);
  }

  close(options: { readonly drain?: boolean } = {}): Promise<void> {
    this.#waiting.close();
    this.#closing ??= this.#connection.close(options.drain === true);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #lookAgain(): Look {
    const look: Look = { done: this.#look(), since: performance.now(), failed: false };
    // Whoever calls is told; if nobody calls, nobody needs to be.
    look.done.catch(() => {
      look.failed = true;
    });
    return look;
  }

  /** Waits until a server that came back was looked at and found fit. */
  async #foundFit(): Promise<void> {
    const last = this.#looking;
    if (last?.failed === true && performance.now() - last.since >= LOOK_AGAIN_MS) this.#looking = this.#lookAgain();
    const look = this.#looking;
    await look?.done;
    if (this.#looking === look) this.#looking = undefined;
  }

  async #renewTogether(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    if (renewals.length === 0) return [];
    const partitions = [...new Set(renewals.map(({ key }) => key.partition))];
    const keys = [...partitions.map(this.#layout.mark), ...renewals.map(({ key }) => this.#layout.record(key))];
    const args = [this.#id, String(partitions.length)];
    for (const { owner, fence, ms } of renewals) args.push(toWire(owner), String(fence), String(ms));
    const answers = (await this.#connection.run('renew', SCRIPTS.renew, keys, args)) as readonly number[];
    return answers.map((held) => (Number(held) === 1 ? 'held' : 'lost'));
  }

  #checkOpen(during: string): void {
    if (this.#closing === undefined) return;
    throw new StoreUnavailableError({
      store: this.description,
      during,
      applied: 'no',
      remedy: 'The store was closed. Open it again; what was recorded is still there.',
    });
  }
}
