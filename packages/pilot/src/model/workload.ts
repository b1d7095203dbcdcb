import type { Origin } from "@fairlead/kit";

export type Labels = Readonly<Record<string, string>>;

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

/** Something that runs: a WorkloadEntry, or an endpoint written inside a ServiceEntry. */
export interface Workload {
  /** Unique among all workloads of a snapshot: `<namespace>/<name>` for a WorkloadEntry. */
  readonly key: string;
  /** Name of the WorkloadEntry; for an endpoint written inside a ServiceEntry, `<service entry>-<index>`. */
  readonly name: string;
  readonly namespace: string;
  /** IP address, host name (where the service is resolved by DNS) or `unix://` path. */
  readonly address: string;
  readonly labels: Labels;
  /** Empty when none is declared: the workload has no identity then. */
  readonly serviceAccount: string;
  /** `spiffe://…` of its service account, undefined without one. */
  readonly spiffeId: string | undefined;
  /** Value of `service.istio.io/canonical-name`, else `app.kubernetes.io/name`, else `app`, else the name. */
  readonly canonicalService: string;
  /** Value of `service.istio.io/canonical-revision`, else `app.kubernetes.io/version`, else `version`, else `latest`. */
  readonly canonicalRevision: string;
  readonly locality: Locality | undefined;
  readonly network: string;
  /** Relative share among the endpoints of a service; 1 when not said. */
  readonly weight: number;
  /** Port by service port name; takes precedence over the service's target port. */
  readonly ports: Readonly<Record<string, number>>;
  /** True when a proxy in front of it accepts the mesh's mutual TLS (label `security.istio.io/tlsMode: istio`). */
  readonly speaksMeshTls: boolean;
  readonly origin: Origin;
}

/** Selects workloads whose labels contain all of these; an empty selector selects all. */
export type Selector = Labels;

export function selects(selector: Selector, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** Labels that say where a workload is (names of Kubernetes and Istio). */
export function topologyLabels({ locality, network }: { readonly locality: Locality | undefined; readonly network: string }): Labels {
  const { region = "", zone = "", subzone = "" } = locality ?? {};
  const labels = {
    "topology.kubernetes.io/region": region,
    "topology.kubernetes.io/zone": zone,
    "topology.istio.io/subzone": subzone,
    "topology.istio.io/network": network,
  };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}
