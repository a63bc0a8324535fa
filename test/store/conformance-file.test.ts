import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileStore } from '../../src/store/file/file-store.js';
import {
  type ConformanceCase,
  runConformanceCase,
  type StoreFactory,
  storeConformance,
} from '../../src/testing/conformance.js';

/** Every client reads the directory for itself, as another process would. */
const files: StoreFactory = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-conformance-'));
  const open = () => openFileStore(directory);
  return {
    store: await open(),
    second: async () => open(),
    reopen: async () => open(),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
};

test.each(storeConformance)('file store: $name', { timeout: 60_000 }, async (one: ConformanceCase) => {
  expect(await runConformanceCase(one, files)).toBe('passed');
});
