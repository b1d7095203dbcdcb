import type { Endpoint } from "../endpoint.ts";
import { mostSpecific } from "../hostname.ts";
import { memo, memoByKey } from "../memo.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import type { Service, ServicePort } from "../service.ts";
import { isVisibleIn } from "../visibility.ts";
import type { Workload } from "../workload.ts";

/**
 * The services that a client of `namespace` sees, one for each host: its own namespace's definition before others', the earlier before the later.
 * The same array while no service changes.
 */
export function visibleServices(snapshot: Pick<MeshSnapshot, "services">, namespace: string): readonly Service[] {
  return visibleIn(snapshot.services, namespace).list;
}

/** What a client of `namespace` reaches under `host` (a full name): the service of that name, else the closest wildcard. */
export function findService(snapshot: MeshSnapshot, host: string, namespace: string): Service | undefined {
  const visible = visibleIn(snapshot.services, namespace);
  return visible.byHost.get(host) ?? mostSpecific(visible.wildcards, host, (service) => service.hostname);
}

/** One port of a service at which a workload answers. */
export interface ServiceInstance {
  readonly service: Service;
  readonly port: ServicePort;
  readonly endpoint: Endpoint;
}

/** The ports that `workload` answers for other than by chance: every service that has it as endpoint, in order of definition. */
export function serviceInstances(snapshot: MeshSnapshot, workload: Workload): readonly ServiceInstance[] {
  return instancesByWorkload(snapshot).get(workload.key) ?? [];
}

interface VisibleServices {
  readonly list: readonly Service[];
  readonly byHost: ReadonlyMap<string, Service>;
  readonly wildcards: readonly Service[];
}

const visibleIn = memoByKey((services: ReadonlyMap<string, Service>, namespace): VisibleServices => {
  const byHost = new Map<string, Service>();
  for (const service of services.values()) {
    if (!isVisibleIn(service.visibility, namespace)) continue;
    const known = byHost.get(service.hostname);
    if (known === undefined || (service.namespace === namespace && known.namespace !== namespace)) byHost.set(service.hostname, service);
  }
  const list = [...byHost.values()];
  return { list, byHost, wildcards: list.filter((service) => service.hostname.startsWith("*")) };
});

const instancesByWorkload = memo((snapshot: MeshSnapshot): ReadonlyMap<string, readonly ServiceInstance[]> => {
  const byWorkload = new Map<string, ServiceInstance[]>();
  for (const service of snapshot.services.values()) {
    const endpoints = snapshot.endpoints.get(service.key);
    for (const port of service.ports) {
      for (const endpoint of endpoints?.get(port.number) ?? []) {
        const instances = byWorkload.get(endpoint.workload.key);
        if (instances === undefined) byWorkload.set(endpoint.workload.key, [{ service, port, endpoint }]);
        else instances.push({ service, port, endpoint });
      }
    }
  }
  return byWorkload;
});
