import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { openRedisStore } from 'mycelium-runtime/redis';
import { callTransactions } from '../transactions.js';
import { eachTogether, type Scale } from '../workload.js';
import type { Request, Wire } from './template.js';
import { freshIds, type Way, type Work } from './work.js';

/** The least that could be called a claim: whoever is first gets it, everybody else is told what is there. */
const CLAIM = `
local found = redis.call('HMGET', KEYS[1], 'phase', 'fence', 'until', 'value')
if found[1] then return found end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'phase', 'attempting', 'fence', '1', 'until', now + ARGV[2], 'value', ARGV[1])
return 1
`;

/** The result, under the fence of the claim. */
const COMPLETE = `
local found = redis.call('HMGET', KEYS[1], 'phase', 'fence')
if found[1] ~= 'attempting' or found[2] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'phase', 'committed', 'value', ARGV[2])
return 1
`;

/** Two scripts that do nothing but this, with values as large as those of the library. */
export async function minimalScripts(client: Redis, scale: Scale): Promise<Way> {
  const { claim, completion } = await callTransactions(scale);
  const [attempting = '', committed = ''] = [claim.write[0]?.value, completion.write[0]?.value];
  const [claiming, completing] = [CLAIM, COMPLETE].map((text) => createHash('sha1').update(text).digest('hex')) as [
    string,
    string,
  ];
  for (const text of [CLAIM, COMPLETE]) await client.script('LOAD', text);
  const claimed = (key: string): Promise<unknown> => client.evalsha(claiming, 1, key, attempting, 30_000);
  const fresh = async (key: string): Promise<void> => {
    await claimed(key);
    const ok = await client.evalsha(completing, 1, key, '1', committed);
    if (ok !== 1) throw new Error('a result under its fence was not recorded');
  };
  const freshKeys = (count: number): string[] => freshIds(count).map((id) => `floor:${id}`);
  return {
    fresh: { name: 'two minimal scripts', prepare: (count) => freshKeys(count).map((key) => () => fresh(key)) },
    replay: {
      name: 'one minimal script',
      async prepare(count) {
        const keys = freshKeys(count);
        await eachTogether(keys, fresh);
        return keys.map((key) => () => claimed(key));
      },
    },
  };
}

/** Round trips with nothing in them. */
export function pings(client: Redis): { readonly one: Work; readonly two: Work } {
  return {
    one: { name: 'one PING', prepare: (count) => Array.from({ length: count }, () => () => client.ping()) },
    two: {
      name: 'two PING',
      prepare: (count) =>
        Array.from({ length: count }, () => async () => {
          await client.ping();
          await client.ping();
        }),
    },
  };
}

/** A store over a client that notes which scripts it is told to run. */
export async function redisWire(client: Redis, prefix: string): Promise<Wire> {
  const heard: Request[] = [];
  const send = client.evalsha.bind(client) as (...words: Request) => Promise<unknown>;
  const noting = (...words: Request): Promise<unknown> => {
    heard.push(words);
    return send(...words);
  };
  client.evalsha = noting as typeof client.evalsha;
  return { store: await openRedisStore(client, { prefix }), heard, send: (words) => send(...words), unit: 'script' };
}
