import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { StoreFormatError, StoreLostError, StoreNotFoundError } from '../../errors/store.js';
import { UsageError } from '../../errors/usage.js';
import { DEFAULT_PARTITIONS, STORE_FORMAT } from '../contract.js';
import { checkPartitions } from '../transaction-rules.js';
import { Connection } from './connection.js';
import { createClient, type RedisClient } from './driver.js';
import { type Layout, layoutOf } from './layout.js';
import type { RedisStoreOptions } from './options.js';
import { describeAddress, parseRedisUrl } from './redis-url.js';
import { SCRIPTS } from './script.js';

/** What a store was created as. */
export interface Created {
  /** Random; the mark in every partition says it again. */
  readonly id: string;
  readonly partitions: number;
}

/** A connection, and where on the server the store is. */
export interface Opened {
  readonly connection: Connection;
  readonly layout: Layout;
}

const TIMEOUT_MS = 4_000;
const REPLICAS_TIMEOUT_MS = 1_000;
/** What a timer can hold. */
const MOST_MS = 2 ** 31 - 1;

/** Prepares a connection, which is made with the first command. @throws UsageError */
export async function openConnection(where: string | Redis | Cluster, options: RedisStoreOptions): Promise<Opened> {
  const address = typeof where === 'string' ? parseRedisUrl(where) : undefined;
  const prefix = options.prefix ?? address?.prefix ?? 'mycelium';
  const layout = layoutOf(prefix);
  if (options.partitions !== undefined) checkPartitions(options.partitions);
  const timeoutMs = timeoutOf(options);
  const durability = durabilityOf(options);
  const client =
    address === undefined ? accepted(where as RedisClient) : await createClient(address, options.tls, timeoutMs);
  const place = address === undefined ? describeClient(client) : describeAddress(address);
  const description = `${place}, prefix ${prefix}`;
  return { connection: new Connection(client, address !== undefined, { description, timeoutMs, durability }), layout };
}

function timeoutOf({ timeoutMs = TIMEOUT_MS }: RedisStoreOptions): number {
  if (timeoutMs > 0 && timeoutMs <= MOST_MS) return timeoutMs;
  throw new UsageError({
    place: 'openRedisStore({ timeoutMs })',
    problem: `${timeoutMs} is not a number of milliseconds above 0`,
    remedy: 'Leave it out for the default of 4 seconds.',
  });
}

function durabilityOf({ durability }: RedisStoreOptions): Connection['settings']['durability'] {
  if (durability === undefined) return undefined;
  const { replicas, timeoutMs = REPLICAS_TIMEOUT_MS } = durability;
  // To Redis a timeout of 0 is none at all, and a fraction is an error.
  if (Number.isSafeInteger(replicas) && replicas >= 1 && Number.isSafeInteger(timeoutMs) && timeoutMs >= 1)
    return { replicas, timeoutMs };
  throw new UsageError({
    place: 'openRedisStore({ durability })',
    problem: `${replicas} replicas within ${timeoutMs} ms cannot be waited for`,
    remedy:
      'Give a whole number of replicas from 1, and of milliseconds to wait for them; leave it out to wait for none.',
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

/** Creates the store unless it is there. */
export async function openFacts(connection: Connection, layout: Layout, options: RedisStoreOptions): Promise<Created> {
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
  const marks = Array.from({ length: partitions }, (_, partition) => layout.mark(partition));
  const found = await Promise.all(
    marks.map((mark) => connection.run('open', SCRIPTS.mark, [mark], [id, marked ? '' : '1'])),
  );
  for (const [partition, mark] of marks.entries()) {
    if (found[partition] === id) continue;
    throw new StoreLostError({
      store,
      what: `partition ${partition} of ${partitions} has ${found[partition] === null ? 'no mark of it any more' : 'the mark of another store'}`,
      remedy: `Restore the data of this partition. To go on without it, which lets calls that it held run again: SET "${mark}" "${id}"`,
    });
  }
  if (marked || Number(await connection.run('open', SCRIPTS.marked, [layout.facts], [id])) === 1) return;
  throw new StoreLostError({ store, what: 'it was taken away while it was being created' });
}
