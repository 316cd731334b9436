-- Rotates prepared requests, one for each line of a file, counts every status, and prints the outcome as one line of JSON.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

-- args: method, body, file, header, prefix. Without a header the lines are bodies; with one they are its values.
function init(args)
  local method, body, file, header, prefix = args[1], args[2], args[3], args[4] or '', args[5] or ''
  requests = {}
  statuses = {}
  turn = 0
  for line in io.lines(file) do
    local headers = {}
    local sent = body
    if header == '' then sent = line else headers[header] = prefix .. line end
    if sent == '' then sent = nil end
    if sent then headers['Content-Type'] = 'application/json' end
    requests[#requests + 1] = wrk.format(method, nil, headers, sent)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
  local counts = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get('statuses')) do
      counts[status] = (counts[status] or 0) + count
    end
  end
  local parts = {}
  for status, count in pairs(counts) do
    parts[#parts + 1] = string.format('"%d":%d', status, count)
  end
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"socket":%d,"statuses":{%s}}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, table.concat(parts, ',')
  ))
end
