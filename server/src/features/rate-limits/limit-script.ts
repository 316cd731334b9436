// The sliding log inside Redis: the same decisions as sliding-log.ts, taken where all servers meet, in one atomic step.

/** The instant in ARGV[1], or '' for Redis's own clock. */
const now = `
local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
else
  now = tonumber(ARGV[1])
end
`

/**
 * KEYS: one list of instants (milliseconds, oldest first) for each limit. ARGV: the instant, or '' for Redis's own clock; '1' to look
 * without spending; then limit and window of each. Answers: allowed, which limit describes it (from 1), what remains, and the wait.
 * An admission is never put before the one ahead of it: a clock that was set back shortens nobody's window.
 */
export const limitScript = `${now}
for i = 1, #KEYS do
  local newest = redis.call('LINDEX', KEYS[i], -1)
  if newest and tonumber(newest) > now then now = tonumber(newest) end
end
local limits, windows, sizes, waits, longest = {}, {}, {}, {}, 1
local function wait(i)
  if sizes[i] < limits[i] then return 0 end
  return windows[i] - (now - tonumber(redis.call('LINDEX', KEYS[i], sizes[i] - limits[i])))
end
local full = false
for i = 1, #KEYS do
  limits[i], windows[i] = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  while true do
    local oldest = redis.call('LINDEX', KEYS[i], 0)
    if not oldest or now - tonumber(oldest) < windows[i] then break end
    redis.call('LPOP', KEYS[i])
  end
  sizes[i] = redis.call('LLEN', KEYS[i])
  waits[i] = wait(i)
  if waits[i] > 0 then full = true end
  if waits[i] > waits[longest] then longest = i end
end
local peek = ARGV[2] == '1'
if full and not peek then return { 0, longest, 0, tostring(waits[longest]) } end
local tightest = 1
for i = 1, #KEYS do
  if not peek then
    redis.call('RPUSH', KEYS[i], string.format('%.3f', now))
    redis.call('PEXPIRE', KEYS[i], windows[i])
    sizes[i] = sizes[i] + 1
  end
  if math.max(0, limits[i] - sizes[i]) < math.max(0, limits[tightest] - sizes[tightest]) then tightest = i end
end
local remaining = math.max(0, limits[tightest] - sizes[tightest])
return { 1, tightest, remaining, remaining > 0 and '0' or tostring(wait(tightest)) }
`

/**
 * What was admitted elsewhere takes its place in the list. KEYS: the list. ARGV: the instant as above, the window, and of each
 * admission how long ago it was, in milliseconds, the oldest first.
 */
export const tellScript = `${now}
local merged, next = {}, 3
local function told() return now - tonumber(ARGV[next]) end
for _, instant in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  while next <= #ARGV and told() <= tonumber(instant) do
    merged[#merged + 1] = string.format('%.3f', told())
    next = next + 1
  end
  merged[#merged + 1] = instant
end
while next <= #ARGV do
  merged[#merged + 1] = string.format('%.3f', told())
  next = next + 1
end
redis.call('DEL', KEYS[1])
for i = 1, #merged, 1000 do redis.call('RPUSH', KEYS[1], unpack(merged, i, math.min(i + 999, #merged))) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`
