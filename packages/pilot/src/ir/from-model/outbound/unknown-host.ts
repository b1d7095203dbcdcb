import { NO_HEADER_OPERATIONS, type Route, type VirtualHost } from "../../route.ts";
import { PASSTHROUGH_CLUSTER } from "../shared/names.ts";
import { ANY_REQUEST, explainedResponse } from "../shared/route.ts";

/** What happens to requests for hosts that the mesh does not know (Istio's `outboundTrafficPolicy`). */
export type OutboundTraffic = "allow-any" | "registry-only";

const BAD_GATEWAY = 502;

/** The virtual host for every name that no other is for. */
export function unknownHost(traffic: OutboundTraffic): VirtualHost {
  return traffic === "allow-any" ? ALLOW_ANY : BLOCK_ALL;
}

const REFUSAL = explainedResponse(BAD_GATEWAY, "the mesh knows no service of this name and port; a ServiceEntry would make it known");

const REFUSED: Route = {
  name: "block_all",
  match: ANY_REQUEST,
  action: REFUSAL,
  headers: NO_HEADER_OPERATIONS,
  fault: undefined,
  operation: undefined,
  origins: [],
};

const BLOCK_ALL: VirtualHost = {
  name: "block_all",
  domains: ["*"],
  routes: [
    { ...REFUSED, name: "block_all_tunnels", match: { path: { kind: "connect" }, headers: [], queryParameters: [], claims: [] } },
    REFUSED,
  ],
  requireTls: false,
  origins: [],
};

const ALLOW_ANY: VirtualHost = {
  name: "allow_any",
  domains: ["*"],
  routes: [
    {
      ...REFUSED,
      name: "allow_any",
      action: {
        kind: "forward",
        clusters: [{ name: PASSTHROUGH_CLUSTER, weight: 1, headers: NO_HEADER_OPERATIONS }],
        timeoutMs: 0,
        retry: undefined,
        rewrite: undefined,
        mirrors: [],
        hashKey: undefined,
        terminateConnect: false,
      },
    },
  ],
  requireTls: false,
  origins: [],
};
