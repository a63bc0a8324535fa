/**
 * Asks to be told when a record moves, and says where it stands: whoever moves it later finds the channel.
 *
 *     KEYS[1], KEYS[2]  the record; the channels of those who wait for it
 *     ARGV[1], ARGV[2]  the channel; after how many milliseconds it is forgotten
 *
 * Answers the revision, '' when there is no record.
 */
export const WATCH = `
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return redis.call('HGET', KEYS[1], 'r') or ''
`;
