import type { ConfigObject } from "@fairlead/crds";
import { type Endpoint, type EndpointSet, NO_ENDPOINTS } from "../endpoint.ts";
import { memoByKey } from "../memo.ts";
import type { MeshSettings } from "../mesh-snapshot.ts";
import type { Service, ServicePort } from "../service.ts";
import { selects, type Workload } from "../workload.ts";
import { keepList } from "./stable.ts";
import { toDnsWorkload, toInlineWorkload } from "./workload-entry.ts";

/** Finds the endpoints of services; remembers them, so that those of a service that nothing happened to stay the same objects. */
export interface EndpointFinder {
  /** `workloadsOfNamespace` should be the same array as before while none of them changed: nothing is looked for then. */
  find(object: ConfigObject<"ServiceEntry">, service: Service, workloadsOfNamespace: readonly Workload[]): EndpointSet;
}

export function createEndpointFinder(settings: MeshSettings): EndpointFinder {
  const inlineWorkloads = memoByKey((object: ConfigObject<"ServiceEntry">, index: string) =>
    toInlineWorkload(object, Number(index), settings),
  );
  const dnsWorkload = memoByKey((object: ConfigObject<"ServiceEntry">, hostname: string) => toDnsWorkload(object, hostname, settings));
  const remembered = new WeakMap<Service, Found>();

  const workloadsOf = (object: ConfigObject<"ServiceEntry">, service: Service, candidates: readonly Workload[]): readonly Workload[] => {
    const selector = service.workloadSelector;
    if (selector !== undefined) return candidates.filter((workload) => selects(selector, workload.labels));
    if (object.spec.endpoints.length > 0) return object.spec.endpoints.map((_endpoint, index) => inlineWorkloads(object, String(index)));
    const isDns = service.resolution === "dns" || service.resolution === "dns-round-robin";
    return isDns ? [dnsWorkload(object, service.hostname)] : [];
  };
  return {
    find(object, service, workloadsOfNamespace) {
      if (service.resolution === "none") return NO_ENDPOINTS;
      const before = remembered.get(service);
      if (before?.candidates === workloadsOfNamespace) return before.endpoints;
      // A workload in a network of its own may have no address: there is no way to it from here.
      const reachable = workloadsOf(object, service, workloadsOfNamespace).filter(({ address }) => address !== "");
      const workloads = keepList(before?.workloads, reachable);
      const endpoints = before?.workloads === workloads ? before.endpoints : buildEndpoints(service, workloads);
      remembered.set(service, { candidates: workloadsOfNamespace, workloads, endpoints });
      return endpoints;
    },
  };
}

interface Found {
  /** What was chosen from. */
  readonly candidates: readonly Workload[];
  readonly workloads: readonly Workload[];
  readonly endpoints: EndpointSet;
}

function buildEndpoints(service: Service, workloads: readonly Workload[]): EndpointSet {
  return new Map(service.ports.map((port) => [port.number, workloads.map((workload) => endpointAt(port, workload))]));
}

const endpointsByPort = new WeakMap<ServicePort, WeakMap<Workload, Endpoint>>();

function endpointAt(port: ServicePort, workload: Workload): Endpoint {
  let byWorkload = endpointsByPort.get(port);
  if (byWorkload === undefined) endpointsByPort.set(port, (byWorkload = new WeakMap()));
  let endpoint = byWorkload.get(workload);
  if (endpoint === undefined) byWorkload.set(workload, (endpoint = buildEndpoint(port, workload)));
  return endpoint;
}

function buildEndpoint(port: ServicePort, workload: Workload): Endpoint {
  const isSocket = workload.address.startsWith("unix://");
  const number = isSocket ? 0 : (workload.ports[port.name] ?? port.targetPort);
  return { address: workload.address, port: number, weight: workload.weight, workload };
}
