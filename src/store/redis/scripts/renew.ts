/**
 * Extends leases that still belong to the claims that ask.
 *
 *     KEYS[1 … m]       the marks of the store in the partitions that are touched
 *     KEYS[m + 1 …]     the records
 *     ARGV[1], ARGV[2]  the id of the store; m
 *     ARGV[3 …]         owner, fence and milliseconds of each record
 *
 * Answers 1 (held) or 0 (lost) for each.
 */
export const RENEW = `
local marks = tonumber(ARGV[2])
for n = 1, marks do
  if redis.call('GET', KEYS[n]) ~= ARGV[1] then return redis.error_reply('STORELOST ' .. KEYS[n]) end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for n = 1, #KEYS - marks do
  local record, arg = KEYS[marks + n], 3 * n
  local lease = redis.call('HMGET', record, 'o', 'f')
  if lease[1] == ARGV[arg] and lease[2] == ARGV[arg + 1] then
    redis.call('HSET', record, 'u', string.format('%.17g', now + tonumber(ARGV[arg + 2])))
    answer[n] = 1
  else
    answer[n] = 0
  end
end
return answer
`;
