import type { Endpoint } from "../model/endpoint.ts";
import type { Locality, Workload } from "../model/workload.ts";

export type { Endpoint, Workload };

/** The endpoints of a cluster that come by EDS. */
export interface ClusterEndpoints {
  readonly clusterName: string;
  readonly localities: readonly LocalityEndpoints[];
}

export interface LocalityEndpoints {
  readonly locality: Locality | undefined;
  readonly endpoints: readonly Endpoint[];
}
