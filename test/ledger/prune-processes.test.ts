import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ActionLedger, ledger } from '../../src/index.js';
import type { RecordKey, Store, Transaction } from '../../src/store/contract.js';
import { type FileStore, openFileStore } from '../../src/store/file/file-store.js';

const program = fileURLToPath(new URL('./prune-process.mjs', import.meta.url));
const built = fileURLToPath(new URL('../../dist', import.meta.url));
const DAY = 86_400_000;
const CALLS = 240;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-prune-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Process {
  readonly child: ChildProcess;
  readonly said: () => string[];
  readonly ended: Promise<NodeJS.Signals | number | null>;
  /** Resolves when it has said so many lines, or has ended. */
  readonly saying: (lines: number) => Promise<void>;
}

/** @param killing - which of its removals it does not survive, and when. */
function pruningProcess(
  folder: string,
  killing: { readonly removal?: number; readonly when?: string; readonly delay?: number } = {},
): Process {
  const child = spawn(process.execPath, [program, built, folder, JSON.stringify(killing)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  let heard: () => void = () => undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    heard();
  });
  const lines = (): string[] => said.split('\n').slice(0, -1);
  const ended = new Promise<NodeJS.Signals | number | null>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve(signal ?? code));
  });
  const saying = async (count: number): Promise<void> => {
    const over = ended.then(() => true);
    while (lines().length < count) {
      const more = new Promise<boolean>((resolve) => (heard = () => resolve(false)));
      if (await Promise.race([more, over])) return;
    }
  };
  return { child, said: lines, ended, saying };
}

/** A store with calls of 40 days ago, each with evidence and a retired life beside it. */
async function seed(folder: string): Promise<readonly string[]> {
  const store = await openFileStore(folder, { partitions: 3, clock: () => Date.now() - 40 * DAY });
  const home = new ActionLedger({ store });
  const tool = paying(home);
  await Promise.all(Array.from({ length: CALLS }, (_, number) => tool({ id: `${number}` })));
  const { calls } = await home.list({ limit: 1_000 });
  const companion = (key: RecordKey, value: string): Transaction => ({
    expect: [{ key, revision: undefined }],
    write: [{ key, value }],
  });
  await Promise.all(
    calls.map(async ({ id }, number) => {
      const key: RecordKey = { partition: Number.parseInt(id.slice(0, 8), 16) % store.partitions, kind: 'tool', id };
      const [stored] = (await store.transact({ expect: [], write: [], read: [key] }, `r${number}`)).records;
      const evidence = JSON.stringify({ format: 1, successes: [{ fence: 9, owner: 'late', result: { as: 'none' } }] });
      const { value, index = {}, revision } = stored!;
      await store.transact(companion({ ...key, kind: 'evidence' }, evidence), `e${number}`);
      await store.transact(companion({ ...key, kind: 'retired', id: `${id}.1` }, value), `a${number}`);
      const retired = value.replace('{', '{"retiredThrough":1,');
      await store.transact({ expect: [{ key, revision }], write: [{ key, value: retired, index }] }, `w${number}`);
    }),
  );
  await home.close();
  await store.close();
  return calls.map(({ id }) => id);
}

function paying(home: ActionLedger, body: (id: string) => void = () => undefined) {
  return ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: home })(
    async ({ id }: { id: string }) => {
      body(id);
      return `paid ${id}`;
    },
  );
}

async function idsOf(store: Store, kind: string): Promise<string[]> {
  const { records } = await store.list({ kind, limit: 1_000 });
  return records.map(({ key }) => key.id.slice(0, 32)).sort();
}

/** Every call is there with all that belongs to it, or gone with it, and what is gone is written down. */
async function checkWhole(store: FileStore, seeded: readonly string[]): Promise<number> {
  const left = await idsOf(store, 'tool');
  expect(await idsOf(store, 'evidence')).toEqual(left);
  expect(await idsOf(store, 'retired')).toEqual(left);
  const lines = await new ActionLedger({ store }).prunings();
  const count = lines.reduce((sum, line) => sum + line.count, 0);
  expect(count).toBe(seeded.length - left.length);
  return count;
}

describe('a pruning in another process', () => {
  test('that is killed anywhere leaves whole calls and a true line, and the next one does the rest', {
    timeout: 120_000,
  }, async () => {
    const folder = await newFolder();
    const seeded = await seed(folder);
    expect(seeded).toHaveLength(CALLS);
    const counts = new Set<number>();
    for (let round = 0; ; round++) {
      const when = (['before', 'during', 'after'] as const)[round % 3]!;
      const one = pruningProcess(folder, { removal: 1 + (round % 2), when, delay: round % 5 });
      const ended = await one.ended;
      const store = await openFileStore(folder);
      counts.add(await checkWhole(store, seeded));
      await store.close();
      // The one that found too little left to be killed at has come to its end.
      if (ended === 0) break;
      expect(ended).toBe('SIGKILL');
      expect(round).toBeLessThan(100);
    }
    expect(counts.size).toBeGreaterThan(3);
    const store = await openFileStore(folder);
    onTestFinished(() => store.close());
    expect(await checkWhole(store, seeded)).toBe(CALLS);
  });

  test('two at once beside a worker: each call is pruned once, and none runs twice in one life', {
    timeout: 120_000,
  }, async () => {
    const folder = await newFolder();
    const seeded = await seed(folder);
    const store = await openFileStore(folder);
    onTestFinished(() => store.close());
    const home = new ActionLedger({ store });
    const bodies = new Map<string, number>();
    const tool = paying(home, (id) => void bodies.set(id, (bodies.get(id) ?? 0) + 1));
    const pruners = [pruningProcess(folder), pruningProcess(folder)];
    await Promise.all(pruners.map(({ saying }) => saying(1)));
    let going = true;
    const ended = Promise.all(pruners.map((one) => one.ended)).finally(() => (going = false));
    for (let number = 0; going; number = (number + 7) % CALLS)
      expect(await tool({ id: `${number}` })).toBe(`paid ${number}`);
    expect(await ended).toEqual([0, 0]);
    for (const [id, count] of bodies) expect([id, count]).toEqual([id, 1]);
    const lines = await home.prunings();
    const count = lines.reduce((sum, line) => sum + line.count, 0);
    const told = pruners.map((one) => Number(one.said().at(-1)?.split(' ')[1]));
    expect(told.reduce((sum, one) => sum + one, 0)).toBe(count);
    // What ran again is new, and what did not run was replayed from before.
    expect(count).toBe(seeded.length);
    expect(await idsOf(store, 'tool')).toHaveLength(bodies.size);
    expect(await idsOf(store, 'evidence')).toEqual([]);
    expect(await idsOf(store, 'retired')).toEqual([]);
  });
});
