-- Replays the requests of a file.
--   first argument   the file
--   second argument  how many requests of it were sent by an earlier run
--   third argument   stop when so many of it were sent; 0: begin anew after the last
--   fourth argument  what has to stand in the body of every answer; may be empty
local ffi = require("ffi")
ffi.cdef[[
   typedef struct { long seconds; long nanoseconds; } peer_moment;
   int clock_gettime(int clock, peer_moment *moment);
]]

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
local read_requests = dofile(folder .. "../requests.lua")
local threads = {}
local moment = ffi.new("peer_moment")
local requests = {}
local last = 0
local expected = ""

-- Globals of the thread, because done() reads them from outside.
taken = 0
sent = 0
answered = 0
failed = 0
failure = ""
began = 0
ended = 0

local function now()
   ffi.C.clock_gettime(1, moment)
   return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   requests = read_requests(args[1])
   taken = tonumber(args[2])
   last = tonumber(args[3])
   expected = args[4] or ""
end

function request()
   if began == 0 then
      -- wrk asks for one request to look at it before it sends any.
      began = now()
      return requests[1]
   end
   if last > 0 and taken >= last then
      -- Something has to be returned; it is gone with the connection.
      wrk.thread:stop()
      return wrk.format("GET", "/")
   end
   if taken >= #requests then taken = 0 end
   taken = taken + 1
   sent = sent + 1
   return requests[taken]
end

function response(status, headers, body)
   answered = answered + 1
   ended = now()
   local good = status >= 200 and status < 300
   if not good or (expected ~= "" and not string.find(body, expected, 1, true)) then
      failed = failed + 1
      if failure == "" then failure = status .. " " .. string.sub(body, 1, 300) end
   end
end

function done(summary, latency, rates)
   local thread = threads[1]
   local errors = summary.errors
   io.write(string.format(
      'RESULT %d %d %d %.6f %.3f %.3f %d\n',
      thread:get("taken"), thread:get("sent"), thread:get("answered"), thread:get("ended") - thread:get("began"),
      latency:percentile(50) / 1000, latency:percentile(99) / 1000,
      thread:get("failed") + errors.connect + errors.read + errors.write + errors.timeout))
   io.write(thread:get("failure"), "\n")
end
