import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import type { Redis } from 'ioredis';
import { freshPayments, type Payment, pay, payTogether, type Scale } from '../workload.js';
import type { Way } from './work.js';

/**
 * Powertools' idempotency on its layer for Redis, in its cheapest setting: the whole payload is the key, no validation
 * of the payload, no JMESPath. Its layer takes any client with get, set and del; this is ioredis with the arguments in
 * the form of @redis/client.
 */
export function powertools(client: Redis, scale: Scale): Way {
  const persistenceStore = new CachePersistenceLayer({
    client: {
      get: (key) => client.get(key),
      set(key, value, options) {
        const { EX, NX } = options as { EX: number; NX?: boolean };
        return NX === true
          ? client.set(String(key), String(value), 'EX', EX, 'NX')
          : client.set(String(key), String(value), 'EX', EX);
      },
      del: (keys) => client.del(keys),
    },
  });
  const config = new IdempotencyConfig({});
  // Without it every call prints a warning. It is told how long the function may still run, as Lambda tells it.
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 30_000 } as Parameters<
    typeof config.registerLambdaContext
  >[0]);
  const tool = makeIdempotent((payment: Payment) => pay(payment), {
    persistenceStore,
    config,
    keyPrefix: 'powertools',
  });
  return {
    fresh: {
      name: 'Powertools',
      prepare: (count) => freshPayments(count, scale.seed).map((payment) => () => tool(payment)),
    },
    replay: {
      name: 'Powertools, replay',
      async prepare(count) {
        const payments = freshPayments(count, scale.seed);
        await payTogether(tool, payments);
        return payments.map((payment) => () => tool(payment));
      },
    },
  };
}
