import { expect, test, vi } from 'vitest';
import type { IndexFields, RecordKey, StoredRecord } from '../../../src/store/contract.js';
import { layoutOf } from '../../../src/store/redis/layout.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { redisService } from '../../services/services.js';
import { freshKey, lookInto, nonce, openScratch, put, read, sharedPrefix, write } from './scratch.js';

const ODD = [
  '',
  'plain',
  '=',
  '*',
  'a\0b',
  '\0',
  '\u001b',
  '\ud800',
  'ü',
  '😀',
  '{x}',
  ' ',
  '"',
  '\\',
  '\n',
  '%z',
  '\u00ff',
];

test('after two thousand random writes and removals the index is what the records say', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const prefix = sharedPrefix();
  const store = await openScratch(redisService(), { prefix, partitions: 2 });
  const kinds = ['call', 'ta\0sk'];
  const ids = [...ODD, ...Array.from({ length: 10 }, (_, number) => `record ${number}`)];
  const model = new Map<string, StoredRecord>();
  const name = ({ partition, kind, id }: RecordKey): string => JSON.stringify([partition, kind, id]);
  const randomIndex = (): IndexFields | undefined => {
    if (random() < 0.2) return undefined;
    const fields: Record<string, string> = {};
    for (let left = Math.floor(random() * 4); left > 0; left--) fields[pick(ODD)] = pick(ODD);
    return fields;
  };

  for (let step = 0; step < 1_000; step++) {
    const partition = Math.floor(random() * 2);
    const keys = new Map<string, RecordKey>();
    for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
      const key = { partition, kind: pick(kinds), id: pick(ids) };
      keys.set(name(key), key);
    }
    const line = { partition, kind: 'line', id: String(step) };
    const targets = [...keys.values()].map((key) => ({ key, remove: random() < 0.25, index: randomIndex() }));
    const stale = random() < 0.1;
    const expectations = targets.map(({ key }) => ({
      key,
      revision: stale ? '7:stale' : model.get(name(key))?.revision,
    }));
    const result = await store.transact(
      {
        expect: [...expectations, { key: line, revision: undefined }],
        write: [
          { key: line, value: '' },
          ...targets.flatMap(({ key, remove, index }) =>
            remove ? [] : [{ key, value: pick(ODD), ...(index === undefined ? {} : { index }) }],
          ),
        ],
        remove: targets.flatMap(({ key, remove }) => (remove ? [key] : [])),
      },
      nonce(),
    );
    expect(result.ok, `seed ${seed}, step ${step}`).toBe(!stale);
    for (const [at, { key }] of targets.entries()) {
      const after = result.records[at];
      if (stale) expect(after).toEqual(model.get(name(key)));
      else if (after === undefined) model.delete(name(key));
      else model.set(name(key), after);
    }
  }

  const client = lookInto(redisService());
  const layout = layoutOf(prefix);
  let members = 0;
  for (const partition of [0, 1]) {
    for (const kind of kinds) {
      const records = [...model.values()].filter(({ key }) => key.partition === partition && key.kind === kind);
      const expected = records.flatMap(({ key, index = {} }) => {
        const id = wire(key.id);
        return [`*${id}`, ...Object.entries(index).map(([field, value]) => `=${wire(field)}\0${wire(value)}\0${id}`)];
      });
      const found = await client.zrange(layout.index(partition, kind), '0', '-1');
      expect(found.sort(), `seed ${seed}`).toEqual(expected.sort());
      members += found.length;
      for (const record of records) {
        expect(await read(store, record.key), `seed ${seed}`).toEqual(record);
        expect(await client.pttl(layout.record(record.key))).toBe(-1);
      }
    }
  }
  expect(members).toBeGreaterThan(50);
  const keys = await client.keys(`{${prefix}:*:record:*`);
  expect(keys.filter((key) => !key.includes(':record:line '))).toHaveLength(model.size);

  for (const [field, value] of ODD.flatMap((one) => ODD.map((other) => [one, other] as const)).slice(0, 60)) {
    const { records } = await store.list({ kind: 'call', where: { [field]: value }, limit: 1_000 });
    const expected = [...model.values()].filter(
      ({ key, index }) =>
        key.kind === 'call' && index !== undefined && Object.hasOwn(index, field) && index[field] === value,
    );
    expect(records.map(({ key }) => name(key)).sort(), `seed ${seed}`).toEqual(
      expected.map(({ key }) => name(key)).sort(),
    );
  }
});

/** As the layout writes them; said here again so that a change of it is noticed. */
function wire(text: string): string {
  const plain = !text.startsWith('\u001b') && !text.includes('\0') && text.isWellFormed();
  return plain ? text : `\u001b${JSON.stringify(text)}`;
}

test('fifty records of every odd text change at once or not at all', async () => {
  const store = await openScratch(redisService(), { prefix: sharedPrefix() });
  const keys = Array.from({ length: 50 }, (_, number) => freshKey({ id: `${ODD[number % ODD.length]}${number}` }));
  const expectations = keys.map((key) => ({ key, revision: undefined }));
  const writes = keys.map((key, number) => ({
    key,
    value: (ODD[number % ODD.length] as string).repeat(number),
    lease: { owner: ODD[number % ODD.length] as string, fence: number, ms: 1_000 * number },
    index: { [ODD[number % ODD.length] as string]: String(number) },
  }));
  const under = nonce();
  const first = await store.transact({ expect: expectations, write: writes }, under);
  expect(first.ok).toBe(true);
  for (const [at, { key, value, lease, index }] of writes.entries()) {
    const { owner, fence, ms } = lease;
    expect(first.records[at]).toEqual({
      key,
      value,
      index,
      revision: `1:${under}`,
      writtenAt: first.now,
      lease: { owner, fence, until: first.now + ms },
    });
  }
  expect((await store.transact({ expect: [], write: [], read: keys }, nonce())).records).toEqual(first.records);
  expect(await store.transact({ expect: expectations, write: writes }, under)).toMatchObject({
    ok: true,
    records: first.records,
  });
  const one = keys[49] as RecordKey;
  const refused = await store.transact(
    {
      expect: first.records.map((record) => ({
        key: (record as StoredRecord).key,
        revision: record?.key === one ? '1:other' : (record as StoredRecord).revision,
      })),
      write: writes.map((write) => ({ ...write, value: 'changed' })),
      read: [one],
    },
    nonce(),
  );
  expect(refused.ok).toBe(true);
  const half = await store.transact(
    {
      expect: [
        ...expectations.slice(0, 1),
        ...refused.records.slice(1, 50).map((record) => ({
          key: (record as StoredRecord).key,
          revision: (record as StoredRecord).revision,
        })),
      ],
      write: writes.map((write) => ({ ...write, value: 'changed again' })),
    },
    nonce(),
  );
  expect(half.ok).toBe(false);
  expect(half.records.every((record) => record?.value === 'changed')).toBe(true);
});

test('a record that is expected twice must hold both', async () => {
  const store = await openScratch(redisService(), { prefix: sharedPrefix() });
  const record = await put(store, freshKey(), undefined, { lease: { owner: 'w', fence: 1, ms: 600_000 } });
  const { key, revision } = record;
  const twice = (first: string | undefined, second: string | undefined, lease?: 'expired') =>
    store.transact(
      {
        expect: [
          { key, revision: first },
          { key, revision: second, ...(lease === undefined ? {} : { lease }) },
        ],
        write: [{ key, value: 'moved' }],
      },
      nonce(),
    );
  expect((await twice(revision, undefined)).ok).toBe(false);
  expect((await twice(undefined, revision)).ok).toBe(false);
  expect((await twice(revision, revision, 'expired')).ok).toBe(false);
  expect(await read(store, key)).toEqual(record);
  expect((await twice(revision, revision)).records.map((one) => one?.value)).toEqual(['moved', 'moved']);
});

test('leases are judged by the server, whatever the clock of the process says', async () => {
  const store = await openScratch(redisService(), { prefix: sharedPrefix() });
  const { key, revision } = await put(store, freshKey(), undefined, { lease: { owner: 'w', fence: 1, ms: 60_000 } });
  const takeOver = () =>
    store.transact(
      {
        expect: [{ key, revision, lease: 'expired' }],
        write: [{ key, value: 'taken', lease: { owner: 'x', fence: 2, ms: 50 } }],
      },
      nonce(),
    );
  const before = (await write(store, freshKey())).now;
  for (const jump of [3_600_000, -3_600_000]) {
    const real = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => real + jump);
    try {
      const { ok, now } = await takeOver();
      expect(ok).toBe(false);
      expect(Math.abs(now - before)).toBeLessThan(60_000);
      expect(await store.renew([{ key, owner: 'w', fence: 1, ms: 60_000 }])).toEqual(['held']);
    } finally {
      vi.restoreAllMocks();
    }
  }
  expect(await store.renew([{ key, owner: 'w', fence: 1, ms: 0 }])).toEqual(['held']);
  expect((await takeOver()).ok).toBe(true);
});
