import type { Service } from "../../../model/service.ts";
import { NO_HEADER_OPERATIONS, type RetryRule, type RouteConfiguration } from "../../route.ts";
import { inboundClusterName } from "../shared/names.ts";
import { ANY_REQUEST } from "../shared/route.ts";

/** The application may close an idle connection at the moment a request is sent on it; nothing was processed then. */
const RETRY_STALE_CONNECTION: RetryRule = {
  attempts: 2,
  retryOn: ["reset-before-request"],
  isDefault: false,
  retriableStatusCodes: [],
  perTryTimeoutMs: 0,
  backoffMs: undefined,
  avoidPreviousHosts: false,
};

/** Everything to the application. */
export function inboundRoutes(port: number, services: readonly Service[], isGrpc: boolean): RouteConfiguration {
  const cluster = inboundClusterName(port);
  const origins = services.map((service) => service.origin);
  const [service] = services;
  return {
    name: cluster,
    ignorePortInHost: false,
    virtualHosts: [
      {
        name: `inbound|http|${port}`,
        domains: ["*"],
        requireTls: false,
        origins,
        routes: [
          {
            name: "default",
            match: ANY_REQUEST,
            action: {
              kind: "forward",
              clusters: [{ name: cluster, weight: 1, headers: NO_HEADER_OPERATIONS }],
              timeoutMs: 0,
              retry: isGrpc ? undefined : RETRY_STALE_CONNECTION,
              rewrite: undefined,
              mirrors: [],
              hashKey: undefined,
              terminateConnect: false,
            },
            headers: NO_HEADER_OPERATIONS,
            fault: undefined,
            operation: service === undefined ? undefined : `${service.hostname}:${port}/*`,
            origins,
          },
        ],
      },
    ],
  };
}
