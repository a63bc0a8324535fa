/**
 * All of a transaction, or none of it, in one round trip.
 *
 *     KEYS[1]               the mark of the store in this partition, see the open script
 *     KEYS[2]               what is written where nothing else is: WAIT waits for what its connection wrote, and what
 *                           the answer shows may not be on the replicas yet
 *     KEYS[3 …]             record, waiters and index of each record that is written or removed,
 *                           then the other records
 *     ARGV[1], ARGV[2]      the id of the store; the nonce
 *     ARGV[3]               '1' when WAIT follows
 *     ARGV[4]               how many records are written or removed
 *     ARGV[5]               how many others there are
 *     ARGV[6 …]             of each record that is written or removed: expected revision, '1' if no lease may be
 *                           held, 'w' or 'x', its id, and of a write: value, index, milliseconds of its
 *                           lease or '', owner, fence;
 *                           of each other record: expected revision, '1' if no lease may be held
 *
 * An expected revision is '' for "no such record", '*' for anything and '!' for what cannot hold. A record is a hash:
 * `r` revision, `v` value, `w` written at, `o` `f` `u` owner, fence and end of its lease, `i` index. The index is one
 * sorted set for each kind, all scores 0: `*id` for each record, `=field NUL value NUL id` for each of its fields.
 *
 * Answers { ok, now, record … } in the order of the keys. A record that has just been written is only its revision,
 * because the caller knows the rest; any other is its seven fields, and one that is not there is nothing.
 */
export const TRANSACT = `
local call, match, sub = redis.call, string.match, string.sub
if call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STORELOST ' .. KEYS[1]) end
local nonce = ARGV[2]
local touched, others = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function holds(expected, lease, revision, untl)
  if expected == '*' then return true end
  if expected ~= (revision or '') then return false end
  return lease ~= '1' or not untl or now >= tonumber(untl)
end

local function read(record)
  return call('HMGET', record, 'r', 'u', 'i', 'v', 'w', 'o', 'f')
end

local holding, resent = true, touched > 0
local before, channels = {}, {}
local key, arg = 3, 6
for n = 1, touched do
  -- What an insert finds instead is the answer, and read at once; an update mostly needs less.
  local found = ARGV[arg] == '' and read(KEYS[key]) or call('HMGET', KEYS[key], 'r', 'u', 'i')
  before[n] = found
  -- Read before anything is written: what may be refused is refused before that.
  channels[n] = call('SMEMBERS', KEYS[key + 1])
  local revision, writes = found[1], ARGV[arg + 2] == 'w'
  if not holds(ARGV[arg], ARGV[arg + 1], revision, found[2]) then holding = false end
  if resent and writes and not (revision and sub(revision, -#nonce - 1) == ':' .. nonce) then resent = false end
  key, arg = key + 3, arg + (writes and 9 or 4)
end
local seen = {}
for n = 1, others do
  local found = read(KEYS[key])
  seen[n] = found[1] and found
  if not holds(ARGV[arg], ARGV[arg + 1], found[1], found[2]) then holding = false end
  key, arg = key + 1, arg + 2
end

local answer = { (holding or resent) and 1 or 0, now }
key, arg = 3, 6
for n = 1, touched do
  local record, waiters, index = KEYS[key], KEYS[key + 1], KEYS[key + 2]
  local writes, id = ARGV[arg + 2] == 'w', ARGV[arg + 3]
  if not holding then
    local found = before[n]
    answer[n + 2] = found[1] and (#found == 7 and found or read(record))
  else
    local revision, fields = before[n][1], before[n][3] or ''
    local nextFields = writes and ARGV[arg + 5] or ''
    if not revision then
      if writes then
        local come = { 0, '*' .. id }
        local at = 3
        for field in string.gmatch(nextFields, '[^%z]*%z[^%z]*%z') do
          come[at], come[at + 1] = 0, '=' .. field .. id
          at = at + 2
        end
        call('ZADD', index, unpack(come))
      end
    elseif fields ~= nextFields or not writes then
      local is, gone, come = {}, {}, {}
      if not writes then gone[1] = '*' .. id end
      for field in string.gmatch(nextFields, '[^%z]*%z[^%z]*%z') do is[field] = true end
      for field in string.gmatch(fields, '[^%z]*%z[^%z]*%z') do
        if is[field] then is[field] = nil else gone[#gone + 1] = '=' .. field .. id end
      end
      for field in pairs(is) do
        come[#come + 1] = 0
        come[#come + 1] = '=' .. field .. id
      end
      if #gone > 0 then call('ZREM', index, unpack(gone)) end
      if #come > 0 then call('ZADD', index, unpack(come)) end
    end
    if writes then
      local count = revision and tonumber(match(revision, '^%d+')) or 0
      local moved = string.format('%.0f', count + 1) .. ':' .. nonce
      local value, ms = ARGV[arg + 4], ARGV[arg + 6]
      if ms ~= '' then
        call('HSET', record, 'r', moved, 'v', value, 'w', now, 'i', nextFields,
          'o', ARGV[arg + 7], 'f', ARGV[arg + 8], 'u', string.format('%.17g', now + tonumber(ms)))
      else
        call('HSET', record, 'r', moved, 'v', value, 'w', now, 'i', nextFields)
        if before[n][2] then call('HDEL', record, 'o', 'f', 'u') end
      end
      answer[n + 2] = moved
    else
      call('DEL', record)
      answer[n + 2] = false
    end
    if #channels[n] > 0 then
      -- Who may not publish leaves those who wait to their own reading.
      for _, channel in ipairs(channels[n]) do redis.pcall('PUBLISH', channel, record) end
      call('DEL', waiters)
    end
  end
  key, arg = key + 3, arg + (writes and 9 or 4)
end
for n = 1, others do answer[touched + n + 2] = seen[n] end
if ARGV[3] == '1' and not (holding and touched > 0) then call('SET', KEYS[2], nonce) end
return answer
`;
