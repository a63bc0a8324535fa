import { expect, onTestFinished, test } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../services/redis-server.js';
import { freshKey, lookInto, openScratch, proxyTo, put, refusal, until, write } from './scratch.js';

/** A server that ends with the test. */
async function started(options: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

test('one that came back unfit: production refuses calls, and goes on when it is as it should be', async () => {
  const own = await started({ appendonly: 'always' });
  const [store, lax] = [
    await openScratch(own.url, { profile: 'production', timeoutMs: 10_000 }),
    await openScratch(own.url, { timeoutMs: 10_000 }),
  ];
  const { key, revision } = await put(store, freshKey(), undefined, { lease: { owner: 'w', fence: 1, ms: 60_000 } });
  const admin = lookInto(own.url);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  // Nobody looks at it again while it is there.
  expect((await write(store, freshKey())).ok).toBe(true);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(
    () =>
      write(store, freshKey()).then(
        () => false,
        ({ code }) => code === 'STORE_UNSAFE',
      ),
    'it is refused',
  );
  expect((await refusal(write(store, key, revision))).message).toContain('maxmemory-policy is allkeys-lru');
  // A call that runs keeps its lease.
  expect(await store.renew([{ key, owner: 'w', fence: 1, ms: 60_000 }])).toEqual(['held']);
  expect((await write(lax, freshKey())).ok).toBe(true);
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  await until(
    () =>
      write(store, key, revision).then(
        ({ ok }) => ok,
        () => false,
      ),
    'it is taken again',
  );
});

test.each([
  ['one connection', {}],
  ['several that wait for replicas', { durability: { replicas: 1, timeoutMs: 1_000 } }],
])('%s: calls under way are not sent to one that came back unfit', async (_, options) => {
  const own = await started({ appendonly: 'always' });
  const replica = await started({ replicaOf: own.port });
  await until(async () => (await lookInto(own.url).info('replication')).includes('state=online'), 'it is there');
  const proxy = await proxyTo(own.url);
  const store = await openScratch(proxy.url, { ...options, profile: 'production', timeoutMs: 20_000 });
  for (let round = 0; round < 4; round++) await put(store, freshKey());
  const [sent, waiting] = [freshKey(), [freshKey(), freshKey(), freshKey(), freshKey()]];
  let away: Promise<void> | undefined;
  proxy.decide = ({ executed }) => {
    if (!executed.some(({ text }) => text.includes(sent.id))) return undefined;
    away ??= proxy.refuse();
    return { type: 'cut-before' };
  };
  const first = refusal(write(store, sent));
  await until(() => away !== undefined, 'it was sent');
  await away;
  // A call that meets a connection which nobody knows to be gone was on its way, too.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const others = waiting.map((key) => refusal(write(store, key)));
  await lookInto(own.url).config('SET', 'maxmemory-policy', 'allkeys-lru');
  await proxy.accept();
  const { code, details, message } = await first;
  expect(code).toBe('STORE_UNAVAILABLE');
  expect(details['applied']).toBe('unknown');
  expect(message).toContain('allkeys-lru');
  for (const other of await Promise.all(others)) expect(other.code).toBe('STORE_UNSAFE');
  for (const { id } of [sent, ...waiting]) expect(await lookInto(own.url).keys(`*${id}`)).toEqual([]);
  await replica.stop();
});

test('a server that cannot be looked at when it came back is looked at again', async () => {
  const own = await started({ appendonly: 'always' });
  const store = await openScratch(own.url, { profile: 'production', timeoutMs: 300 });
  for (let round = 0; round < 3; round++) {
    await lookInto(own.url).call('CLIENT', 'KILL', 'TYPE', 'normal');
    own.suspend();
    expect((await refusal(write(store, freshKey()))).code).toBe('STORE_UNAVAILABLE');
    // Nobody waits for that look, and nobody has to hear of it.
    await new Promise((resolve) => setTimeout(resolve, 400));
    own.resume();
    await until(
      () =>
        write(store, freshKey()).then(
          ({ ok }) => ok,
          () => false,
        ),
      'it works again',
    );
  }
});
