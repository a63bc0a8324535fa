/// <reference lib="esnext.disposable" preserve="true" />
import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError, StoreUnsafeError } from '../../errors/store.js';
import { emit } from '../../tool/events.js';
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
import type { RemoteStoreOptions } from '../remote-options.js';
import { planTransaction } from '../transaction-plan.js';
import { checkKind, checkLease, checkList, checkPartition } from '../transaction-rules.js';
import { toWire } from '../wire-text.js';
import type { Connection } from './connection.js';
import { askServers, judge } from './health.js';
import type { Layout } from './layout.js';
import { listPage } from './list.js';
import { type Created, openConnection } from './opening.js';
import { SCRIPTS } from './script.js';
import { argumentsOf, resultFrom } from './transact.js';
import { Waiting } from './waiting.js';

/** What a Redis store can be told. */
export interface RedisStoreOptions extends RemoteStoreOptions {
  /** The beginning of every key. No braces, no whitespace. @default 'mycelium' */
  readonly prefix?: string;
  /**
   * Waits until so many replicas have what was written, in the same round trip; with fewer in time a tool does not
   * run. Without it a failover can lose the latest claims.
   */
  readonly durability?: {
    readonly replicas: number;
    /** How long to wait for them, in milliseconds. @default 1_000 */
    readonly timeoutMs?: number;
  };
}

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
  const opened = await openConnection(where, options);
  try {
    const store = new RedisStore(opened.connection, opened.layout, opened.created, options);
    await store.check();
    return store;
  } catch (error) {
    await opened.connection.close(false);
    throw error;
  }
}

class RedisStore implements Store, AsyncDisposable {
  readonly description: string;
  readonly durability: Durability = 'configured';
  readonly partitions: number;
  readonly remote = true;

  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #id: string;
  readonly #production: boolean;
  readonly #replicas: number | undefined;
  readonly #waiting: Waiting;
  #closing: Promise<void> | undefined;
  /** Set while a server that came back is looked at, and when it was found unfit for production. */
  #unfit: Promise<void> | undefined;

  constructor(connection: Connection, layout: Layout, { id, partitions }: Created, options: RedisStoreOptions) {
    this.description = connection.settings.description;
    this.partitions = partitions;
    this.#connection = connection;
    this.#layout = layout;
    this.#id = id;
    this.#production = options.profile === 'production';
    this.#replicas = options.durability?.replicas;
    const channel = `${layout.facts}:${randomBytes(9).toString('base64url')}`;
    this.#waiting = new Waiting(connection, layout, channel, () => subscriberOf(connection.client));
    connection.onReconnect = () => {
      const checked = this.check();
      // Whoever calls is told; if nobody calls, nobody needs to be.
      checked.catch(() => undefined);
      if (this.#production) this.#unfit = checked;
    };
  }

  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    this.#checkOpen('transact');
    const plan = planTransaction(transaction, nonce, this.partitions);
    if (this.#unfit !== undefined) await this.#fit();
    const waits = plan.writes && this.#replicas !== undefined;
    const { keys, args } = argumentsOf(plan, nonce, this.#layout, this.#id, waits);
    const answer = await (waits
      ? this.#connection.runDurably('transact', SCRIPTS.transact, keys, args)
      : this.#connection.run('transact', SCRIPTS.transact, keys, args));
    return resultFrom(plan, answer as readonly unknown[]);
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    this.#checkOpen('renew');
    for (const { key, ms } of renewals) {
      checkPartition(key, this.partitions, 'renew(renewals)');
      checkKind(key.kind, 'renew(renewals)');
      checkLease(ms, 'renew([{ ms }])');
    }
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
    checkPartition(key, this.partitions, 'watch(key)');
    checkKind(key.kind, 'watch(key)');
    await this.#waiting.wait(key, revision, signal);
  }

  async health(): Promise<StoreHealth> {
    this.#checkOpen('health');
    const servers = await this.#connection.ask('health', askServers);
    return judge(this.description, servers, this.#replicas);
  }

  /** Looks at the server. @throws StoreUnsafeError for production, when acknowledged records can be lost. */
  async check(): Promise<void> {
    const { store, server, concerns } = await this.health();
    emit('mycelium:store-health', () => ({ store, server, concerns }));
    const unsafe = concerns.filter(({ severity }) => severity === 'unsafe');
    if (this.#production && unsafe.length > 0) throw new StoreUnsafeError({ store, concerns: unsafe });
  }

  close(options: { readonly drain?: boolean } = {}): Promise<void> {
    this.#waiting.close();
    this.#closing ??= this.#connection.close(options.drain === true);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Waits until a server that came back was looked at. One that could not be looked at is looked at again. */
  async #fit(): Promise<void> {
    const checked = this.#unfit;
    try {
      await checked;
      if (this.#unfit === checked) this.#unfit = undefined;
    } catch (error) {
      if (this.#unfit === checked && !(error instanceof StoreUnsafeError)) this.#unfit = this.check();
      throw error;
    }
  }

  async #renewTogether(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    if (renewals.length === 0) return [];
    const partitions = [...new Set(renewals.map(({ key }) => key.partition))];
    const keys = [...partitions.map(this.#layout.mark), ...renewals.map(({ key }) => this.#layout.record(key))];
    const args = [this.#id, String(partitions.length)];
    for (const { owner, fence, ms } of renewals) args.push(toWire(owner), String(fence), String(ms));
    const answers = (await this.#connection.run('renew', SCRIPTS.renew, keys, args)) as readonly number[];
    return answers.map((held) => (held === 1 ? 'held' : 'lost'));
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

/** A connection for messages: it ends when it breaks, because what was missed must be asked for anyway. */
function subscriberOf(client: Redis | Cluster): Redis {
  // In a cluster every node passes messages on, so any one will do.
  const nodes = client.isCluster ? (client as Cluster).nodes('all') : [client as Redis];
  const node = nodes[Math.floor(Math.random() * nodes.length)] ?? (client as Redis);
  return node.duplicate({
    lazyConnect: true,
    retryStrategy: null,
    reconnectOnError: null,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    keepAlive: 10_000,
  });
}
