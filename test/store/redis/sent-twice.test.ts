import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { redisService } from '../../services/services.js';
import { freshKey, lookInto, openScratch, put, refusal, sharedPrefix, write } from './scratch.js';

test('a driver that sends again by itself leaves open whether the first sending was applied', async () => {
  const prefix = sharedPrefix();
  const key = freshKey();
  const socketOf = (url: string): Socket =>
    connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  let sendings = 0;
  // Applied and not answered; sent again it is refused as if nothing was begun; then the server is away.
  const between = createServer((there) => {
    const server = socketOf(redisService());
    there.on('error', () => undefined).on('close', () => server.destroy());
    server.on('data', (bytes) => there.write(bytes)).on('close', () => there.destroy());
    there.on('data', (bytes) => {
      if (!bytes.includes(key.id)) return void server.write(bytes);
      sendings += 1;
      if (sendings === 1) {
        server.removeAllListeners('data').once('data', () => there.destroy());
        server.write(bytes);
      } else {
        between.close();
        there.end('-LOADING Redis is loading the dataset in memory\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => void between.listen(0, '127.0.0.1', resolve));
  const client = new Redis({ port: (between.address() as AddressInfo).port, enableReadyCheck: false });
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  const store = await openScratch(client, { prefix, timeoutMs: 1_500 });
  // Now the server knows the script.
  await put(store, freshKey());
  const error = await refusal(write(store, key));
  expect(sendings).toBe(2);
  expect(error.details['applied']).toBe('unknown');
  expect(await lookInto(redisService()).keys(`{${prefix}*${key.id}`)).toHaveLength(1);
});
