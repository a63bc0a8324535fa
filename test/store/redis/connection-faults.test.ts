import { Redis } from 'ioredis';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import type { RedisStoreOptions } from '../../../src/store/redis/options.js';
import { SCRIPTS } from '../../../src/store/redis/script.js';
import type { Fault, FaultProxy } from '../../services/proxy.js';
import { redisService } from '../../services/services.js';
import {
  freshKey,
  lookInto,
  nonce,
  openScratch,
  proxyTo,
  put,
  read,
  refusal,
  settles,
  sharedPrefix,
  until,
  write,
} from './scratch.js';

const LONG = { owner: 'worker', fence: 1, ms: 600_000 };

let proxy: FaultProxy;
let prefix: string;
/** Beside the proxy. */
let direct: Store;

beforeEach(async () => {
  prefix = sharedPrefix();
  proxy = await proxyTo(redisService());
  direct = await openScratch(redisService(), { prefix });
});

function open(options: RedisStoreOptions = {}): Promise<Store> {
  return openScratch(proxy.url, { prefix, ...options });
}

/** A client as programs have it: it sends again by itself what was not answered. */
function ownClient(): Redis {
  const client = new Redis(proxy.url);
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

/** What a store is asked, whose commands meet a fault, and how it has to end all the same. */
const OPERATIONS: Readonly<Record<string, (store: Store, strike: (match: string) => void) => Promise<void>>> = {
  'an insert': async (store, strike) => {
    const [key, under] = [freshKey(), nonce()];
    strike(SCRIPTS.transact.sha);
    const { ok, records } = await write(store, key, undefined, { lease: LONG }, under);
    expect(ok).toBe(true);
    expect(records[0]?.revision).toBe(`1:${under}`);
    expect(await read(direct, key)).toEqual(records[0]);
  },
  'an update': async (store, strike) => {
    const { key, revision } = await put(store, freshKey());
    const under = nonce();
    strike(SCRIPTS.transact.sha);
    const { ok, records } = await write(store, key, revision, { value: 'moved' }, under);
    expect(ok).toBe(true);
    expect(records[0]?.revision).toBe(`2:${under}`);
    expect(await read(direct, key)).toEqual(records[0]);
  },
  'a removal': async (store, strike) => {
    const { key, revision } = await put(store, freshKey());
    const line = freshKey({ kind: 'pruned' });
    strike(SCRIPTS.transact.sha);
    const expectations = [
      { key, revision },
      { key: line, revision: undefined },
    ];
    const { ok } = await store.transact(
      { expect: expectations, write: [{ key: line, value: 'one' }], remove: [key] },
      nonce(),
    );
    expect(ok).toBe(true);
    expect(await read(direct, key)).toBeUndefined();
  },
  'a renewal': async (store, strike) => {
    const { key } = await put(store, freshKey(), undefined, { lease: { ...LONG, ms: 1_000 } });
    strike(SCRIPTS.renew.sha);
    expect(await store.renew([{ key, ...LONG }])).toEqual(['held']);
    const renewed = await direct.transact({ expect: [], write: [], read: [key] }, nonce());
    expect(renewed.records[0]?.lease?.until).toBeGreaterThan(renewed.now + 500_000);
  },
  'a list': async (store, strike) => {
    const { key } = await put(store, freshKey());
    strike('ZRANGEBYLEX');
    expect((await store.list({ kind: key.kind, limit: 10 })).records.map(({ key: { id } }) => id)).toEqual([key.id]);
  },
  'a watch': async (store, strike) => {
    const record = await put(store, freshKey());
    strike(SCRIPTS.watch.sha);
    const watch = store.watch(record.key, record.revision, new AbortController().signal);
    await until(async () => (await lookInto(redisService()).keys(`{${prefix}*waiters*`)).length > 0, 'it is known');
    await put(direct, record.key, record.revision);
    expect(await settles(watch, 5_000)).toBe(true);
  },
  'the subscription of a watch': async (store, strike) => {
    const record = await put(store, freshKey());
    strike('SUBSCRIBE');
    const watch = store.watch(record.key, record.revision, new AbortController().signal);
    await until(async () => (await lookInto(redisService()).keys(`{${prefix}*waiters*`)).length > 0, 'it is known');
    await put(direct, record.key, record.revision);
    expect(await settles(watch, 5_000)).toBe(true);
  },
};

const FAULTS: Readonly<Record<string, Fault>> = {
  'lost on its way there': { type: 'cut-before' },
  'lost on its way back': { type: 'cut-after' },
  'cut off in its answer': { type: 'cut-reply', bytes: 3 },
  'sent twice': { type: 'duplicate' },
};

describe.each(Object.entries(OPERATIONS))('%s', (_, operation) => {
  test.each(Object.entries(FAULTS))('%s, over a connection of ours', async (_name, fault) => {
    let struck: Promise<void> | undefined;
    await operation(await open(), (match) => {
      struck = proxy.strike(match, fault);
    });
    await struck;
  });

  test.each(Object.entries(FAULTS))('%s, over a client of the program', async (_name, fault) => {
    let struck: Promise<void> | undefined;
    await operation(await openScratch(ownClient(), { prefix }), (match) => {
      struck = proxy.strike(match, fault);
    });
    await struck;
  });
});

test('every answer of a hundred inserts is lost once, and all of them were ours', async () => {
  const store = await open();
  const lost = new Set<string>();
  proxy.decide = ({ executed }) => {
    const fresh = executed.filter(({ name, text }) => name === 'EVALSHA' && !lost.has(text));
    for (const { text } of fresh) lost.add(text);
    return fresh.length > 0 ? { type: 'cut-after' } : undefined;
  };
  const keys = Array.from({ length: 100 }, () => freshKey());
  const results = await Promise.all(keys.map((key) => write(store, key)));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(lost.size).toBe(100);
});

describe('silence', () => {
  test.each(['swallow-request', 'swallow-reply'] as const)('%s: every call ends in its time', async (type) => {
    const store = await open({ timeoutMs: 400 });
    const record = await put(store, freshKey(), undefined, { lease: LONG });
    proxy.decide = ({ executed }) => (executed.length > 0 ? { type } : undefined);
    const since = performance.now();
    const calls = [
      write(store, freshKey()),
      store.renew([{ key: record.key, ...LONG }]),
      store.list({ kind: 'call', limit: 5 }),
      store.health?.() as Promise<unknown>,
    ];
    for (const { code, details } of await Promise.all(calls.map(refusal))) {
      expect(code).toBe('STORE_UNAVAILABLE');
      expect(details['applied']).toBe('unknown');
    }
    expect(performance.now() - since).toBeLessThan(3_000);
    proxy.decide = () => undefined;
    // What the connection owes will not come: it is given up, and another one made.
    await until(
      () =>
        read(store, record.key).then(
          (found) => found !== undefined,
          () => false,
        ),
      'the store answers again',
    );
  });

  test('an answer that comes after its time changes nothing', async () => {
    const store = await open({ timeoutMs: 300 });
    const key = freshKey();
    const struck = proxy.strike(SCRIPTS.transact.sha, { type: 'delay', replyMs: 600 });
    expect((await refusal(write(store, key))).details['applied']).toBe('unknown');
    await struck;
    expect(await read(direct, key)).toBeDefined();
    await until(() => settles(read(store, key), 300), 'the store answers again');
  });
});

/** Takes the server away. Only a connection that has noticed knows that a call was not sent. */
async function away(...stores: Store[]): Promise<void> {
  await proxy.refuse();
  for (const store of stores)
    await until(async () => (await refusal(read(store, freshKey()))).details['applied'] === 'no', 'it has noticed');
}

describe('the server is away', () => {
  test('a call is refused in time, as one that did nothing, and works when it is back', async () => {
    const store = await open({ timeoutMs: 300 });
    await away(store);
    const since = performance.now();
    const error = await refusal(write(store, freshKey()));
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('ECONNREFUSED');
    expect(performance.now() - since).toBeLessThan(2_000);
    await proxy.accept();
    const again = await open({ timeoutMs: 10_000 });
    expect((await write(again, freshKey())).ok).toBe(true);
    await until(
      () =>
        write(store, freshKey()).then(
          ({ ok }) => ok,
          () => false,
        ),
      'it works without a new store',
    );
  });

  test('a call that waits for it goes on when it is back', async () => {
    const store = await open({ timeoutMs: 20_000 });
    await proxy.refuse();
    const call = write(store, freshKey());
    expect(await settles(call, 200)).toBe(false);
    await proxy.accept();
    expect((await call).ok).toBe(true);
  });

  test('a call that was given up on its way is not sent later', async () => {
    const store = await open({ timeoutMs: 300 });
    const key = freshKey();
    let away: Promise<void> | undefined;
    proxy.decide = ({ executed }) => {
      if (!executed.some(({ text }) => text.includes(key.id))) return undefined;
      away ??= proxy.refuse();
      return { type: 'cut-before' };
    };
    expect((await refusal(write(store, key))).details['applied']).toBe('unknown');
    await away;
    proxy.decide = () => undefined;
    await proxy.accept();
    await until(
      () =>
        read(store, freshKey()).then(
          () => true,
          () => false,
        ),
      'the store answers again',
    );
    expect(await read(direct, key)).toBeUndefined();
  });

  test('a hundred calls wait without a warning of listeners', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    const stores = await Promise.all([open({ timeoutMs: 500 }), openScratch(ownClient(), { prefix, timeoutMs: 500 })]);
    await away(...stores);
    const calls = stores.flatMap((store) => Array.from({ length: 100 }, () => refusal(write(store, freshKey()))));
    for (const { details } of await Promise.all(calls)) expect(details['applied']).toBe('no');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  test('at open it is said at once, and nothing tries on', async () => {
    await proxy.refuse();
    const since = performance.now();
    const error = await refusal(open());
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('ECONNREFUSED');
    expect(performance.now() - since).toBeLessThan(2_000);
    await proxy.accept();
    proxy.counter.reset();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(proxy.counter.snapshot().connections).toBe(0);
  });

  test('a waiting call ends at once when the store is closed', async () => {
    const store = await open({ timeoutMs: 20_000 });
    await proxy.refuse();
    const calls = [write(store, freshKey()), store.renew([{ key: freshKey(), ...LONG }])].map(refusal);
    const since = performance.now();
    await store.close();
    for (const { code } of await Promise.all(calls)) expect(code).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - since).toBeLessThan(3_000);
  });
});

test('a connection that broke while idle is made again, and the next call notices nothing', async () => {
  const store = await open();
  for (let round = 0; round < 5; round++) {
    proxy.cut();
    expect((await write(store, freshKey())).ok).toBe(true);
  }
});

test('calls at the moment of a break are answered, and each of them applied once', async () => {
  const store = await open();
  const keys = Array.from({ length: 300 }, () => freshKey());
  const calls = keys.map(async (key, at) => {
    await new Promise((resolve) => setTimeout(resolve, at));
    if (at % 40 === 20) proxy.cut();
    return write(store, key);
  });
  for (const { ok, records } of await Promise.all(calls)) {
    expect(ok).toBe(true);
    expect(records[0]?.revision).toMatch(/^1:/);
  }
});
