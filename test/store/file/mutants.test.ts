import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FileStoreOptions, openFileStore } from '../../../src/store/file/file-store.js';
import { flipBytes } from './byte-flips.js';
import { recordRun } from './crash-run.js';
import { searchCrashes } from './crash-search.js';
import { type Mutation, mutated } from './mutants.js';
import { plainLog } from './sample-logs.js';
import { fastRoot, newFolder, type OpenStore, put } from './scratch.js';
import { shortWriteProblems } from './short-appends.js';

/** What the tests of this folder do, as functions of the store that they try. Each answers what it found wrong. */
const attacks = {
  crash: (openStore: OpenStore) => crashes(openStore, 0),
  'crash with a failed flush': (openStore: OpenStore) => crashes(openStore, 9),
  flips: async (openStore: OpenStore): Promise<readonly string[]> => {
    const log = await plainLog();
    const file = join(await newFolder(fastRoot), log.name);
    return (await flipBytes(openStore, file, log, [0x01], Number.POSITIVE_INFINITY)).problems;
  },
  'short writes': (openStore: OpenStore) => shortWriteProblems(openStore, [1, 100, 300]),
  claims: async (openStore: OpenStore): Promise<readonly string[]> => {
    const folder = await newFolder(fastRoot);
    const stores = await Promise.all([1, 2, 3].map(() => openStore(folder)));
    const ids = Array.from({ length: 50 }, (_, number) => `${number}`);
    const claims = await Promise.all(
      ids.map((id) => Promise.all(stores.map((store, number) => put(store, id, `by ${number}`)))),
    );
    await Promise.all(stores.map((store) => store.close()));
    return claims.flatMap((answers, at) => {
      const winners = answers.filter(({ ok }) => ok).length;
      return winners === 1 ? [] : [`${ids[at]} has ${winners} winners`];
    });
  },
};

async function crashes(openStore: OpenStore, failedFlush: number): Promise<readonly string[]> {
  const run = await recordRun(openStore, 3, failedFlush);
  return (await searchCrashes(openStore, run, 3, 1)).problems;
}

interface Mutant {
  readonly mutant: string;
  /** In the built store, by a switch, or around the store. */
  readonly change: readonly Mutation[] | NonNullable<FileStoreOptions['protections']> | OpenStore;
  /** The attack that finds it, and the test that makes this attack on the real store. */
  readonly attack: keyof typeof attacks;
  readonly killedBy: readonly [file: string, title: string];
  /** What the attack finds. */
  readonly evidence: RegExp;
}

const table: readonly Mutant[] = [
  {
    mutant: 'short write ignored',
    change: [{ file: 'commit-loop.js', from: 'if (count === bytes.length)', to: 'if (count >= 0)' }],
    attack: 'short writes',
    killedBy: ['short-writes.test.ts', 'is finished by another one, at whatever byte it stopped'],
    evidence: /cut after \d+ bytes, \d of 5 were refused/,
  },
  {
    mutant: 'short write and its read-back ignored',
    change: [
      { file: 'commit-loop.js', from: 'if (count === bytes.length)', to: 'if (count >= 0)' },
      { file: 'file-store.js', from: 'protections?.readback ?? true', to: 'false' },
    ],
    attack: 'short writes',
    killedBy: ['short-writes.test.ts', 'is finished by another one, at whatever byte it stopped'],
    evidence: /were acknowledged and \d stand/,
  },
  {
    mutant: 'missing fdatasync',
    change: [{ file: 'log-file.js', from: /fs\.fdatasync\(.*\);/, to: 'resolve();' }],
    attack: 'crash',
    killedBy: [
      'crash-states.test.ts',
      'a crash anywhere in a run leaves a folder that opens, with all that was answered',
    ],
    evidence: /was shown at .* and is (gone|back)/,
  },
  {
    mutant: 'missing fdatasync, by its switch',
    change: { flush: false },
    attack: 'crash',
    killedBy: [
      'crash-states.test.ts',
      'a crash anywhere in a run leaves a folder that opens, with all that was answered',
    ],
    evidence: /was shown at .* and is (gone|back)/,
  },
  {
    mutant: 'failed fdatasync taken for a good one',
    change: [{ file: 'log-file.js', from: '(error === null ? resolve() : reject(error))', to: 'resolve()' }],
    attack: 'crash with a failed flush',
    killedBy: [
      'crash-states.test.ts',
      'a crash anywhere in a run leaves a folder that opens, with all that was answered',
    ],
    evidence: /was shown/,
  },
  {
    mutant: 'removal not logged',
    change: [{ file: 'operation.js', from: 'expect, write, remove];', to: 'expect, write];' }],
    attack: 'crash',
    killedBy: [
      'crash-states.test.ts',
      'a crash anywhere in a run leaves a folder that opens, with all that was answered',
    ],
    evidence: /was removed at .* and is back/,
  },
  {
    mutant: 'missing flush of a new generation',
    change: [{ file: 'publication.js', from: 'await handle.sync();', to: '' }],
    attack: 'crash',
    killedBy: [
      'crash-states.test.ts',
      'a crash anywhere in a run leaves a folder that opens, with all that was answered',
    ],
    evidence: /was shown|damaged/,
  },
  {
    mutant: 'missing directory fsync',
    change: [{ file: 'folder.js', from: 'fs.fsyncSync(descriptor);', to: '' }],
    attack: 'crash',
    killedBy: [
      'crash-states.test.ts',
      'a crash anywhere in a run leaves a folder that opens, with all that was answered',
    ],
    evidence: /was shown at .* and is (gone|back)/,
  },
  {
    mutant: 'corrupt file read as empty',
    change: async (directory, options) => {
      try {
        return await openFileStore(directory, options);
      } catch {
        await rm(directory, { recursive: true });
        return openFileStore(directory, options);
      }
    },
    attack: 'flips',
    killedBy: ['damage.test.ts', 'in %s, wherever it is'],
    evidence: /was read as another log/,
  },
  {
    mutant: 'damage skipped like the debris of a crash',
    change: [{ file: 'generation.js', from: /const bad = unexplained\(.*\);/, to: 'const bad = -1;' }],
    attack: 'flips',
    killedBy: ['damage.test.ts', 'in %s, wherever it is'],
    evidence: /was read as another log/,
  },
  {
    mutant: 'payload checksum ignored',
    change: [{ file: 'frame.js', from: /return crc32\(.*=== checksum \? end : BROKEN;/, to: 'return end;' }],
    attack: 'flips',
    killedBy: ['damage.test.ts', 'in %s, wherever it is'],
    evidence: /was read as another log/,
  },
  {
    mutant: 'missing read-back',
    change: { readback: false },
    attack: 'claims',
    killedBy: ['processes.test.ts', 'let exactly one win each key'],
    evidence: /has [23] winners/,
  },
];

async function without(change: Mutant['change']): Promise<OpenStore> {
  if (typeof change === 'function') return change;
  if (!('length' in change))
    return (directory, options) => openFileStore(directory, { ...options, protections: change });
  const { openStore, folder } = await mutated(change);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return openStore;
}

describe('a store without one of its protections is found out', () => {
  test.each(table)('$mutant', { timeout: 60_000 }, async ({ change, attack, killedBy: [file, title], evidence }) => {
    expect(await readFile(new URL(file, import.meta.url), 'utf8')).toContain(`'${title}`);
    const openStore = await without(change);
    const found = await attacks[attack](openStore);
    expect(found.join('\n')).toMatch(evidence);
  });

  test.each(['flips', 'short writes', 'claims'] as const)(
    'and one that has them all is not: %s',
    { timeout: 60_000 },
    async (attack) => {
      expect(await attacks[attack](await without([]))).toEqual([]);
    },
  );
});
