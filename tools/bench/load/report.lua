-- wrk script: the request target and the Host header come as arguments; the result goes out as one line of JSON.
function init(args)
  wrk.headers["Host"] = args[2]
  prepared = wrk.format("GET", args[1])
end

function request()
  return prepared
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"non2xx":%d,"socketErrors":%d,"p50Ms":%.4f,"p99Ms":%.4f,"p999Ms":%.4f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000))
end
