import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../../src/store/contract.js';
import { openFileStore } from '../../../src/store/file/file-store.js';
import { type Client, injecting, inParallel, startClient, straceProblem } from './processes.js';
import { fastRoot, newFolder, put, readAll } from './scratch.js';

const COUNT = 10;

/** What stands after a client has ended. That another one can go on from there is checked as well. */
async function standing(folder: string): Promise<ReadonlyMap<string, StoredRecord>> {
  const store = await openFileStore(folder);
  try {
    const records = await readAll(store);
    expect((await put(store, 'afterwards', 'v')).ok).toBe(true);
    return records;
  } finally {
    await store.close();
  }
}

/** Checks that everything a client has acknowledged stands as it said, and nothing that it never sent. Answers how many it did. */
function checkAcknowledged(client: Client, records: ReadonlyMap<string, StoredRecord>, fault: string): number {
  const acknowledged = client.said().filter(([word]) => word === 'ok');
  for (const [, id, revision] of acknowledged) expect(records.get(id!)?.revision, `${id}, ${fault}`).toBe(revision);
  for (const [id, { value }] of records)
    expect([id, value], fault).toEqual([expect.stringMatching(/^w\d$/), 'v'.repeat(300)]);
  for (const [word, id, , applied] of client.said()) {
    if (word === 'refused' && applied === 'no')
      expect(records.has(id!), `${id} was said not to be applied, ${fault}`).toBe(false);
  }
  return acknowledged.length;
}

const job = { what: 'write', count: COUNT, prefix: 'w', size: 300 } as const;

describe('faults of single system calls, injected by strace ("not run" where there is no strace)', () => {
  test('a flush that fails, the n-th for n = 1 to 8, loses nothing that was acknowledged', {
    timeout: 60_000,
  }, async (context) => {
    if (straceProblem !== undefined) return context.skip(straceProblem);
    let failed = 0;
    await inParallel([1, 2, 3, 4, 5, 6, 7, 8], 2, async (when) => {
      const folder = await newFolder(fastRoot);
      const client = startClient(folder, job, injecting('fdatasync', 'error=EIO', when));
      const { signal, complaints } = await client.ended;
      expect([signal, complaints]).toEqual([null, '']);
      const records = await standing(folder);
      const acknowledged = checkAcknowledged(client, records, `EIO at flush ${when}`);
      const said = client.said();
      if (acknowledged < COUNT)
        expect(said.map(([word]) => word)).toContain(said.some(([word]) => word === 'open') ? 'refused' : 'failed');
      // It ended the generation that it could not flush, and went on in the next one.
      if (when > 1) expect(acknowledged, `EIO at flush ${when}`).toBe(COUNT);
      const first = await readFile(join(folder, '00000001.log')).catch(() => undefined);
      if (first === undefined) failed++;
    });
    expect(failed).toBeGreaterThanOrEqual(7);
  });

  test('every flush that fails: nothing is acknowledged', { timeout: 60_000 }, async (context) => {
    if (straceProblem !== undefined) return context.skip(straceProblem);
    const folder = await newFolder(fastRoot);
    const under = injecting('fdatasync,fsync', 'error=EIO', 1).map((word) => word.replace('when=1', 'when=1+'));
    const client = startClient(folder, job, under);
    await client.ended;
    expect(client.said().filter(([word]) => word === 'ok')).toEqual([]);
    expect(client.said().at(-1)?.slice(0, 2)).toEqual(['failed', 'STORE_UNAVAILABLE']);
    await standing(folder);
  });

  test.for(['fdatasync', 'write,pwrite64'])(
    'SIGKILL at %s, the n-th for n = 1 to 12, loses nothing that was acknowledged',
    { timeout: 60_000 },
    async (calls, context) => {
      if (straceProblem !== undefined) return context.skip(straceProblem);
      let killed = 0;
      let acknowledged = 0;
      await inParallel(
        Array.from({ length: 12 }, (_, at) => at + 1),
        2,
        async (when) => {
          const folder = await newFolder(fastRoot);
          // Of all writes only those to the log: the client also writes what it says.
          const only = calls === 'fdatasync' ? undefined : join(folder, '00000001.log');
          const client = startClient(folder, job, injecting(calls, 'signal=SIGKILL', when, only));
          const { signal } = await client.ended;
          if (signal === 'SIGKILL') killed++;
          acknowledged += checkAcknowledged(client, await standing(folder), `SIGKILL at ${calls} ${when}`);
        },
      );
      expect(killed).toBeGreaterThanOrEqual(9);
      expect(acknowledged).toBeGreaterThan(40);
    },
  );
});
