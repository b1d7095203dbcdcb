import { describeOrigin, type Problem } from "@fairlead/kit";
import { ofKind } from "../../model/from-config/snapshot.ts";
import { gatewaysOf } from "../../model/lookup/gateway.ts";
import { type Analysis, collisions, describeList, portsOf, problem } from "./analysis.ts";

/** Annotation that says what runs in front of a workload in the local mode. */
const PROXY_ANNOTATION = "local.fairlead.dev/proxy";

/** What is strange about WorkloadEntries. */
export function* analyzeWorkloads({ snapshot, objects }: Analysis): Iterable<Problem> {
  const entries = ofKind(objects, "WorkloadEntry").flatMap((object) => {
    const workload = snapshot.workloads.get(`${object.namespace}/${object.name}`);
    return workload === undefined ? [] : [{ object, workload }];
  });
  for (const { object, workload } of entries) {
    const ports = portsOf(snapshot, workload);
    const proxy = object.annotations[PROXY_ANNOTATION] ?? "sidecar";
    const isInMesh = ports.some(({ service }) => service.location === "mesh");
    const labels = object.originOf(["spec", "labels"]);
    if (isInMesh && proxy !== "none" && workload.serviceAccount !== "" && !workload.speaksMeshTls)
      yield problem(
        "warning",
        "identity-without-mesh-tls",
        labels,
        `"${workload.name}" has an identity but does not say that its proxy accepts mutual TLS: clients speak plain to it`,
        "add the label security.istio.io/tlsMode: istio",
      );
    if (workload.speaksMeshTls && workload.serviceAccount === "")
      yield problem(
        "warning",
        "mesh-tls-without-identity",
        labels,
        `"${workload.name}" accepts mutual TLS but has no serviceAccount: clients cannot tell who it is`,
        "add serviceAccount",
      );
    const known = new Set(ports.map(({ port }) => port.name));
    const unknown = Object.keys(workload.ports).filter((name) => !known.has(name));
    if (ports.length > 0 && unknown.length > 0)
      yield problem(
        "warning",
        "unknown-port-name",
        object.originOf(["spec", "ports"]),
        `no service that selects "${workload.name}" has a port called ${describeList(unknown)}`,
        `ports are called ${describeList([...known])}`,
      );
    const isGateway = proxy === "gateway" || gatewaysOf(snapshot, workload.labels).some(({ selector }) => Object.keys(selector).length > 0);
    if (ports.length === 0 && !isGateway)
      yield problem(
        "info",
        "unused-workload",
        object.origin,
        `no ServiceEntry selects "${workload.name}": nobody can send anything to it`,
        "add a ServiceEntry whose workloadSelector matches its labels, if it is meant to be a server",
      );
  }
  for (const [later, earlier] of collisions(
    entries.filter(({ workload }) => workload.address !== ""),
    ({ workload }) => workload.address,
  ))
    yield problem(
      "warning",
      "duplicate-address",
      later.object.originOf(["spec", "address"]),
      `address ${later.workload.address} belongs to ${describeOrigin(earlier.workload.origin)} already`,
      "give each workload an address of its own",
    );
}
