-- Replays prepared requests: the first argument of the script names a file of them. The others are those of
-- `Manner` in load.py: milliseconds that every connection waits before each request, how many of the requests
-- are left out in the first round, and the status that must come back.
local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
local read_requests = dofile(folder .. "requests.lua")
local threads = {}
local requests = {}
local at = 0
wrong = 0

-- wrk counts statuses above 399 by itself. To be told each status takes it a quarter of its time, on the
-- processors of the server: reads, which answer with this one or an error, are left to it.
local OK = 200

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   requests = read_requests(args[1])
   local pause, wanted = tonumber(args[2]), tonumber(args[4])
   at = tonumber(args[3])
   if pause > 0 then
      delay = function() return pause end
   end
   if wanted ~= OK then
      response = function(status)
         if status ~= wanted then wrong = wrong + 1 end
      end
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency, rates)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   for _, thread in ipairs(threads) do
      failed = failed + thread:get("wrong")
   end
   io.write(string.format(
      '{"requests": %d, "seconds": %.6f, "bytes": %d, "errors": %d, "p50": %.3f, "p90": %.3f, "p99": %.3f, "p999": %.3f, "max": %.3f}\n',
      summary.requests, summary.duration / 1e6, summary.bytes, failed,
      latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000,
      latency:percentile(99.9) / 1000, latency.max / 1000))
end
