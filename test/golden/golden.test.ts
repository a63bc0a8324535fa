import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionLedger, CallView, MyceliumError } from '../../src/index.js';
import { StoreFormatError } from '../../src/index.js';
import type { Store } from '../../src/store/contract.js';
import { folderOf, type Placed, places, versions } from './places.js';
import { type GoldenCall, homeOf, make, shown, type Then } from './play.js';

/** A call that a version recorded, and what is to become of it. */
interface Line {
  readonly title: string;
  /** The call, by `v8.serialize`, because inputs are of every type. */
  readonly bytes: string;
  readonly then: Then;
}

/** What a version says of the stores that it left: one line of JSON for each. */
const calls = (version: string): string => join(folderOf(version, ''), 'calls.jsonl');
/** Every call of every ledger as it was listed, instants included. */
const listed = (version: string, kind: string): string => join(folderOf(version, ''), `${kind}.listed.jsonl`);

function writeLines(path: string, lines: readonly unknown[]): void {
  writeFileSync(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

function readLines<Line>(path: string): readonly Line[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const HOMES: readonly NonNullable<GoldenCall['home']>[] = [{}, { name: 'billing' }];

/** Everything that a listing shows and that time does not change. */
async function listing(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for (const home of HOMES) {
    const ledger = homeOf(store, { home } as GoldenCall);
    for (const call of await allCalls(ledger)) {
      const { ageMs: _, ...stays } = (await ledger.get(call.id)) as CallView;
      lines.push(shown({ home, ...stays }));
    }
  }
  return lines.sort();
}

async function allCalls(ledger: ActionLedger): Promise<readonly CallView[]> {
  const calls: CallView[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ledger.list({ limit: 40, ...(after === undefined ? {} : { after }) });
    calls.push(...page.calls);
    after = page.next;
    if (after === undefined) return calls;
  }
}

const writing = process.env['MYCELIUM_GOLDEN_WRITE'];

if (writing !== undefined) {
  describe.each(places)(`write ${writing} ($kind)`, (place) => {
    test('a store with everything in it', { timeout: 120_000 }, async () => {
      const [{ history }, { writeChapter }] = await Promise.all([import('./history.js'), import('./scribe.js')]);
      const placed = await place.create();
      try {
        mkdirSync(folderOf(writing, ''), { recursive: true });
        const store = await placed.open();
        for (const chapter of history) await writeChapter(store, chapter);
        // Bodies that never end renew their lease until their store is closed.
        await store.close({ drain: true });
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        const reader = await placed.open();
        writeLines(listed(writing, place.kind), await listing(reader));
        await reader.close();
        await placed.keep(writing);
        const lines = history.map(({ call, then }) => ({
          title: `${call.name} ${shown(call.input['id'] ?? call.input).slice(0, 60)}`,
          bytes: serialize(call).toString('base64'),
          then,
        }));
        writeLines(calls(writing), lines satisfies readonly Line[]);
      } finally {
        await placed.remove();
      }
    });
  });
}

const kept = versions().flatMap((version) =>
  places
    .filter(({ kind }) => existsSync(folderOf(version, kind)))
    .map((place) => ({ version, place, kind: place.kind })),
);

describe.each(kept)('a store that $version left ($kind)', ({ version, place }) => {
  let placed: Placed;
  let store: Store;

  beforeAll(async () => {
    placed = await place.create();
    await placed.load(version);
    store = await placed.open();
  });
  afterAll(async () => {
    await store?.close();
    await placed?.remove();
  });

  /** Makes a call; tells which bodies ran. */
  async function again(call: GoldenCall): Promise<{ ran: string[]; value?: unknown; error?: MyceliumError }> {
    const ran: string[] = [];
    const bodies = (one: GoldenCall) => () => {
      ran.push(one.name);
      return 'ran again';
    };
    try {
      // However long the store takes to answer today, the body is not timed out.
      const more = call.options.timeout === undefined ? {} : { timeout: '60s' };
      return { ran, value: await make(store, call, bodies, more) };
    } catch (error) {
      return { ran, error: error as MyceliumError };
    }
  }

  test('is listed as it was', async () => {
    expect(await listing(store)).toEqual(readLines(listed(version, place.kind)));
  });

  test.each(readLines<Line>(calls(version)))('$title', async ({ bytes, then }) => {
    const call = deserialize(Buffer.from(bytes, 'base64')) as GoldenCall;
    if (then !== 'runs' && 'replays' in then && call.kind !== 'task' && 'id' in call.input) {
      // The fingerprint is still that of the recorded arguments, and of no others.
      const other = { ...call, input: { ...call.input, added: true } };
      expect((await again(other)).error?.code).toBe('IDENTITY_CONFLICT');
    }
    const { ran, value, error } = await again(call);
    if (then === 'runs') {
      expect({ ran, error }).toEqual({ ran: [call.name], error: undefined });
      expect(await again(call)).toEqual({ ran: [], value: 'ran again' });
      return;
    }
    expect(ran).toEqual([]);
    if ('replays' in then) {
      expect(error).toBeUndefined();
      expect(shown(value)).toBe(then.replays);
    } else {
      expect({ code: error?.code, remedy: error?.remedy }).toEqual({
        code: then.refused,
        remedy: expect.stringContaining(then.remedy),
      });
    }
  });
});

describe.each(kept)('a store that a newer version wrote ($kind)', ({ version, place }) => {
  test('is not opened', async () => {
    const placed = await place.create();
    try {
      await placed.load(version);
      await placed.makeNewer();
      await expect(placed.open().then((store) => store.close())).rejects.toThrow(StoreFormatError);
    } finally {
      await placed.remove();
    }
  });

  test('a record of a newer format is refused, and its call does not run', async () => {
    const placed = await place.create();
    try {
      await placed.load(version);
      const store = await placed.open();
      const page = await store.list({ kind: 'tool', where: { phase: 'committed' }, limit: 1000 });
      const record = page.records.find(({ value }) => value.includes('"requestId":"irreversible committed"'));
      const value = record!.value.replace('"format":1', '"format":99');
      const { key, revision, index } = record!;
      await store.transact({ expect: [{ key, revision }], write: [{ key, value, index: index! }] }, 'newer');
      const call: GoldenCall = {
        name: 'act',
        options: { effect: 'irreversible' },
        input: { id: 'irreversible committed' },
      };
      let ran = 0;
      await expect(make(store, call, () => () => ran++)).rejects.toThrow(StoreFormatError);
      expect(ran).toBe(0);
      await store.close();
    } finally {
      await placed.remove();
    }
  });
});

test('there are stores to look at', () => {
  expect(kept.map(({ version, kind }) => `${version} ${kind}`)).toContain('v0.1 file');
});
