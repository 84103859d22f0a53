-- Reads prepared requests for wrk: each stands in the file behind its length in eight digits.
return function(path)
   local requests = {}
   local file = assert(io.open(path, "rb"))
   while true do
      local length = file:read(8)
      if not length then break end
      requests[#requests + 1] = file:read(tonumber(length))
   end
   file:close()
   return requests
end
