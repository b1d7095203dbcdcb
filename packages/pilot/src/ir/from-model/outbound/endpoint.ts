import { peerTlsAt } from "../../../model/lookup/access-policy.ts";
import { type Endpoint, NO_ENDPOINTS } from "../../../model/endpoint.ts";
import { memo } from "../../../model/memo.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { Service } from "../../../model/service.ts";
import type { Subset } from "../../../model/traffic-policy.ts";
import { selects } from "../../../model/workload.ts";
import type { ClusterEndpoints, LocalityEndpoints } from "../../endpoint.ts";
import { remember } from "../../remember.ts";
import { applyPlan } from "./locality.ts";

const NO_MEMBERS: readonly Endpoint[] = [];

/** Endpoints of a port, those that may only be reached in plaintext marked so; the same array while none changes. */
export function endpointsOf(snapshot: MeshSnapshot, service: Service, port: number): readonly Endpoint[] {
  const endpoints = (snapshot.endpoints.get(service.key) ?? NO_ENDPOINTS).get(port) ?? NO_MEMBERS;
  return withoutTls(endpoints, indicesWithoutTls(snapshot, endpoints));
}

/** Endpoints as a client of a cluster gets them. */
export function buildEndpoints(
  clusterName: string,
  endpoints: readonly Endpoint[],
  subset: Subset | undefined,
  plan: string,
): ClusterEndpoints {
  return build(endpoints, subset ?? WHOLE, clusterName, plan);
}

/** Groups endpoints by locality, in the order that localities first appear. */
export function byLocality(endpoints: readonly Endpoint[]): readonly LocalityEndpoints[] {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const key = JSON.stringify(endpoint.workload.locality ?? null);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [endpoint]);
    else group.push(endpoint);
  }
  return [...groups.values()].map((group) => ({
    locality: group[0]?.workload.locality,
    endpoints: group,
    priority: 0,
    weight: undefined,
  }));
}

/** Identities of the workloads behind the endpoints, sorted. */
export const identitiesOf = memo((endpoints: readonly Endpoint[]): readonly string[] =>
  [...new Set(endpoints.flatMap((endpoint) => endpoint.workload.spiffeId ?? []))].toSorted(),
);

const WHOLE = {};

const build = remember((endpoints: readonly Endpoint[], subset: Subset | object, clusterName: string, plan: string): ClusterEndpoints => {
  const members = "labels" in subset ? endpoints.filter((endpoint) => selects(subset.labels, endpoint.workload.labels)) : endpoints;
  return { clusterName, localities: applyPlan(byLocality(members), plan) };
});

/** Which endpoints speak mesh TLS by their labels, but have it switched off by a policy of their own. */
function indicesWithoutTls(snapshot: MeshSnapshot, endpoints: readonly Endpoint[]): string {
  if (!snapshot.peerAuthentications.some((policy) => policy.mode === "disable" || [...policy.byPort.values()].includes("disable")))
    return "";
  return endpoints
    .flatMap(({ workload, port }, index) =>
      workload.speaksMeshTls && peerTlsAt(snapshot, workload, port).mode === "disable" ? [index] : [],
    )
    .join(",");
}

const withoutTls = remember((endpoints: readonly Endpoint[], indices: string): readonly Endpoint[] => {
  if (indices === "") return endpoints;
  const marked = new Set(indices.split(",").map(Number));
  return endpoints.map((endpoint, index) =>
    marked.has(index) ? { ...endpoint, workload: { ...endpoint.workload, speaksMeshTls: false } } : endpoint,
  );
});
