import type { Cluster } from "./cluster.ts";
import type { ClusterEndpoints } from "./endpoint.ts";
import type { Listener } from "./listener.ts";
import type { NameTable } from "./name-table.ts";
import type { RouteConfiguration } from "./route.ts";

/**
 * Everything one proxy runs. Lists are in the order that people want to read; no two members of a list have the same name. What did not change since
 * the snapshot before is the same object, and proxies that see the same mesh share objects.
 */
export interface ProxyIr {
  readonly clusters: readonly Cluster[];
  /** Of the clusters whose discovery is `eds`. */
  readonly endpoints: readonly ClusterEndpoints[];
  readonly listeners: readonly Listener[];
  readonly routes: readonly RouteConfiguration[];
  /** For proxies that answer questions of DNS. */
  readonly names: NameTable;
}
