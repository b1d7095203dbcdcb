import { memo } from "../../../model/memo.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { isHttp, type PortProtocol, type Service } from "../../../model/service.ts";
import type { Workload } from "../../../model/workload.ts";

/** A port that the proxy's own workload answers at, and the services that lead to it. */
export interface InboundPort {
  /** The workload's port. */
  readonly number: number;
  readonly protocol: PortProtocol;
  readonly isHttp: boolean;
  readonly services: readonly Service[];
}

/** Ports of the workload at an address, by number; where services disagree about the protocol, the first of them decides. */
export function inboundPorts(snapshot: MeshSnapshot, address: string): readonly InboundPort[] {
  return portsByAddress(snapshot).get(address) ?? [];
}

/** The workload of a namespace at an address, if the mesh knows one. */
export function workloadAt(snapshot: MeshSnapshot, namespace: string, address: string): Workload | undefined {
  return workloadsByAddress(snapshot.workloads).get(`${namespace}/${address}`);
}

const portsByAddress = memo((snapshot: MeshSnapshot): ReadonlyMap<string, readonly InboundPort[]> => {
  const byAddress = new Map<string, Map<number, InboundPort>>();
  for (const service of snapshot.services.values()) {
    for (const port of service.ports) {
      for (const { address, port: number } of snapshot.endpoints.get(service.key)?.get(port.number) ?? []) {
        const ports = byAddress.get(address) ?? new Map<number, InboundPort>();
        byAddress.set(address, ports);
        const known = ports.get(number);
        if (known === undefined) ports.set(number, { number, protocol: port.protocol, isHttp: isHttp(port.protocol), services: [service] });
        else if (!known.services.includes(service)) ports.set(number, { ...known, services: [...known.services, service] });
      }
    }
  }
  return new Map(
    [...byAddress].map(([address, ports]) => [address, [...ports.values()].toSorted((left, right) => left.number - right.number)]),
  );
});

const workloadsByAddress = memo(
  (workloads: ReadonlyMap<string, Workload>): ReadonlyMap<string, Workload> =>
    new Map([...workloads.values()].toReversed().map((workload) => [`${workload.namespace}/${workload.address}`, workload])),
);
