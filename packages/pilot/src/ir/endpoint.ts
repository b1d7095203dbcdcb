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
  /** 0 is the highest; lower ones serve what the higher cannot. */
  readonly priority: number;
  /** Share among the localities of one priority; undefined: the sum of its endpoints' weights. */
  readonly weight: number | undefined;
}
