/**
 * Creates the store unless it is there, and answers what it is.
 *
 *     KEYS[1]  the facts of the store
 *     ARGV     '1' to create it; its id; its number of partitions; its format
 *
 * Answers { id, partitions, format, '1' when every partition has its mark }, or nothing when there is none.
 */
export const OPEN = `
if ARGV[1] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'id', ARGV[2], 'partitions', ARGV[3], 'format', ARGV[4])
end
return redis.call('HMGET', KEYS[1], 'id', 'partitions', 'format', 'marked')
`;
