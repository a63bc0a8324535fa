/** `mycelium-runtime/redis`: the store on Redis. Needs `ioredis`. */
export { openRedisStore, type RedisStoreOptions } from './redis-store.js';
