import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { redisService } from '../../services/services.js';
import { freshKey, openScratch, proxyTo, put, refusal, sharedPrefix } from './scratch.js';

test.each(['', '0', '0.!!', '99.YQ', '0.G2dhcmJhZ2U', '0.GzU', 'garbage'])(
  'the cursor %j is refused as none of this store',
  async (after) => {
    const store = await openScratch(redisService(), { prefix: sharedPrefix() });
    const error = await refusal(store.list({ kind: 'call', limit: 1, after }));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain('is not a cursor of this store');
  },
);

test('the field that fewest records have is searched, also with a client that answers numbers as texts', async () => {
  const proxy = await proxyTo(redisService());
  const client = new Redis(proxy.url, { stringNumbers: true });
  onTestFinished(() => client.disconnect());
  const store = await openScratch(client, { prefix: sharedPrefix() });
  const records = [];
  for (let partition = 0; partition < 6; partition++) {
    const index = { phase: 'committed', tool: partition < 2 ? 'pay' : 'mail' };
    records.push(await put(store, freshKey({ partition }), undefined, { index }));
  }
  proxy.counter.reset();
  const page = await store.list({ kind: 'call', where: { phase: 'committed', tool: 'pay' }, limit: 10 });
  expect(page.records).toEqual(records.slice(0, 2));
  const searches = proxy.counter.snapshot().statements.filter((text) => text.startsWith('ZRANGEBYLEX'));
  expect(searches).toHaveLength(16);
  for (const search of searches) expect(search).toContain('[=tool\0pay\0');
});
