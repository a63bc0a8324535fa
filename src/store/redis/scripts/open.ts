/**
 * Creates the store unless it is there, and answers what it is.
 *
 *     KEYS[1]  the facts of the store
 *     ARGV     '1' to create it; its id; its number of partitions; its format
 *
 * Answers { id, partitions, format, '1' when every partition has its mark }, or nothing when there is none.
 */
export const OPEN = `
if ARGV[1] == '1' and redis.call('HEXISTS', KEYS[1], 'id') == 0 then
  redis.call('HSET', KEYS[1], 'id', ARGV[2], 'partitions', ARGV[3], 'format', ARGV[4])
  redis.call('HDEL', KEYS[1], 'marked')
end
return redis.call('HMGET', KEYS[1], 'id', 'partitions', 'format', 'marked')
`;

/**
 * Marks a partition of a store that is being created, and answers whose it is.
 *
 *     KEYS[1]  the mark
 *     ARGV     the id of the store; '1' to set it where there is none
 *
 * A script and not a GET, which a client may send to a replica that lags behind.
 */
export const MARK = `
if ARGV[2] == '1' then redis.call('SETNX', KEYS[1], ARGV[1]) end
return redis.call('GET', KEYS[1])
`;

/**
 * Notes that every partition has its mark: one that is missing from now on was lost.
 *
 *     KEYS[1]  the facts of the store
 *     ARGV     its id
 *
 * Answers 0 when the facts are not there any more, or another store's.
 */
export const MARKED = `
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'marked', '1')
return 1
`;
