/** `mycelium-runtime/redis`: the store on Redis. Needs `ioredis`. */
export type { RedisStoreOptions } from './options.js';
export { openRedisStore } from './redis-store.js';
