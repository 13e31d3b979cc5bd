-- Sends POSTs with many different keys. Arguments: file of calls ("path secret" a line), body, path that all
-- calls go to instead ("" for none). Says at the end, in one line of JSON, what came of them.
local requests, at = {}, 0
local started = 0

function setup(thread)
  thread:set("place", started)
  started = started + 1
end

function init(arguments)
  local file, body, path = arguments[1], arguments[2], arguments[3] or ""
  for line in io.lines(file) do
    local own, secret = line:match("(%S+) (%S+)")
    requests[#requests + 1] = wrk.format(
      "POST", path == "" and own or path,
      { ["Content-Type"] = "application/json", ["X-API-Key"] = secret }, body
    )
  end
  -- Each thread begins elsewhere, so that two never send the same key at the same time.
  at = math.floor(#requests / 2) * (place % 2)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "broken": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
