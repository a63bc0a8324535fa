import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RecordKey, Renewal, Store, StoredRecord, TransactionResult, Write } from '../../../src/store/contract.js';
import { type FileStore, type FileStoreOptions, openFileStore } from '../../../src/store/file/file-store.js';

/** The store under test, or a mutant of it. */
export type OpenStore = typeof openFileStore;

let nonces = 0;

/** A nonce that no other transaction of any process has. */
export const freshNonce = (): string => `${process.pid}n${++nonces}`;

/** Where folders are made that are opened thousands of times: in memory, if this machine has such a place. */
export const fastRoot: string = ((): string => {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
})();

/** A new folder that is removed when the test ends. */
export async function newFolder(root: string = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(root, 'mycelium-attack-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store that is closed when the test ends. */
export async function opened(folder: string, options?: FileStoreOptions): Promise<FileStore> {
  const store = await openFileStore(folder, options);
  onTestFinished(() => store.close());
  return store;
}

export const keyOf = (id: string): RecordKey => ({ partition: 0, kind: 'call', id });

/** Puts one record in place of the one given, or of none. */
export function put(
  store: Store,
  id: string,
  value: string,
  before?: StoredRecord,
  more?: Pick<Write, 'lease' | 'index'>,
  nonce: string = freshNonce(),
): Promise<TransactionResult> {
  const key = keyOf(id);
  return store.transact({ expect: [{ key, revision: before?.revision }], write: [{ key, value, ...more }] }, nonce);
}

/** Removes records, and puts one in place that says so. */
export function removeAll(
  store: Store,
  records: readonly StoredRecord[],
  line: string,
  nonce: string = freshNonce(),
): Promise<TransactionResult> {
  return store.transact(
    {
      expect: [{ key: keyOf(line), revision: undefined }, ...records.map(({ key, revision }) => ({ key, revision }))],
      write: [{ key: keyOf(line), value: 'removed' }],
      remove: records.map(({ key }) => key),
    },
    nonce,
  );
}

export async function get(store: Store, id: string): Promise<StoredRecord | undefined> {
  return (await store.transact({ expect: [], write: [], read: [keyOf(id)] }, freshNonce())).records[0];
}

export async function renew(store: Store, id: string, claim: Omit<Renewal, 'key'>): Promise<string> {
  return (await store.renew([{ key: keyOf(id), ...claim }]))[0]!;
}

/** Every record, by id. */
export async function readAll(store: Store): Promise<Map<string, StoredRecord>> {
  const found = new Map<string, StoredRecord>();
  let after: string | undefined;
  do {
    const page = await store.list({ kind: 'call', limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const record of page.records) found.set(record.key.id, record);
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** Numbers from 0 to 1 that a seed decides. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
