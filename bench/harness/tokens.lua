-- For wrk: GET /user with the tokens of a file in rotation, each thread starting elsewhere.
-- Arguments: the file, the number of threads. Every request is formatted before the start.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  requests, position = {}, 0
  for token in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", "/user", { ["Authorization"] = "Bearer " .. token })
  end
  position = math.floor(#requests * number / tonumber(arguments[2]))
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "per_second": %.1f, "p50_ms": %.3f, "p90_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, '
      .. '"errors": {"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}}\n',
    summary.requests, summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, e.connect, e.read, e.write, e.timeout, e.status))
end
