import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nextRevision, type Store, type StoredRecord, type TransactionResult } from '../../../src/store/contract.js';
import type { FileStore } from '../../../src/store/file/file-store.js';
import { encodeFrame } from '../../../src/store/file/frame.js';
import { imagesFrom, type Layout } from './crash-layouts.js';
import { fastRoot, freshNonce, keyOf, type OpenStore, put, readAll, removeAll, seeded } from './scratch.js';
import { inputOutput, type TraceEvent, traceFiles } from './traced-files.js';

/** One write of a transaction, as it was asked for. */
interface Asked {
  readonly id: string;
  readonly revision: string;
  readonly value: string;
  /** The other writes of its transaction. */
  readonly together: readonly string[];
}

/** That a client was shown a record, after so many events. Whatever crashes later, it must not go back. */
interface Shown {
  readonly after: number;
  readonly id: string;
  readonly revision: string;
  /** When its lease ends at the earliest. */
  readonly until: number;
}

/** A removal that was asked for. It counts when its line is there. */
interface Removed {
  readonly id: string;
  readonly revision: string;
  readonly line: string;
}

/** A run of several clients on one folder: what reached the disk when, and what was answered when. */
export interface Run {
  readonly events: readonly TraceEvent[];
  readonly asked: ReadonlyMap<string, Asked>;
  readonly shown: readonly Shown[];
  readonly removed: readonly Removed[];
  readonly won: number;
}

const NOW = 1_800_000_000_000;
const LONG = 3_600_000;

/**
 * Lets three clients write, contend, renew, resend and compact, and records all of it.
 *
 * @param failedFlush - which flush of a log fails, from 1; 0 for none.
 */
export async function recordRun(openStore: OpenStore, seed: number, failedFlush = 0): Promise<Run> {
  const folder = await mkdtemp(join(fastRoot, 'mycelium-run-'));
  const random = seeded(seed);
  let flushes = 0;
  const trace = traceFiles(folder, random, {
    flush: (name) => (name.endsWith('.log') && ++flushes === failedFlush ? inputOutput() : undefined),
  });
  const asked = new Map<string, Asked>();
  const shown: Shown[] = [];
  const removed: Removed[] = [];
  let won = 0;

  const show = (record: StoredRecord | undefined): void => {
    if (record === undefined) return;
    shown.push({
      after: trace.events.length,
      id: record.key.id,
      revision: record.revision,
      until: record.lease?.until ?? 0,
    });
  };
  const ask = async (
    store: Store,
    writes: readonly { id: string; before?: StoredRecord | undefined; value: string; lease?: boolean }[],
    nonce = freshNonce(),
  ): Promise<TransactionResult> => {
    const together = writes.map(({ id }) => id);
    for (const { id, before, value } of writes) {
      const revision = nextRevision(before?.revision, nonce);
      asked.set(`${id} ${revision}`, { id, revision, value, together });
    }
    const result = await store.transact(
      {
        expect: writes.map(({ id, before }) => ({ key: keyOf(id), revision: before?.revision })),
        write: writes.map(({ id, value, lease }) => ({
          key: keyOf(id),
          value,
          ...(lease === true ? { lease: { owner: nonce, fence: 1, ms: 1000 } } : {}),
        })),
      },
      nonce,
    );
    if (result.ok) won++;
    result.records.forEach(show);
    return result;
  };
  const take = async (store: Store, records: readonly StoredRecord[], line: string): Promise<void> => {
    const nonce = freshNonce();
    asked.set(`${line} 1:${nonce}`, { id: line, revision: `1:${nonce}`, value: 'removed', together: [line] });
    for (const { key, revision } of records) removed.push({ id: key.id, revision, line });
    const result = await removeAll(store, records, line, nonce);
    if (result.ok) won++;
    result.records.forEach(show);
  };
  const keep = async (store: Store, record: StoredRecord): Promise<void> => {
    const { owner, fence } = record.lease!;
    const [answer] = await store.renew([{ key: record.key, owner, fence, ms: LONG }]);
    if (answer === 'held')
      shown.push({ after: trace.events.length, id: record.key.id, revision: record.revision, until: NOW + LONG });
  };

  const stores: FileStore[] = [];
  try {
    for (let client = 0; client < 3; client++) stores.push(await openStore(folder, { clock: () => NOW }));
    const [a, b, c] = stores as [FileStore, FileStore, FileStore];
    // All three want the same keys, each with a second record of its own that must come along.
    const contended = ['x', 'y', 'z'].map((id) =>
      stores.map((store, client) =>
        ask(store, [
          { id, value: `by ${client}`.repeat(1 + 30 * client) },
          { id: `${id} of ${client}`, value: 'companion' },
        ]),
      ),
    );
    await Promise.all(contended.flat());
    const claimed = await Promise.all(
      stores.map((store, client) => ask(store, [{ id: `claim ${client}`, value: 'v', lease: true }])),
    );
    await Promise.all(claimed.map(({ records }, client) => keep(stores[client]!, records[0]!)));
    const going = await Promise.all(
      ['g', 'h', 'i'].map((id, client) => ask(stores[client]!, [{ id, value: `${id} goes` }])),
    );
    const [g, h, i] = going.map(({ records }) => records[0]!) as [StoredRecord, StoredRecord, StoredRecord];
    await Promise.all([
      take(a, [g, h], 'line a'),
      take(b, [h, i], 'line b'),
      ask(c, [{ id: 'g', value: 'too early' }]),
    ]);
    await ask(c, [{ id: 'h', value: 'anew' }]);
    const large = await ask(a, [{ id: 'large', value: 'l'.repeat(1800) }]);
    await Promise.all([
      b.compact(),
      ask(a, [{ id: 'large', before: large.records[0], value: 'm'.repeat(700) }]),
      ask(c, [{ id: 'across', value: 'the seal' }]),
      ask(b, [{ id: 'compactor', value: 'goes on' }]),
      take(c, (await ask(c, [{ id: 'short', value: 'lived' }])).records as [StoredRecord], 'line c'),
    ]);
    await readAll(c);
    const nonce = freshNonce();
    await Promise.all([
      ask(a, [{ id: 'resent', value: 'once' }], nonce),
      c.compact(),
      ask(b, [{ id: 'resent', value: 'once' }], nonce),
    ]);
    await ask(c, [{ id: 'resent', value: 'once' }], nonce);
    await Promise.all(stores.map((store, client) => ask(store, [{ id: 'last', value: `by ${client}` }])));
    return { events: trace.events, asked, shown, removed, won };
  } finally {
    trace.restore();
    await Promise.all(stores.map((store) => store.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Opens a folder as a crash may have left it and writes to it, lets a second crash tear another write behind
 * that, and does it all again. Answers what is wrong.
 */
export async function problemWith(
  openStore: OpenStore,
  layout: Layout,
  run: Run,
  length: number,
  random: () => number,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(fastRoot, 'mycelium-crash-'));
  let records = new Map<string, StoredRecord>();
  try {
    await Promise.all([...layout.files].map(([name, bytes]) => writeFile(join(folder, name), bytes)));
    for (const life of ['first', 'second', 'third']) {
      const store = await openStore(folder, { clock: () => NOW });
      try {
        const found = await readAll(store);
        found.delete('torn');
        const wrong = life === 'first' ? problemIn(found, run, length) : difference(records, found);
        if (wrong !== undefined) return `${wrong}, in its ${life} life`;
        records = found;
        for (const [id, before] of [[life, undefined] as const, ['large', records.get('large')] as const]) {
          const { ok, records: after } = await put(store, id, 'behind the crash', before);
          if (!ok) return `${id} cannot be written in its ${life} life`;
          records.set(id, after[0]!);
        }
      } finally {
        await store.close();
      }
      await tear(folder, random);
    }
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Adds to the latest log what is left of a write that a crash cut short. */
async function tear(folder: string, random: () => number): Promise<void> {
  const file = join(
    folder,
    (await readdir(folder))
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1)!,
  );
  const base = await readFile(file);
  const value = 'v'.repeat(1 + Math.floor(random() ** 2 * 1200));
  const entry = [
    'write',
    [freshNonce(), 1, 0, 0],
    NOW,
    freshNonce(),
    [[0, 'call', 'torn', null, 0]],
    [[0, value, 0, 0]],
  ];
  const images = [...imagesFrom(base, [{ offset: base.length, bytes: encodeFrame(JSON.stringify(entry)) }], random)];
  await writeFile(file, images[Math.floor(random() * images.length)]!.bytes);
}

function difference(
  wanted: ReadonlyMap<string, StoredRecord>,
  found: ReadonlyMap<string, StoredRecord>,
): string | undefined {
  if (found.size !== wanted.size) return `${found.size} records instead of ${wanted.size}`;
  for (const [id, { revision, value }] of wanted) {
    if (found.get(id)?.revision !== revision || found.get(id)?.value !== value) return `${id} has changed`;
  }
  return undefined;
}

/** What is wrong with the records found after a crash behind so many events. */
function problemIn(
  records: ReadonlyMap<string, StoredRecord>,
  { asked, shown, removed }: Run,
  length: number,
): string | undefined {
  for (const { id, revision, line } of removed) {
    if (records.has(line) && records.get(id)?.revision === revision)
      return `${id} was removed at ${revision} and is back`;
  }
  const lineOf = (id: string, revision: string): boolean =>
    removed.some((one) => one.id === id && one.revision === revision && records.has(one.line));
  for (const { after, id, revision, until } of shown) {
    if (after > length || lineOf(id, revision)) continue;
    const found = records.get(id);
    if (found === undefined) return `${id} was shown at ${revision} and is gone`;
    if (count(found.revision) < count(revision))
      return `${id} was shown at ${revision} and is back at ${found.revision}`;
    if (count(found.revision) > count(revision)) continue;
    if (found.revision !== revision) return `${id} was shown at ${revision} and is now ${found.revision}`;
    if ((found.lease?.until ?? 0) < until)
      return `the lease of ${id} was shown to end at ${until} and ends at ${found.lease?.until}`;
  }
  for (const [id, { revision, value }] of records) {
    const wanted = asked.get(`${id} ${revision}`);
    if (wanted === undefined) return `${id} is at ${revision}, which nobody asked for`;
    if (wanted.value !== value) return `${id} is at ${revision} with another value`;
    for (const other of wanted.together) {
      const companion = records.get(other);
      if (companion === undefined || !asked.get(`${other} ${companion.revision}`)) return `${id} came without ${other}`;
      if (count(companion.revision) === 1 && nonceOf(companion.revision) !== nonceOf(revision))
        return `${id} came with another ${other}`;
    }
  }
  return undefined;
}

const count = (revision: string): number => Number(revision.slice(0, revision.indexOf(':')));
const nonceOf = (revision: string): string => revision.slice(revision.indexOf(':') + 1);
