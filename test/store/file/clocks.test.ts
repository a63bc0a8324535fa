import { expect, test } from 'vitest';
import type { StoredRecord } from '../../../src/store/contract.js';
import type { FileStore } from '../../../src/store/file/file-store.js';
import { fastRoot, freshNonce, get, keyOf, newFolder, opened, put, renew, seeded } from './scratch.js';

const MINUTE = 60_000;
const LEASE = 30_000;
const START = 1_800_000_000_000;

interface Client {
  readonly store: FileStore;
  /** Moves its wall clock, forward or back. */
  jump(milliseconds: number): void;
  /** Sets its wall clock to so much from the start. */
  set(milliseconds: number): void;
  latest: number;
}

async function clientIn(folder: string, offset: number): Promise<Client> {
  let wall = START + offset;
  const store = await opened(folder, { clock: () => wall });
  return {
    store,
    jump: (milliseconds) => {
      wall += milliseconds;
    },
    set: (milliseconds) => {
      wall = START + milliseconds;
    },
    latest: 0,
  };
}

interface Taken {
  readonly ok: boolean;
  readonly after: StoredRecord | undefined;
  readonly now: number;
}

/** Takes the lease of a record, if it has none or an expired one. */
async function take({ store }: Pick<Client, 'store'>, id: string, owner: string): Promise<Taken> {
  const before = await get(store, id);
  const { ok, records, now } = await store.transact(
    {
      expect: [
        { key: keyOf(id), revision: before?.revision, ...(before === undefined ? {} : { lease: 'expired' as const }) },
      ],
      write: [
        { key: keyOf(id), value: owner, lease: { owner, fence: Number(before?.lease?.fence ?? 0) + 1, ms: LEASE } },
      ],
    },
    freshNonce(),
  );
  return { ok, after: records[0], now };
}

test.each([1, 2, 3, 4])(
  'no lease has two holders, whatever the wall clocks of two clients do (seed %i)',
  async (seed) => {
    const random = seeded(seed);
    const folder = await newFolder(fastRoot);
    const clients = [await clientIn(folder, -10 * MINUTE), await clientIn(folder, 10 * MINUTE)];
    const witness = await opened(folder, { clock: () => 0 });
    const offsets = [-10 * MINUTE, 10 * MINUTE];
    let passed = 0;
    const [taken, refused] = [
      [0, 0],
      [0, 0],
    ] as [number[], number[]];
    for (let round = 0; round < 250; round++) {
      const number = random() < 0.5 ? 0 : 1;
      const client = clients[number]!;
      passed += random() * 20_000;
      if (random() < 0.3) offsets[number] = (random() - 0.5) * 20 * MINUTE;
      client.set(passed + offsets[number]!);
      const id = `record ${Math.floor(random() * 3)}`;
      const held = await get(witness, id);
      if (random() < 0.3 && held?.lease !== undefined) {
        const answer = await renew(client.store, id, { owner: held.lease.owner, fence: held.lease.fence, ms: LEASE });
        expect(answer).toBe('held');
        const renewed = await get(witness, id);
        expect(renewed?.revision).toBe(held.revision);
        expect(renewed!.lease!.until).toBeGreaterThanOrEqual(held.writtenAt + LEASE);
        continue;
      }
      const { ok, after, now } = await take(client, id, `client ${number} in round ${round}`);
      expect(now).toBeGreaterThanOrEqual(client.latest);
      client.latest = now;
      const seen = await get(witness, id);
      if (!ok) {
        refused[number]!++;
        expect(seen?.lease).toEqual(held?.lease);
        expect(now).toBeLessThan(held!.lease!.until);
        continue;
      }
      taken[number]!++;
      // The log's time decides when a lease ends, and the new one begins no earlier.
      if (held?.lease !== undefined) expect(after!.writtenAt).toBeGreaterThanOrEqual(held.lease.until);
      expect(after!.lease!.until).toBe(after!.writtenAt + LEASE);
      expect(seen).toEqual(after);
    }
    for (const one of [...taken, ...refused]) expect(one).toBeGreaterThan(5);
  },
);

test('a client whose clock was set back takes no lease that the log says is held, and frees none', async () => {
  const folder = await newFolder(fastRoot);
  const [ahead, behind] = [await clientIn(folder, 0), await clientIn(folder, -60 * MINUTE)];
  const first = await take(ahead, 'a', 'ahead');
  expect(first.ok).toBe(true);
  expect((await take(behind, 'a', 'behind')).ok).toBe(false);
  behind.jump(-600 * MINUTE);
  expect((await take(behind, 'a', 'behind')).ok).toBe(false);
  // A lease that the slow client takes ends by the log's time too, not an hour before it.
  const { after } = await take(behind, 'b', 'behind');
  expect(after!.lease!.until).toBeGreaterThanOrEqual(first.after!.writtenAt + LEASE);
  expect((await take(ahead, 'b', 'ahead')).ok).toBe(false);
  ahead.jump(LEASE);
  expect((await take(ahead, 'b', 'ahead')).ok).toBe(true);
});

test('time passes for a client whose wall clock stands still', async () => {
  const folder = await newFolder(fastRoot);
  const { store } = await clientIn(folder, 0);
  const claim = { owner: 'worker', fence: 1, ms: 30 };
  const { records } = await put(store, 'a', 'a', undefined, { lease: claim });
  await expect.poll(async () => (await take({ store }, 'a', 'next')).ok, { interval: 10, timeout: 5000 }).toBe(true);
  expect((await get(store, 'a'))!.writtenAt).toBeGreaterThanOrEqual(records[0]!.lease!.until);
});

test('a jump ahead in one client ends leases for all, and its return revives none', async () => {
  const folder = await newFolder(fastRoot);
  const [steady, jumping] = [await clientIn(folder, 0), await clientIn(folder, 0)];
  expect((await take(steady, 'a', 'steady')).ok).toBe(true);
  jumping.jump(10 * MINUTE);
  const stolen = await take(jumping, 'a', 'jumping');
  expect(stolen.ok).toBe(true);
  jumping.jump(-20 * MINUTE);
  const claim = { owner: 'steady', fence: 1, ms: LEASE };
  expect(await renew(steady.store, 'a', claim)).toBe('lost');
  expect((await take(steady, 'a', 'steady')).ok).toBe(false);
  const again = await opened(folder, { clock: () => START - 60 * MINUTE });
  expect((await put(again, 'b', 'later')).now).toBeGreaterThanOrEqual(stolen.now);
});
