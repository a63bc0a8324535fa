import { describe, expect, test } from 'vitest';
import { type FileStore, type FileStoreOptions, openFileStore } from '../../../src/store/file/file-store.js';
import {
  type ConformanceCase,
  runConformanceCase,
  type StoreFactory,
  storeConformance,
} from '../../../src/testing/conformance.js';
import { manualClock } from '../../../src/testing/manual-clock.js';
import { newFolder } from './scratch.js';

/** Every client reads the folder for itself, as another process would. */
const factory =
  (options: FileStoreOptions, clock?: ReturnType<typeof manualClock>): StoreFactory =>
  async () => {
    const directory = await newFolder();
    const again = (): Promise<FileStore> => openFileStore(directory, options);
    return {
      store: await again(),
      second: again,
      reopen: again,
      ...(clock === undefined ? {} : { advance: (milliseconds: number) => clock.advance(milliseconds) }),
    };
  };

const clock = manualClock();

describe.each([
  ['compacts all the time', factory({ compactAtBytes: 0 })],
  ['flushes synchronously', factory({ flush: 'synchronous' })],
  ['is on a clock of its own', factory({ clock: clock.now }, clock)],
])('conformance of a store that %s', (_, stores) => {
  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one: ConformanceCase) => {
    expect(await runConformanceCase(one, stores)).toBe('passed');
  });
});
