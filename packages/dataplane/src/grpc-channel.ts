import { isIP } from "node:net";
import type { ClientOptions } from "@grpc/grpc-js";
import { splitAddress } from "@fairlead/kit";

/** How the proxy keeps a long-lived connection to a server of the control plane. */
export function channelOptions(server: string, options: ClientOptions = {}): ClientOptions {
  return {
    // Finds out that the server's machine is gone although nothing closed the connection.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    // Every attempt connects anew at once: our backoff is the only one.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
    // The mesh's own HTTP_PROXY is for the application.
    "grpc.enable_http_proxy": 0,
    // An address is no server name (RFC 6066 §3); who the server is says its SPIFFE ID, whatever it is called.
    ...(isIP(splitAddress(server).host) === 0 ? {} : { "grpc.ssl_target_name_override": "control-plane.fairlead" }),
    ...options,
  };
}
