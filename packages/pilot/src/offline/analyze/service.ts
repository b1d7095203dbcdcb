import { type Problem, describeOrigin } from "@fairlead/kit";
import { ofKind } from "../../model/from-config/snapshot.ts";
import { toPortProtocol } from "../../model/from-config/service-entry.ts";
import { isVisibleIn } from "../../model/visibility.ts";
import type { MeshSnapshot } from "../../model/mesh-snapshot.ts";
import { isHttp, type Service, type ServicePort } from "../../model/service.ts";
import { type Analysis, describeLabels, describeList, problem } from "./analysis.ts";

/** What is strange about services and their endpoints. */
export function* analyzeServices({ snapshot, objects }: Analysis): Iterable<Problem> {
  for (const service of snapshot.services.values()) {
    yield* endpointProblems(snapshot, service);
    yield* hostProblems(snapshot, service);
    yield* meshTlsProblems(snapshot, service);
  }
  for (const object of ofKind(objects, "ServiceEntry")) {
    for (const [index, { name, protocol }] of object.spec.ports.entries()) {
      const origin = object.originOf(["spec", "ports", index]);
      const byName = toPortProtocol(undefined, name);
      const said = toPortProtocol(protocol, name);
      if (said === "auto")
        yield problem(
          "info",
          "unknown-protocol",
          origin,
          `port "${name}" says no protocol, so every connection to it has to be looked at first`,
          'add protocol, or begin the name with it: "http-…"',
        );
      if (protocol !== undefined && byName !== "auto" && byName !== said && !(isHttp(byName) && isHttp(said)))
        yield problem(
          "warning",
          "port-name-protocol-mismatch",
          origin,
          `port "${name}" is called like ${byName} but its protocol is ${protocol}`,
          "the protocol counts; rename the port, or correct the protocol",
        );
    }
  }
  yield* ambiguousTcpPorts(snapshot);
}

function* endpointProblems(snapshot: MeshSnapshot, service: Service): Iterable<Problem> {
  const { hostname, origin, ports, resolution, workloadSelector } = service;
  if (ports.length === 0) {
    yield problem("warning", "no-ports", origin, `"${hostname}" has no ports, so nothing can be sent to it`, "add ports");
    return;
  }
  const count = [...(snapshot.endpoints.get(service.key)?.values() ?? [])][0]?.length ?? 0;
  if (resolution === "none" || count > 0) return;
  if (workloadSelector !== undefined)
    yield problem(
      "warning",
      "no-matching-workloads",
      origin,
      `"${hostname}" has no endpoints: no WorkloadEntry of namespace "${service.namespace}" has the labels ${describeLabels(workloadSelector)}`,
      nearMiss(snapshot, service) ?? "requests to it are answered with 503 until there is one",
    );
  else
    yield problem(
      "warning",
      "no-endpoints",
      origin,
      `"${hostname}" has no endpoints`,
      "add endpoints or a workloadSelector; requests to it are answered with 503 until then",
    );
}

/** Workloads with most of the labels elsewhere: the usual mistake is the namespace. */
function nearMiss(snapshot: MeshSnapshot, service: Service): string | undefined {
  const selector = service.workloadSelector ?? {};
  const elsewhere = [...snapshot.workloads.values()].filter((workload) =>
    Object.entries(selector).every(([key, value]) => workload.labels[key] === value),
  );
  const names = [...new Set(elsewhere.map((workload) => workload.namespace))];
  return names.length === 0
    ? undefined
    : `there are such workloads in namespace ${describeList(names)}, but a ServiceEntry selects in its own only`;
}

function* hostProblems(snapshot: MeshSnapshot, service: Service): Iterable<Problem> {
  const { hostname, namespace, origin, location } = service;
  const full = `${hostname}.${namespace}.svc.${snapshot.settings.clusterDomain}`;
  if (!hostname.includes("."))
    yield problem(
      "warning",
      "short-host",
      origin,
      `host "${hostname}" has no dot: a rule that says "${hostname}" means ${full} and does not find it`,
      `write ${full}; clients may still use the short name`,
    );
  if (location === "external" && /\.svc\.[a-z0-9.-]+$/.test(hostname) && service.workloadSelector !== undefined)
    yield problem(
      "warning",
      "external-mesh-host",
      origin,
      `"${hostname}" selects workloads of the mesh but its location is MESH_EXTERNAL`,
      "write location: MESH_INTERNAL",
    );
}

/** Clients speak plain to services outside the mesh, and proxies that insist on mutual TLS refuse that. */
function* meshTlsProblems(snapshot: MeshSnapshot, service: Service): Iterable<Problem> {
  if (service.location === "mesh" || service.workloadSelector !== undefined) return;
  const inside = [...(snapshot.endpoints.get(service.key)?.values() ?? [])].flat().find(({ workload }) => workload.speaksMeshTls);
  if (inside === undefined) return;
  yield problem(
    "warning",
    "external-mesh-endpoint",
    inside.workload.origin,
    `this endpoint accepts the mesh's mutual TLS, but "${service.hostname}" is outside the mesh: clients speak plain to it`,
    "write location: MESH_INTERNAL",
  );
}

/** Without an address of its own, a connection shows nothing but its port. */
function* ambiguousTcpPorts(snapshot: MeshSnapshot): Iterable<Problem> {
  const seen = new Map<number, { readonly service: Service; readonly port: ServicePort }[]>();
  for (const service of snapshot.services.values()) {
    if (service.addresses.length > 0) continue;
    for (const port of service.ports) {
      if (port.protocol !== "tcp" && port.protocol !== "mongo") continue;
      const earlier = seen.get(port.number) ?? [];
      const rival = earlier.find((other) => shareClients(other.service, service) && other.service.hostname !== service.hostname);
      if (rival !== undefined)
        yield problem(
          "warning",
          "ambiguous-tcp-port",
          port.origin,
          `TCP port ${port.number} of "${service.hostname}" cannot be told from that of "${rival.service.hostname}" (${describeOrigin(rival.service.origin)}): neither has addresses`,
          "give both addresses or different ports, or let the proxies of their clients answer DNS (dnsAutoAllocate)",
        );
      seen.set(port.number, [...earlier, { service, port }]);
    }
  }
}

function shareClients(left: Service, right: Service): boolean {
  if (left.visibility.kind === "everywhere") return right.visibility.kind === "everywhere" || right.visibility.namespaces.length > 0;
  return left.visibility.namespaces.some((namespace) => isVisibleIn(right.visibility, namespace));
}
