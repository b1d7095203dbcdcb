import { TcpProxySchema } from "@fairlead/api/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb";
import type { TcpProxy } from "../../../ir/filter.ts";
import { milliseconds, pack } from "../any.ts";
import type { NamedExtension } from "./named-extension.ts";

/** Bytes both ways. */
export function toTcpProxy(filter: TcpProxy): NamedExtension {
  const [only] = filter.clusters.length === 1 ? filter.clusters : [];
  return {
    name: "envoy.filters.network.tcp_proxy",
    typedConfig: pack(TcpProxySchema, {
      statPrefix: filter.statPrefix,
      clusterSpecifier:
        only === undefined
          ? { case: "weightedClusters", value: { clusters: filter.clusters.map(({ name, weight }) => ({ name, weight })) } }
          : { case: "cluster", value: only.name },
      ...(filter.idleTimeoutMs === undefined ? {} : { idleTimeout: milliseconds(filter.idleTimeoutMs) }),
    }),
  };
}
