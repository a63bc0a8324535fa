import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors/usage.js';
import { backoff, RECONNECT } from '../../../src/store/backoff.js';
import { isPeerMissing } from '../../../src/store/optional-peer.js';
import { createSubscriber, type RedisClient } from '../../../src/store/redis/driver.js';
import { layoutOf, packIndex } from '../../../src/store/redis/layout.js';
import { describeAddress, parseRedisUrl } from '../../../src/store/redis/redis-url.js';
import { planTransaction } from '../../../src/store/transaction-plan.js';

const PLAIN = { cluster: false, tls: false, username: undefined, password: undefined, database: 0, prefix: undefined };

describe('what a URL says', () => {
  test.each([
    ['redis://localhost', { hosts: [{ host: 'localhost', port: 6379 }] }],
    ['redis://', { hosts: [{ host: 'localhost', port: 6379 }] }],
    ['rediss://host:7000/3', { hosts: [{ host: 'host', port: 7000 }], tls: true, database: 3 }],
    ['redis://[::1]:7000', { hosts: [{ host: '::1', port: 7000 }] }],
    ['redis://user:p%40ss%3A@host', { hosts: [{ host: 'host', port: 6379 }], username: 'user', password: 'p@ss:' }],
    ['redis://:secret@host', { hosts: [{ host: 'host', port: 6379 }], password: 'secret' }],
    ['redis://host?prefix=app', { hosts: [{ host: 'host', port: 6379 }], prefix: 'app' }],
    [
      'redis://a:1,b:2,c?cluster=true',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 6379 },
        ],
        cluster: true,
      },
    ],
  ])('%s', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual({ ...PLAIN, ...expected });
  });

  test.each([
    'http://host',
    'redis:/host',
    'redis://host:0',
    'redis://host:70000',
    'redis://host:x',
    'redis://a,b',
    'redis://host/name',
    'redis://host/3?cluster=true',
    'redis://host?cluster=yes',
    'redis://host?tls=hunter2',
    'redis://user:hunter2%@host',
    'redis://user:hunter2@host:port',
    'redis://user:hunter2@ho st:1:2',
  ])('%s is refused, without a word of its credentials', (url) => {
    const refused = (): unknown => parseRedisUrl(url);
    expect(refused).toThrow(UsageError);
    expect(refused).not.toThrow('hunter2');
  });

  test('it is described without its credentials', () => {
    expect(describeAddress(parseRedisUrl('redis://user:hunter2@host:1/2'))).toBe('redis host:1/2');
    expect(describeAddress(parseRedisUrl('redis://:hunter2@a,[::1]:2?cluster=true'))).toBe(
      'redis cluster a:6379,[::1]:2',
    );
  });
});

describe('where records lie', () => {
  test('no two keys meet, whatever is in their kinds and ids', () => {
    const { record } = layoutOf('p');
    const texts = ['a', 'a b', '', ' ', 'a\0', '\u001b"a\\u0000"', '\ud800', '\\ud800', '\u001b', 'record:a'];
    const names = texts.flatMap((id) => ['call', '\u001bcall'].map((kind) => record({ partition: 0, kind, id })));
    expect(new Set(names).size).toBe(names.length);
  });

  test('an empty index is not none', () => {
    expect(packIndex(undefined)).not.toBe(packIndex({}));
    expect(packIndex({ '': '' })).not.toBe(packIndex({}));
  });
});

describe('a plan', () => {
  const key = { partition: 0, kind: 'call', id: 'one' };
  const line = { partition: 0, kind: 'line', id: 'one' };
  const expectations = [key, line].map((one) => ({ key: one, revision: undefined }));
  const written = { key: line, value: '' };

  test.each([
    ['nothing is written beside a removal', { expect: expectations, write: [], remove: [key] }, 'nothing is written'],
    ['a removal of what is not expected', { expect: [], write: [], remove: [key] }, 'nothing is written'],
    [
      'a removal of what is not expected, beside a write',
      { expect: expectations.slice(1), write: [written], remove: [key] },
      'removed without an expectation',
    ],
    ['a removal twice', { expect: expectations, write: [written], remove: [key, { ...key }] }, 'removed twice'],
    ['a removal of what is written', { expect: expectations, write: [written], remove: [line] }, 'written as well'],
  ])('%s is refused', (_, transaction, problem) => {
    expect(() => planTransaction(transaction, 'n', 16)).toThrow(problem);
  });

  test('each record stands in it once', () => {
    const { records, answer } = planTransaction(
      { expect: [...expectations, ...expectations], write: [written], remove: [{ ...key }], read: [line, key] },
      'n',
      16,
    );
    expect(records.map(({ removed, write }) => [removed, write])).toEqual([
      [true, undefined],
      [false, written],
    ]);
    expect(answer).toEqual([0, 1, 0, 1, 1, 0]);
  });
});

test('only a package that is missing itself is one to install', () => {
  const error = (code: string, message: string): Error => Object.assign(new Error(message), { code });
  const missing = "Cannot find package 'ioredis' imported from /app/dist/driver.js";
  expect(isPeerMissing(error('ERR_MODULE_NOT_FOUND', missing), 'ioredis')).toBe(true);
  expect(isPeerMissing(error('MODULE_NOT_FOUND', "Cannot find module 'ioredis'"), 'ioredis')).toBe(true);
  expect(isPeerMissing(error('ERR_MODULE_NOT_FOUND', "Cannot find package 'denque'"), 'ioredis')).toBe(false);
  expect(isPeerMissing(error('ERR_OTHER', missing), 'ioredis')).toBe(false);
  expect(isPeerMissing(new Error(missing), 'ioredis')).toBe(false);
  expect(isPeerMissing('ioredis', 'ioredis')).toBe(false);
});

test('pauses grow, up to two seconds, and half of them by lot', () => {
  expect(backoff(RECONNECT, 0, () => 0)).toBe(25);
  expect(backoff(RECONNECT, 0, () => 1)).toBe(50);
  expect(backoff(RECONNECT, 1, () => 1)).toBe(100);
  expect(backoff(RECONNECT, 50, () => 0)).toBe(1_000);
  expect(backoff(RECONNECT, 50, () => 1)).toBe(2_000);
});

test('without a node that is known there is no subscription, and it is tried again', () => {
  const client = { isCluster: true, nodes: () => [], duplicate: () => 'not a node' };
  expect(() => createSubscriber(client as unknown as RedisClient, 1_000)).toThrow('no node of the cluster is known');
});
