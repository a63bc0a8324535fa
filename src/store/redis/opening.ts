import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { StoreFormatError, StoreLostError, StoreNotFoundError } from '../../errors/store.js';
import { UsageError } from '../../errors/usage.js';
import { DEFAULT_PARTITIONS, STORE_FORMAT } from '../contract.js';
import { checkPartitions } from '../transaction-rules.js';
import { Connection, connect, type RedisClient } from './connection.js';
import { type Layout, layoutOf } from './layout.js';
import type { RedisStoreOptions } from './redis-store.js';
import { describeAddress, parseRedisUrl } from './redis-url.js';
import { SCRIPTS } from './script.js';

/** What a store was created as. */
export interface Created {
  /** Random; the mark in every partition says it again. */
  readonly id: string;
  readonly partitions: number;
}

/** A connection to a store that is there. */
export interface Opened {
  readonly connection: Connection;
  readonly layout: Layout;
  readonly created: Created;
}

const TIMEOUT_MS = 4_000;
const REPLICAS_TIMEOUT_MS = 1_000;

/** Connects, and creates the store unless it is there. */
export async function openConnection(where: string | Redis | Cluster, options: RedisStoreOptions): Promise<Opened> {
  const address = typeof where === 'string' ? parseRedisUrl(where) : undefined;
  const prefix = options.prefix ?? address?.prefix ?? 'mycelium';
  const layout = layoutOf(prefix);
  if (options.partitions !== undefined) checkPartitions(options.partitions);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const client =
    address === undefined ? accepted(where as RedisClient) : await connect(address, options.tls, timeoutMs);
  const place = address === undefined ? describeClient(client) : describeAddress(address);
  const connection = new Connection(client, address !== undefined, {
    description: `${place}, prefix ${prefix}`,
    timeoutMs,
    durability: durabilityOf(options),
  });
  try {
    return { connection, layout, created: await openFacts(connection, layout, options) };
  } catch (error) {
    await connection.close(false);
    throw error;
  }
}

function durabilityOf({ durability }: RedisStoreOptions): Connection['settings']['durability'] {
  if (durability === undefined) return undefined;
  const { replicas, timeoutMs = REPLICAS_TIMEOUT_MS } = durability;
  if (Number.isSafeInteger(replicas) && replicas >= 1 && timeoutMs >= 1) return { replicas, timeoutMs };
  throw new UsageError({
    place: 'openRedisStore({ durability })',
    problem: `${replicas} replicas within ${timeoutMs} ms cannot be waited for`,
    remedy:
      'Give a whole number of replicas from 1, and the milliseconds to wait for them; leave it out to wait for none.',
  });
}

/** A client of somebody else's, if the store can work with it. @throws UsageError */
function accepted(client: RedisClient): RedisClient {
  const { keyPrefix } = client.options;
  if (keyPrefix === undefined || keyPrefix === '') return client;
  throw new UsageError({
    place: 'openRedisStore(client)',
    problem: 'the client has a keyPrefix, which would not reach all the keys of the scripts',
    remedy: 'Pass a client without keyPrefix, and use the option prefix.',
  });
}

function describeClient(client: RedisClient): string {
  if (client.isCluster) return 'redis cluster (a client of the program)';
  const { host, port, path, db } = (client as Redis).options;
  return `redis ${path ?? `${host}:${port}`}/${db ?? 0}`;
}

async function openFacts(connection: Connection, layout: Layout, options: RedisStoreOptions): Promise<Created> {
  const store = connection.settings.description;
  const create = options.create !== false;
  const partitions = String(options.partitions ?? DEFAULT_PARTITIONS);
  const proposal = [create ? '1' : '', randomBytes(12).toString('base64url'), partitions, String(STORE_FORMAT)];
  const answer = await connection.run('open', SCRIPTS.open, [layout.facts], proposal);
  const [id, count, format, marked] = answer as readonly (string | null)[];
  if (typeof id !== 'string') throw new StoreNotFoundError({ store });
  if (Number(format) !== STORE_FORMAT) {
    throw new StoreFormatError({
      store,
      field: 'the format',
      found: format,
      expected: STORE_FORMAT,
      remedy: 'Run the version of mycelium-runtime that wrote it, or a newer one. Nothing was changed.',
    });
  }
  const created = { id, partitions: Number(count) };
  if (options.partitions !== undefined && options.partitions !== created.partitions) {
    throw new StoreFormatError({
      store,
      field: 'a number of partitions of',
      found: created.partitions,
      expected: options.partitions,
      remedy: `Open it with partitions: ${created.partitions}, or without: the number is fixed when a store is created.`,
    });
  }
  await confirmMarks(connection, layout, created, marked === '1');
  return created;
}

/** Every partition carries the id of its store: what is missing there later was lost, and is not empty. */
async function confirmMarks(
  connection: Connection,
  layout: Layout,
  { id, partitions }: Created,
  marked: boolean,
): Promise<void> {
  const store = connection.settings.description;
  await connection.ask('open', async (client) => {
    const marks = Array.from({ length: partitions }, (_, partition) => layout.mark(partition));
    if (!marked) await Promise.all(marks.map((mark) => client.set(mark, id, 'NX')));
    const found = await Promise.all(marks.map((mark) => client.get(mark)));
    for (const [partition, mark] of marks.entries()) {
      if (found[partition] === id) continue;
      throw new StoreLostError({
        store,
        what: `partition ${partition} of ${partitions} has ${found[partition] === null ? 'no mark of it any more' : 'the mark of another store'}`,
        remedy: `Restore the data of this partition. To go on without it, which lets calls that it held run again: SET "${mark}" "${id}"`,
      });
    }
    if (!marked) await client.hset(layout.facts, 'marked', '1');
  });
}
