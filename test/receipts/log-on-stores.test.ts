import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ActionLedger,
  committed,
  type EffectClass,
  type LedgerOptions,
  ledger,
  NotExecutedError,
  taskLedger,
} from '../../src/index.js';
import { engineFor } from '../../src/ledger/engine.js';
import { archiveKey, keyOfId } from '../../src/ledger/identity.js';
import { prune } from '../../src/ledger/prune.js';
import type { CallRecord } from '../../src/ledger/record.js';
import {
  auditReceipts,
  checkReceipt,
  generateSigningKey,
  type Keyring,
  keyring,
  proveReceipt,
  publicJwk,
  type Receipt,
  sealReceipts,
  type VerifyReport,
  verifyProof,
  verifyReceipts,
} from '../../src/receipts/index.js';
import type { RecordKey, Store } from '../../src/store/contract.js';
import { openFileStore } from '../../src/store/file/file-store.js';
import { memoryStore } from '../../src/store/memory.js';
import { WorkerLostError } from '../../src/testing/index.js';
import { backends, storeName } from '../ledger/servers/backends.js';
import { failure } from '../ledger/workers.js';
import { force, listAll, logOf, readRecord, receiptKey } from './log-world.js';

interface Place {
  /** Each time another way to the same store, where there can be several. */
  open(): Promise<Store>;
  remove(): Promise<void>;
}

const places: readonly (readonly [string, () => Promise<Place>])[] = [
  [
    'memory',
    async () => {
      const store = memoryStore();
      return { open: async () => store, remove: async () => undefined };
    },
  ],
  [
    'file',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mycelium-receipts-'));
      const store = await openFileStore(folder);
      return { open: async () => store, remove: () => rm(folder, { recursive: true, force: true }) };
    },
  ],
  ...backends.map((backend): readonly [string, () => Promise<Place>] => [
    backend.name,
    async () => {
      const name = storeName();
      return {
        open: () => backend.open(backend.shared(), name),
        remove: () => backend.remove(backend.shared(), name),
      };
    },
  ]),
];

const { seed, signer } = generateSigningKey();
const keys = keyring([publicJwk(signer.publicKey)]);
const checkedBy = (trusted: Keyring) => (text: string) => checkReceipt(text, trusted);
const receipts = auditReceipts({ agent: 'billing', signingKey: seed });
const who = { by: 'ann', reason: 'looked at the bank' };
const LEDGER = 'payments';

type Input = { readonly id: string };
type Body = (input: Input) => unknown;

function tool(
  home: ActionLedger,
  name: string,
  effect: EffectClass,
  body: Body,
  options: Partial<LedgerOptions<'id'>>,
) {
  const keyed = effect === 'keyed_mutate' ? { keyValidFor: '1d' as const } : {};
  return ledger({ name, effect, idFrom: ['id'], ledger: home, ...keyed, ...options })(
    async (input: Input, call?: { readonly idempotencyKey: string }): Promise<unknown> => [
      body(input),
      call?.idempotencyKey,
    ],
  );
}

/** Calls it once for each of so many ids, some at a time. @returns what was thrown. */
async function each(count: number, name: string, call: (input: Input) => Promise<unknown>): Promise<unknown[]> {
  const ids = Array.from({ length: count }, (_, number) => ({ id: `${name}-${number}` }));
  const settled = await Promise.allSettled(ids.map((input) => call(input)));
  return settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
}

interface World {
  readonly store: Store;
  readonly home: ActionLedger;
  /** How many receipts there are, and of how many of them the call was pruned. */
  readonly all: Receipt[];
  readonly pruned: number;
}

/** A few hundred calls with everything that can become of them, sealed in between. */
async function busy(store: Store): Promise<World> {
  const home = new ActionLedger({ store, name: LEDGER, receipts });
  const seal = () => sealReceipts({ store, ledger: LEDGER, signer });
  const idsOf = async (name: string, phase?: 'unknown'): Promise<string[]> => {
    const { calls } = await home.list({ tool: name, limit: 1_000, ...(phase === undefined ? {} : { phase }) });
    return calls.map(({ id }) => id);
  };
  const pay = (name: string, body: Body = () => ({ charge: name }), options: Partial<LedgerOptions<'id'>> = {}) =>
    tool(home, name, 'non_idempotent_mutate', body, options);
  const timeout = (): never => {
    throw new Error('timeout');
  };

  // Pruned, one of them with two outcomes.
  await each(30, 'old', pay('old'));
  await each(1, 'old-unclear', pay('old', timeout));
  await home.release((await idsOf('old', 'unknown'))[0]!, { ...who, as: 'completed', result: 'found' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const plan = { olderThanMs: { tool: 1 }, dryRun: false, by: 'ann', signal: undefined, onProgress: undefined };
  expect(await prune(engineFor(store), home, { ...plan, outerLedgers: [] })).toMatchObject({ pruned: 31 });
  await seal();

  await each(
    140,
    'pay',
    tool(home, 'pay', 'irreversible', ({ id }) => ({ charge: id }), {}),
  );
  await each(
    40,
    'look',
    tool(home, 'look', 'read', ({ id }) => id, {}),
  );
  await each(
    20,
    'key',
    tool(home, 'key', 'keyed_mutate', ({ id }) => id, {}),
  );
  await each(
    10,
    'mute',
    pay('mute', () => 'paid', { receipt: false }),
  );
  const charged = pay('charged');
  const charge = taskLedger({ name: 'charge', idFrom: ['id'], ledger: home })((input: Input) => charged(input));
  await each(10, 'charge', charge);
  await seal();

  await each(
    10,
    'refused',
    pay('refused', () => {
      throw new NotExecutedError('no funds');
    }),
  );
  expect(await each(12, 'blocked', pay('blocked', timeout))).toHaveLength(12);
  const open = await idsOf('blocked', 'unknown');
  for (const [at, id] of open.slice(0, 8).entries())
    await home.release(
      id,
      at % 2 === 0 ? { ...who, as: 'completed', result: { charge: at } } : { ...who, as: 'not-executed' },
    );
  // Four run again, four stay blocked.
  expect(await each(12, 'blocked', pay('blocked'))).toHaveLength(4);
  await each(6, 'asked', pay('asked', timeout));
  expect(await each(6, 'asked', pay('asked', timeout, { reconcile: () => committed('found') }))).toEqual([]);
  await each(
    4,
    'lost',
    pay(
      'lost',
      () => {
        throw new WorkerLostError('after-effect');
      },
      { lease: '50ms' },
    ),
  );
  await seal();

  for (let life = 0; life < 2; life++) {
    await each(5, 'retired', pay('retired'));
    for (const id of (await idsOf('retired')).slice(life)) await home.retire(id, who);
  }
  await each(5, 'retired', pay('retired'));
  for (const id of [...(await idsOf('retired')).slice(0, 2), ...(await idsOf('pay')).slice(0, 5)])
    await home.erase(id, who);
  // One that was pruned runs again.
  await pay('old')({ id: 'old-0' });
  // And another ledger, whose receipts are none of ours.
  const others = new ActionLedger({ store, name: 'others', receipts });
  await each(
    20,
    'pay',
    tool(others, 'pay', 'irreversible', ({ id }) => ({ charge: id }), {}),
  );
  await sealReceipts({ store, ledger: 'others', signer });
  await seal();
  // Not sealed yet.
  await each(7, 'later', pay('later'));

  const all = (await listAll(store, 'receipt'))
    .map(({ value }) => JSON.parse(value) as Receipt)
    .filter((receipt) => receipt.ledger === LEDGER);
  const old = all.filter((receipt) => receipt.tool === 'old');
  return { store, home, all, pruned: old.filter(({ requestId }) => requestId !== 'old-0').length };
}

describe.each(places)('receipts on a %s store, from the calls to the proof', (_, open) => {
  let place: Place;
  let world: World;

  beforeAll(async () => {
    place = await open();
    world = await busy(await place.open());
  });

  afterAll(async () => {
    await world?.home.close({ drain: 0 });
    await world?.store.close();
    await place?.remove();
  });

  const verify = (calls = world.home.receiptAccounts()): Promise<VerifyReport> =>
    verifyReceipts({
      store: world.store,
      ledger: LEDGER,
      keys,
      check: checkedBy(keys),
      calls,
    });

  const callKey = ({ call }: Receipt, kind = 'tool'): RecordKey => keyOfId(kind, call, world.store.partitions);
  const one = (fits: Partial<Receipt>): Receipt =>
    world.all.find((receipt) => Object.entries(fits).every(([name, value]) => receipt[name as 'id'] === value)) ??
    expect.fail(`no receipt of ${JSON.stringify(fits)}`);

  /** What is found while a record is not what it was; undefined: while it is gone. */
  async function whileChanged(
    key: RecordKey,
    change: (value: string) => string | undefined,
  ): Promise<Record<string, unknown>[]> {
    const before = (await readRecord(world.store, key)) ?? expect.fail(`no ${key.kind} ${key.id}`);
    await force(world.store, key, change(before.value));
    try {
      const report = await verify();
      expect(report).toMatchObject({ ok: false, complete: true });
      return report.findings.map(({ kind, id, call }) => ({ kind, ...(id && { id }), ...(call && { call }) }));
    } finally {
      await force(world.store, key, before.value, before.index ?? {});
    }
  }

  it('verifies, with what was blocked, released, retired, erased, pruned, reconciled, lost and run again', async () => {
    const { all, pruned } = world;
    expect(all.length).toBeGreaterThan(300);
    expect(await verify()).toMatchObject({
      ok: true,
      findings: [],
      size: all.length - 7,
      unsealed: 7,
      unsigned: 0,
      checked: all.length,
      heads: 4,
    });
    // Of the one that runs again, the first life cannot be told from the second.
    expect((await verify()).pruned).toBe(pruned);
    expect(new Set(all.map(({ kind, outcome }) => `${kind} ${outcome}`))).toEqual(
      new Set([
        ...['tool committed', 'tool aborted', 'tool unknown', 'task committed'],
        ...['release committed', 'release aborted', 'reconciliation committed'],
      ]),
    );
  });

  it('names a receipt whose call was taken away, and no pruning is an excuse for it', async () => {
    const receipt = one({ tool: 'pay', requestId: 'pay-50' });
    const gone = [{ kind: 'no-call', id: receipt.id, call: receipt.call }];
    expect(await whileChanged(callKey(receipt), () => undefined)).toEqual(gone);
    const task = one({ kind: 'task', requestId: 'charge-3' });
    expect(await whileChanged(callKey(task, 'task'), () => undefined)).toEqual([
      { kind: 'no-call', id: task.id, call: task.call },
    ]);
    const retired = one({ tool: 'retired', kind: 'tool', fence: 1 });
    const archive = archiveKey(callKey(retired), 1);
    expect(new Set((await whileChanged(archive, () => undefined)).map(({ call }) => call))).toEqual(
      new Set([retired.call]),
    );
  });

  it('names a call whose result, outcome or attempt was changed', async () => {
    const receipt = one({ tool: 'pay', requestId: 'pay-51' });
    const { id, call } = receipt;
    const unpaid = { kind: 'no-receipt', id, call };
    const uncalled = { kind: 'no-call', id, call };
    const key = callKey(receipt);
    expect(await whileChanged(key, (text) => text.replaceAll('pay-51', 'pay-99'))).toEqual([uncalled, unpaid]);
    const found = (change: (record: CallRecord) => object): Promise<Record<string, unknown>[]> =>
      whileChanged(key, (text) => {
        const [record = '', subject] = text.split('\n');
        return `${JSON.stringify(change(JSON.parse(record) as CallRecord))}\n${subject}`;
      });
    const { result } = receipt;
    expect(result).toBeDefined();
    expect(await found((record) => ({ ...record, result: { as: 'full', text: '{"charge":"pay-99"}' } }))).toEqual([
      unpaid,
    ]);
    expect(await found((record) => ({ ...record, result: { as: 'none', unreplayable: 'gone' } }))).toEqual([unpaid]);
    const reset = { phase: 'aborted', aborted: 'not-executed' };
    expect(await found((record) => ({ ...record, ...reset }))).toEqual([uncalled, unpaid]);
    expect(await found((record) => ({ ...record, fence: 2 }))).toEqual([uncalled, unpaid]);
    expect(await found((record) => ({ ...record, receipt: undefined }))).toEqual([{ kind: 'no-receipt', call }]);
    // What another one has is no receipt of this call.
    const other = one({ tool: 'pay', requestId: 'pay-52' }).id;
    expect(await found((record) => ({ ...record, receipt: other }))).toEqual([{ ...unpaid, id: other }]);
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('names a receipt that was taken away or changed, sealed or not', async () => {
    const { store } = world;
    const sealed = one({ tool: 'pay', requestId: 'pay-52' });
    const { id, call } = sealed;
    expect(await whileChanged(receiptKey(JSON.stringify(sealed), store), () => undefined)).toEqual([
      { kind: 'removed', id },
      { kind: 'no-receipt', id, call },
    ]);
    const waiting = one({ tool: 'later', requestId: 'later-2' });
    expect(await whileChanged(receiptKey(JSON.stringify(waiting), store), () => undefined)).toEqual([
      { kind: 'no-receipt', id: waiting.id, call: waiting.call },
    ]);
    const changed = (text: string): string => text.replace(sealed.result!, sealed.arguments);
    expect(await whileChanged(receiptKey(JSON.stringify(sealed), store), changed)).toEqual([
      { kind: 'changed', id },
      { kind: 'no-receipt', id, call },
    ]);
  });

  it('proves one receipt to whoever has the public key and nothing else', async () => {
    const receipt = one({ tool: 'pay', requestId: 'pay-53' });
    const proof = JSON.stringify(await proveReceipt(receipt.id, { store: world.store, ledger: LEDGER }));
    const stranger = keyring([JSON.parse(JSON.stringify(publicJwk(signer.publicKey)))]);
    expect(verifyProof(proof, checkedBy(stranger), stranger)).toMatchObject({
      ok: true,
      receipt: { id: receipt.id, outcome: 'committed' },
    });
    expect(verifyProof(proof.replace('pay-53', 'pay-54'), checkedBy(stranger), stranger)).toMatchObject({
      ok: false,
      why: 'receipt',
    });
    const another = keyring([publicJwk(generateSigningKey().signer.publicKey)]);
    expect(verifyProof(proof, checkedBy(another), another)).toMatchObject({ ok: false });
  });

  it('has each receipt once, however many seal at once', async () => {
    const stores = [await place.open(), await place.open(), await place.open()];
    const home = new ActionLedger({ store: world.store, name: 'race', receipts });
    const calls = each(
      150,
      'race',
      tool(home, 'race', 'irreversible', ({ id }) => id, {}),
    );
    let added = 0;
    const seal = async (store: Store): Promise<void> => {
      const report = await sealReceipts({ store, ledger: 'race', signer });
      added += report.added;
    };
    await Promise.all(stores.map(seal));
    await calls;
    await Promise.all(stores.map(seal));
    const ids = await logOf(world.store, 'race');
    expect([added, ids.length, new Set(ids).size]).toEqual([150, 150, 150]);
    const report = await verifyReceipts({
      store: stores[2]!,
      ledger: 'race',
      keys,
      check: checkedBy(keys),
      calls: home.receiptAccounts(),
    });
    expect(report).toMatchObject({ ok: true, size: 150, checked: 150, unsealed: 0, unsigned: 0 });
    for (const store of stores) if (store !== world.store) await store.close();
  });

  it('is verified while the calls go on', async () => {
    const going = each(
      60,
      'going',
      tool(world.home, 'going', 'irreversible', ({ id }) => id, {}),
    );
    for (let round = 0; round < 3; round++) expect((await verify()).findings).toEqual([]);
    expect(await going).toEqual([]);
    expect(await failure(proveReceipt('0'.repeat(64), { store: world.store, ledger: LEDGER }))).toMatchObject({
      code: 'RECEIPT_NOT_PROVABLE',
    });
  });
});
