-- Replays prepared requests: the first argument of the script names a file of them, each behind its length.
-- The second is how long every connection waits before each request, in milliseconds; the third how many of
-- the requests are left out in the first round.
local requests = {}
local at = 0
local pause = 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   while true do
      local length = file:read(8)
      if not length then break end
      requests[#requests + 1] = file:read(tonumber(length))
   end
   file:close()
   pause = tonumber(args[2] or "0")
   at = tonumber(args[3] or "0")
   if pause > 0 then
      delay = function() return pause end
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency, rates)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(string.format(
      '{"requests": %d, "seconds": %.6f, "bytes": %d, "errors": %d, "p50": %.3f, "p90": %.3f, "p99": %.3f, "p999": %.3f, "max": %.3f}\n',
      summary.requests, summary.duration / 1e6, summary.bytes, failed,
      latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000,
      latency:percentile(99.9) / 1000, latency.max / 1000))
end
