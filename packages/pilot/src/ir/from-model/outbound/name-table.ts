import { isIP } from "node:net";
import { visibleServices } from "../../../model/lookup/service.ts";
import type { MeshSettings, MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { Service } from "../../../model/service.ts";
import { selects, type Workload } from "../../../model/workload.ts";
import type { HostNames, NameTable } from "../../name-table.ts";
import { internList, memo, remember } from "../../remember.ts";
import { addressesFor, type View } from "../shared/view.ts";

/**
 * Hosts that clients of `view` may ask for, as Istio's control plane names them: services with addresses by these, those without whose connections go where
 * the client wants them to (headless ones) by those of their workloads. Others are for the resolvers that the proxy asks.
 */
export const nameTable = remember(
  (services: MeshSnapshot["services"], workloads: MeshSnapshot["workloads"], mesh: MeshSettings, view: View): NameTable => {
    const snapshot = { services, workloads };
    const hosts = visibleServices(snapshot, view.namespace).flatMap((service) => {
      const members = isHeadless(service) ? membersOf(workloads, service) : [];
      return hostNames(service, view, mesh, internList(members)) ?? [];
    });
    return toTable(internList(hosts));
  },
);

const toTable = memo((hosts: readonly HostNames[]): NameTable => ({ hosts }));

const hostNames = remember((service: Service, view: View, mesh: MeshSettings, members: readonly Workload[]): HostNames | undefined => {
  const own = addressesFor(service, view);
  const addresses = (own.length > 0 ? own : members.map(({ address }) => address)).filter((address) => isIP(address) !== 0);
  if (addresses.length === 0) return undefined;
  return { host: service.hostname, addresses: [...new Set(addresses)], service: serviceName(service, mesh), origin: service.origin };
});

function isHeadless({ addresses, resolution, workloadSelector }: Service): boolean {
  return addresses.length === 0 && resolution === "none" && workloadSelector !== undefined;
}

function membersOf(workloads: MeshSnapshot["workloads"], { namespace, workloadSelector }: Service): readonly Workload[] {
  return [...workloads.values()].filter(
    (workload) => workload.namespace === namespace && workloadSelector !== undefined && selects(workloadSelector, workload.labels),
  );
}

/** `reviews.default.svc.cluster.local` in namespace `default`. */
function serviceName({ hostname, namespace }: Service, { clusterDomain }: MeshSettings): HostNames["service"] {
  const suffix = `.${namespace}.svc.${clusterDomain}`;
  const name = hostname.endsWith(suffix) ? hostname.slice(0, -suffix.length) : "";
  return name === "" || name.startsWith("*") ? undefined : { name, namespace };
}
