import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import { SCRIPTS } from '../../../src/store/redis/script.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import { askRedis, type RedisServer, startRedis } from '../../services/redis-server.js';
import {
  freshKey,
  freshPrefix,
  lookInto,
  nonce,
  openScratch,
  proxyTo,
  put,
  read,
  refusal,
  settles,
  until,
  write,
} from './scratch.js';

const WAITING = { durability: { replicas: 1, timeoutMs: 300 } };
/** Where the replica is there and only busy. */
const PATIENT = { durability: { replicas: 1, timeoutMs: 5_000 } };
const LEASE = { owner: 'worker', fence: 1, ms: 600_000 };

let primary: RedisServer;
let replica: RedisServer;
/** Between the replica and its primary. */
let link: FaultProxy;
let prefix: string;

async function replicated(): Promise<boolean> {
  const client = new Redis(primary.url);
  try {
    await client.set('a write', Date.now());
    return (await client.wait(1, 200)) === 1;
  } finally {
    client.disconnect();
  }
}

beforeEach(async () => {
  prefix = freshPrefix();
  // At once, and not after a pause in which further replicas could come.
  primary = await startRedis({ config: { 'repl-diskless-sync-delay': '0' } });
  link = await startProxy(primary.url);
  replica = await startRedis({ replicaOf: link.port });
  await until(replicated, 'the replica has everything', 60_000);
}, 90_000);

afterEach(async () => {
  link.resume();
  await Promise.all([replica.stop(), primary.stop()]);
  await link.close();
});

async function promote(): Promise<void> {
  const client = new Redis(replica.url);
  await client.replicaof('NO', 'ONE');
  client.disconnect();
}

test('script and WAIT are one write, and no round trip more', async () => {
  const proxy = await proxyTo(primary.url);
  const store = await openScratch(proxy.url, { prefix, ...WAITING });
  const record = await put(store, freshKey());
  const chunks: string[] = [];
  proxy.decide = ({ executed }) => {
    chunks.push(executed.map(({ name, text }) => (name === 'WAIT' ? text : name)).join(' + '));
    return undefined;
  };
  // A connection of its own is made first for each of those that take turns.
  for (let round = 0; round < 8; round++) await put(store, freshKey());
  chunks.length = 0;
  await put(store, record.key, record.revision);
  expect(chunks).toEqual(['EVALSHA + WAIT 1 300']);
  chunks.length = 0;
  await read(store, record.key);
  expect(chunks).toEqual(['EVALSHA + WAIT 1 300']);
});

test('a script that the server forgot is sent in full, with its WAIT', async () => {
  const proxy = await proxyTo(primary.url);
  const store = await openScratch(proxy.url, { prefix, ...PATIENT });
  for (let round = 0; round < 6; round++) {
    await lookInto(primary.url).script('FLUSH');
    proxy.counter.reset();
    expect((await write(store, freshKey())).ok).toBe(true);
  }
  expect(proxy.counter.snapshot().requests).toEqual({ EVALSHA: 1, WAIT: 2, EVAL: 1 });
});

describe('too few replicas', () => {
  test('a write is refused as one that may have landed; sent again it waits again', async () => {
    const store = await openScratch(primary.url, { prefix, ...WAITING });
    await put(store, freshKey());
    const [key, under] = [freshKey(), nonce()];
    link.pause();
    const error = await refusal(write(store, key, undefined, {}, under));
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.details['applied']).toBe('unknown');
    expect(error.message).toContain('only 0 of 1 replicas have it after 300 ms');

    // WAIT waits for what its own connection wrote; one that wrote nothing is answered at once, and wrongly.
    expect(await askRedis(primary.port, ['WAIT 1 300'])).toMatch(/^:1\r/);
    expect(await lookInto(replica.url).keys(`*${key.id}`)).toEqual([]);
    const another = await openScratch(primary.url, { prefix, ...WAITING });
    const admin = lookInto(primary.url);
    const resends = `{${prefix}:0}:resend`;
    for (const one of [store, another, store, another]) {
      await admin.del(resends);
      const again = await refusal(write(one, key, undefined, {}, under));
      expect(again.message).toContain('only 0 of 1 replicas');
      // So a resend has something of its own to wait for.
      expect(await admin.get(resends)).toBe(under);
    }

    link.resume();
    await until(replicated, 'the replica has everything');
    const resent = await write(another, key, undefined, {}, under);
    expect(resent).toMatchObject({ ok: true, records: [{ revision: `1:${under}` }] });
    expect(await lookInto(replica.url).keys(`*${key.id}`)).toHaveLength(1);
  });

  test('what somebody else wrote is not shown, before the replicas have it', async () => {
    const [hasty, careful] = [
      await openScratch(primary.url, { prefix }),
      await openScratch(primary.url, { prefix, ...WAITING }),
    ];
    link.pause();
    const record = await put(hasty, freshKey(), undefined, { value: 'a result' });
    expect((await refusal(write(careful, record.key))).message).toContain('only 0 of 1 replicas');
    expect((await refusal(read(careful, record.key))).message).toContain('only 0 of 1 replicas');
    link.resume();
    await until(replicated, 'the replica has everything');
    expect(await write(careful, record.key)).toMatchObject({ ok: false, records: [{ value: 'a result' }] });
    expect(await read(careful, record.key)).toEqual(record);
  });

  test('renewals and lists do not stand behind writes that wait', async () => {
    const store = await openScratch(primary.url, { prefix, durability: { replicas: 1, timeoutMs: 3_000 } });
    const { key } = await put(store, freshKey(), undefined, { lease: LEASE });
    link.pause();
    const writes = Promise.all(Array.from({ length: 12 }, () => refusal(write(store, freshKey()))));
    expect(await settles(writes, 200)).toBe(false);
    expect(await store.renew([{ key, ...LEASE }])).toEqual(['held']);
    expect((await store.list({ kind: 'call', limit: 1 })).records).toHaveLength(1);
    expect(await settles(writes, 0)).toBe(false);
    await store.close();
    await writes;
  });

  test('a WAIT that is cut short does not say that nothing was written', async () => {
    const store = await openScratch(primary.url, { prefix, durability: { replicas: 1, timeoutMs: 20_000 } });
    const admin = lookInto(primary.url);
    // Now the server knows the script: an answer that it does not would come before what is waited for.
    await put(store, freshKey());
    link.pause();
    const key = freshKey();
    const call = refusal(write(store, key));
    let waiting: string | undefined;
    await until(async () => {
      waiting = /^id=(\d+) .* flags=b .* cmd=wait /m.exec((await admin.client('LIST')) as string)?.[1];
      return waiting !== undefined;
    }, 'it waits');
    await admin.client('UNBLOCK', Number(waiting), 'ERROR');
    const error = await call;
    expect(error.details['applied']).toBe('unknown');
    expect(error.message).toContain('UNBLOCKED');
    expect(await admin.keys(`*${key.id}`)).toHaveLength(1);
  });

  test('a user who may not WAIT is not told that nothing was written', async () => {
    const admin = lookInto(primary.url);
    await admin.acl('SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-wait');
    const url = primary.url.replace('//', '//app:secret@');
    const error = await refusal(write(await openScratch(url, { prefix, ...WAITING }), freshKey()));
    expect(error.details['applied']).toBe('unknown');
    expect(error.message).toContain('NOPERM');
  });
});

describe('lost replies', () => {
  test.each(['cut-before', 'cut-after'] as const)('%s: it is sent again, and waited for', async (type) => {
    const proxy = await proxyTo(primary.url);
    const store = await openScratch(proxy.url, { prefix, ...PATIENT });
    for (let round = 0; round < 5; round++) {
      const under = nonce();
      const struck = proxy.strike(SCRIPTS.transact.sha, { type });
      const { ok, records } = await write(store, freshKey(), undefined, { lease: LEASE }, under);
      expect(ok).toBe(true);
      expect(records[0]?.revision).toBe(`1:${under}`);
      await struck;
    }
  });

  test('cut between the two answers', async () => {
    const proxy = await proxyTo(primary.url);
    const store = await openScratch(proxy.url, { prefix, ...WAITING });
    await put(store, freshKey());
    const [key, under] = [freshKey(), nonce()];
    link.pause();
    const struck = proxy.strike(key.id, { type: 'cut-reply', bytes: 60 });
    const call = write(store, key, undefined, {}, under);
    await until(async () => (await lookInto(primary.url).keys(`*${key.id}`)).length > 0, 'it has landed');
    link.resume();
    await struck;
    const answer = await call.catch(() => write(store, key, undefined, {}, under));
    expect(answer).toMatchObject({ ok: true, records: [{ revision: `1:${under}` }] });
  });
});

describe('a failover to a replica that is behind', () => {
  /** What two workers are told that claim the same call, one before and one after the failover. */
  async function claims(options: object): Promise<readonly (boolean | string)[]> {
    const key = freshKey();
    const told = async (store: Store): Promise<boolean | string> =>
      write(store, key, undefined, { lease: LEASE }).then(
        ({ ok }) => ok,
        ({ code }) => code,
      );
    const first = await openScratch(primary.url, { prefix, ...options });
    await put(first, freshKey());
    await until(replicated, 'the replica has the store');
    link.pause();
    const answers = [await told(first)];
    await primary.kill('SIGKILL');
    await promote();
    const second = await openScratch(replica.url, { prefix });
    answers.push(await told(second));
    return answers;
  }

  test('without waiting both own the claim: this is what the option is for', async () => {
    expect(await claims({})).toEqual([true, true]);
  });

  test('with it the first does not run', async () => {
    expect(await claims(WAITING)).toEqual(['STORE_UNAVAILABLE', true]);
  });
});

test('it works over a client of the program, which is not held up by WAIT', async () => {
  const client = new Redis(primary.url);
  onTestFinished(() => client.disconnect());
  const store = await openScratch(client, { prefix, durability: { replicas: 1, timeoutMs: 3_000 } });
  await put(store, freshKey());
  link.pause();
  const call = write(store, freshKey());
  expect(await settles(call, 200)).toBe(false);
  expect(await client.ping()).toBe('PONG');
  link.resume();
  expect((await call).ok).toBe(true);
  await store.close();
  expect(await client.ping()).toBe('PONG');
});
