import { internList, remember } from "../../remember.ts";
import type { Service } from "../../../model/service.ts";
import type { Cluster, ClusterDiscovery } from "../../cluster.ts";
import { BARE_CLUSTER, PASSTHROUGH_IDLE_TIMEOUT_MS, soleEndpoint } from "../shared/cluster.ts";
import { INBOUND_PASSTHROUGH_CLUSTER, inboundClusterName } from "../shared/names.ts";
import type { InboundPort } from "./port.ts";

/** Where redirected connections seem to come from, so that the redirection leaves what goes to the application alone (as in Istio). */
const LOOP_BREAKER_ADDRESS = "127.0.0.6";

/** How the proxy reaches its own application. */
export type AppReach = { readonly kind: "address"; readonly address: string } | { readonly kind: "redirected" };

/** The cluster of a port of the proxy's own workload. */
export function inboundCluster(port: InboundPort, app: AppReach): Cluster {
  return build(internList(port.services), port.number, port.isHttp, app.kind === "address" ? app.address : "");
}

/** For redirected connections to ports that no service is for. */
export const INBOUND_PASSTHROUGH: Cluster = {
  ...BARE_CLUSTER,
  name: INBOUND_PASSTHROUGH_CLUSTER,
  discovery: { kind: "original-destination", portOverride: undefined, sourceAddress: LOOP_BREAKER_ADDRESS },
  loadBalancer: { kind: "provided" },
  protocol: { ...BARE_CLUSTER.protocol, kind: "downstream", idleTimeoutMs: PASSTHROUGH_IDLE_TIMEOUT_MS },
};

const build = remember((services: readonly Service[], port: number, isHttp: boolean, appAddress: string): Cluster => {
  const isRedirected = appAddress === "";
  return {
    ...BARE_CLUSTER,
    name: inboundClusterName(port),
    discovery: isRedirected ? INBOUND_PASSTHROUGH.discovery : toApplication(appAddress, port),
    loadBalancer: isRedirected ? { kind: "provided" } : BARE_CLUSTER.loadBalancer,
    protocol: { ...BARE_CLUSTER.protocol, kind: isHttp ? "downstream" : "tcp" },
    services: services.map((service) => ({
      host: service.hostname,
      name: service.hostname.split(".")[0] ?? service.hostname,
      namespace: service.namespace,
    })),
    origins: services.map((service) => service.origin),
  };
});

function toApplication(address: string, port: number): ClusterDiscovery {
  return { kind: "static", localities: [soleEndpoint(address, port)] };
}
