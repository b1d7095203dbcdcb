import type { ConfigObject, WorkloadEntrySpec } from "@fairlead/crds";
import { formatSpiffeId, type Origin } from "@fairlead/kit";
import type { MeshSettings } from "../mesh-snapshot.ts";
import type { Labels, Locality, Workload } from "../workload.ts";

/** Label by which a workload says that a proxy in front of it accepts the mesh's mutual TLS. */
export const TLS_MODE_LABEL = "security.istio.io/tlsMode";

/** A WorkloadEntry as a workload. */
export function toWorkload(object: ConfigObject<"WorkloadEntry">, settings: MeshSettings): Workload {
  const { namespace, name, origin } = object;
  // Istio's own labels may be written on the object as well as in its spec.
  const labels = { ...object.labels, ...object.spec.labels };
  return buildWorkload({ key: `${namespace}/${name}`, name, namespace, labels, fallbackName: name, spec: object.spec, origin }, settings);
}

/** An endpoint written inside a ServiceEntry as a workload of its own. */
export function toInlineWorkload(object: ConfigObject<"ServiceEntry">, index: number, settings: MeshSettings): Workload {
  const { namespace, name } = object;
  const spec = object.spec.endpoints[index] ?? { ports: {}, labels: {}, network: "" };
  const origin = object.originOf(["spec", "endpoints", index]);
  return buildWorkload(
    { key: `${namespace}/${name}#${index}`, name: `${name}-${index}`, namespace, labels: spec.labels, fallbackName: name, spec, origin },
    settings,
  );
}

/** The server behind a name that is resolved by DNS and has no endpoints of its own. */
export function toDnsWorkload(object: ConfigObject<"ServiceEntry">, hostname: string, settings: MeshSettings): Workload {
  const { namespace, name, origin } = object;
  const spec = { address: hostname, ports: {}, labels: {}, network: "" };
  return buildWorkload(
    { key: `${namespace}/${name}@${hostname}`, name, namespace, labels: {}, fallbackName: name, spec, origin },
    settings,
  );
}

interface WorkloadParts {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly fallbackName: string;
  readonly spec: WorkloadEntrySpec;
  readonly origin: Origin;
}

function buildWorkload(parts: WorkloadParts, settings: MeshSettings): Workload {
  const { key, name, namespace, labels, fallbackName, spec, origin } = parts;
  const serviceAccount = spec.serviceAccount ?? "";
  const { trustDomain } = settings;
  return {
    key,
    name,
    namespace,
    address: spec.address ?? "",
    labels,
    serviceAccount,
    spiffeId: serviceAccount === "" ? undefined : formatSpiffeId({ trustDomain, namespace, serviceAccount }),
    canonicalService: labels["service.istio.io/canonical-name"] ?? labels["app.kubernetes.io/name"] ?? labels["app"] ?? fallbackName,
    canonicalRevision:
      labels["service.istio.io/canonical-revision"] ?? labels["app.kubernetes.io/version"] ?? labels["version"] ?? "latest",
    locality: spec.locality === undefined ? undefined : toLocality(spec.locality),
    network: spec.network,
    // Weight 0 cannot be said apart from none in Istio either.
    weight: spec.weight === undefined || spec.weight === 0 ? 1 : spec.weight,
    ports: spec.ports,
    speaksMeshTls: labels[TLS_MODE_LABEL] === "istio",
    origin,
  };
}

function toLocality(text: string): Locality {
  const [region = "", zone = "", subzone = ""] = text.split("/");
  return { region, zone, subzone };
}
