import type { MeshObject } from "@fairlead/crds";
import type { Origin, Problem, Severity } from "@fairlead/kit";
import { hostCovers } from "../../model/hostname.ts";
import { memo } from "../../model/memo.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import type { Service, ServicePort } from "../../model/service.ts";
import { type Selector, selects, type Workload } from "../../model/workload.ts";

/** What an analyzer looks at. */
export interface Analysis {
  readonly snapshot: MeshSnapshot;
  readonly objects: readonly MeshObject[];
}

/** `problem("warning", "code", origin, "what is wrong", "what to do")`. */
export function problem(severity: Severity, code: string, origin: Origin, message: string, hint?: string): Problem {
  return hint === undefined ? { severity, code, message, origin } : { severity, code, message, hint, origin };
}

/** Every workload that can be told about: WorkloadEntries, and endpoints inside ServiceEntries. */
export function allWorkloads(snapshot: MeshSnapshot): readonly Workload[] {
  return workloadsOf(snapshot).list;
}

/** Workloads that a policy of `namespace` selects: of that namespace, or of all in the root namespace. */
export function selectedWorkloads(snapshot: MeshSnapshot, namespace: string, selector: Selector): readonly Workload[] {
  const isEverywhere = namespace === snapshot.settings.rootNamespace;
  return allWorkloads(snapshot).filter(
    (workload) => (isEverywhere || workload.namespace === namespace) && selects(selector, workload.labels),
  );
}

/** Services that have a workload among their endpoints, with the port. */
export function portsOf(
  snapshot: MeshSnapshot,
  workload: Workload,
): readonly { readonly service: Service; readonly port: ServicePort; readonly number: number }[] {
  return workloadsOf(snapshot).ports.get(workload.key) ?? [];
}

/** Services whose name a host, possibly a wildcard, stands for. */
export function servicesCoveredBy(snapshot: MeshSnapshot, host: string): readonly Service[] {
  return [...snapshot.services.values()].filter((service) => hostCovers(host, service.hostname));
}

/** `app=reviews, version=v9`. */
export function describeLabels(labels: Selector): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
}

/** `one`, `one and two`, `one, two and three`; of more than five the rest is counted. */
export function describeList(items: readonly string[]): string {
  const shown = items.length > 5 ? [...items.slice(0, 5), `${items.length - 5} more`] : items;
  return shown.join(", ").replace(/, ([^,]*)$/, " and $1");
}

/** Pairs of a list in which a value that two items share is there for the second time: the later item with the earlier. */
export function* collisions<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Iterable<readonly [later: Item, earlier: Item]> {
  const seen = new Map<string, Item>();
  for (const item of items) {
    const earlier = seen.get(keyOf(item));
    if (earlier === undefined) seen.set(keyOf(item), item);
    else yield [item, earlier];
  }
}

interface WorkloadIndex {
  readonly list: readonly Workload[];
  readonly ports: ReadonlyMap<string, readonly { readonly service: Service; readonly port: ServicePort; readonly number: number }[]>;
}

const workloadsOf = memo((snapshot: MeshSnapshot): WorkloadIndex => {
  const byKey = new Map(snapshot.workloads);
  const ports = new Map<string, { readonly service: Service; readonly port: ServicePort; readonly number: number }[]>();
  for (const service of snapshot.services.values()) {
    for (const port of service.ports) {
      for (const endpoint of snapshot.endpoints.get(service.key)?.get(port.number) ?? []) {
        const { key } = endpoint.workload;
        byKey.set(key, endpoint.workload);
        ports.set(key, [...(ports.get(key) ?? []), { service, port, number: endpoint.port }]);
      }
    }
  }
  return { list: [...byKey.values()], ports };
});
