import { randomUUID } from 'node:crypto';
import { type Cluster, Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { RecordKey, Store, StoredRecord, TransactionResult, Write } from '../../../src/store/contract.js';
import type { RedisStoreOptions } from '../../../src/store/redis/options.js';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import { redisService } from '../../services/services.js';

/** A beginning of keys that nobody else has. */
export function freshPrefix(): string {
  return `test-${randomUUID()}`;
}

/** Removes everything that lies under a prefix. */
export async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  client.on('error', () => undefined);
  try {
    const keys = await client.keys(`{${prefix}*`);
    if (keys.length > 0) await client.unlink(...keys);
  } finally {
    client.disconnect();
  }
}

/** A beginning of keys on the server that tests share, cleared when the test is over. */
export function sharedPrefix(): string {
  const prefix = freshPrefix();
  onTestFinished(() => removeKeys(redisService(), prefix));
  return prefix;
}

/** A proxy that is closed when the test is over. */
export async function proxyTo(url: string): Promise<FaultProxy> {
  const proxy = await startProxy(url);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A store that is closed when the test is over. Its prefix is new unless given. */
export async function openScratch(
  where: string | Redis | Cluster,
  options: RedisStoreOptions = {},
): Promise<Store & AsyncDisposable> {
  const store = await openRedisStore(where, { prefix: freshPrefix(), ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A client that looks at a server from outside, and is ended when the test is over. */
export function lookInto(url: string): Redis {
  const client = new Redis(url);
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

/** A random nonce. */
export function nonce(): string {
  return randomUUID().replaceAll('-', '');
}

/** A key that nobody else has. */
export function freshKey(changes: Partial<RecordKey> = {}): RecordKey {
  return { partition: 0, kind: 'call', id: randomUUID(), ...changes };
}

/** Writes a record at the revision that is expected, or a new one. */
export function write(
  store: Store,
  key: RecordKey,
  revision?: string,
  details: Partial<Write> = {},
  under: string = nonce(),
): Promise<TransactionResult> {
  return store.transact({ expect: [{ key, revision }], write: [{ key, value: 'value', ...details }] }, under);
}

/** Writes a record and answers it. */
export async function put(
  store: Store,
  key: RecordKey,
  revision?: string,
  details: Partial<Write> = {},
): Promise<StoredRecord> {
  const { ok, records } = await write(store, key, revision, details);
  if (!ok) throw new Error('the record was not written');
  return records[0] as StoredRecord;
}

/** The record as it stands. */
export async function read(store: Store, key: RecordKey): Promise<StoredRecord | undefined> {
  return (await store.transact({ expect: [], write: [], read: [key] }, nonce())).records[0];
}

/** What a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<{
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}> {
  try {
    await call;
  } catch (error) {
    return error as never;
  }
  throw new Error('it was not refused');
}

/** Whether the promise settles within the milliseconds. */
export async function settles(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, late]);
  clearTimeout(timer);
  return result;
}

/** Comes back when the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
