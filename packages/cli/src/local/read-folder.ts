import type { ConfigObject, MeshObject } from "@fairlead/crds";
import { codeOf, messageOf, type Problem } from "@fairlead/kit";
import { type FolderTexts, readFolder, readTexts } from "@fairlead/pilot/offline";
import { CliError } from "../cli-error.ts";
import type { GatewayObject, MeshObjects, ServiceObject, WorkloadObject } from "./plan.ts";

/** A folder's objects as far as `fairlead local` needs them, and what is wrong with the files. */
export interface MeshFolder {
  readonly objects: MeshObjects;
  /** URLs' paths that VirtualServices of gateways name: where to browse. */
  readonly entryPaths: readonly string[];
  /** File of a VirtualService that routes inside the mesh: the one worth editing first. */
  readonly routingFile: string | undefined;
  /** For an example: a host that the gateway leads to, and one inside the mesh that has routes of its own. */
  readonly example: { readonly caller: string | undefined; readonly called: string | undefined };
  readonly problems: readonly Problem[];
}

/** Reads every YAML file of a folder as Pilot does; of what is wrong the errors, for Pilot says the rest again. */
export async function readMeshFolder(folder: string): Promise<MeshFolder> {
  const { objects, problems } = await explained(folder, readFolder(folder));
  const rules = ofKind(objects, "VirtualService");
  const outside = rules.find((rule) => !isInside(rule));
  const inside = rules.find(isInside);
  return {
    objects: {
      workloadEntries: ofKind(objects, "WorkloadEntry").map(toWorkload),
      serviceEntries: ofKind(objects, "ServiceEntry").map(toService),
      gateways: ofKind(objects, "Gateway").map(toGateway),
    },
    routingFile: inside?.origin.file,
    example: { caller: outside?.spec.http.flatMap((route) => route.route ?? [])[0]?.destination.host, called: inside?.spec.hosts[0] },
    entryPaths: [...new Set(rules.flatMap(entryPaths))],
    problems: problems.filter(({ severity }) => severity === "error"),
  };
}

/** Texts of a folder's YAML files, by their path inside it, in the order of their names, and what cannot be read. */
export function readYamlFiles(folder: string): Promise<FolderTexts> {
  return explained(folder, readTexts(folder));
}

/** Says of a folder that cannot be read what a person can do. */
async function explained<Value>(folder: string, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") throw new CliError(`${folder} is a file`, "name the folder that it is in");
    throw new CliError(`cannot read ${folder}: ${messageOf(error)}`, "name a folder with YAML files, such as samples/bookinfo/mesh");
  }
}

function ofKind<K extends MeshObject["kind"]>(objects: readonly MeshObject[], kind: K): readonly Extract<MeshObject, { kind: K }>[] {
  return objects.filter((object): object is Extract<MeshObject, { kind: K }> => object.kind === kind);
}

function toWorkload(entry: ConfigObject<"WorkloadEntry">): WorkloadObject {
  const { origin, name, namespace, annotations, spec } = entry;
  return {
    origin,
    name,
    namespace,
    annotations,
    // Istio takes a workload's labels from its spec, those of the object where the spec has none.
    labels: Object.keys(spec.labels).length > 0 ? spec.labels : entry.labels,
    address: spec.address ?? "",
    ports: spec.ports,
    serviceAccount: spec.serviceAccount ?? "default",
  };
}

function toService({ name, namespace, spec }: ConfigObject<"ServiceEntry">): ServiceObject {
  const ports = spec.ports.map((port) => ({
    name: port.name,
    number: port.number,
    ...(port.targetPort === undefined ? {} : { targetPort: port.targetPort }),
  }));
  return { name, namespace, hosts: spec.hosts, ports, selector: spec.workloadSelector?.labels };
}

function toGateway({ name, namespace, spec }: ConfigObject<"Gateway">): GatewayObject {
  const servers = spec.servers.map(({ port }) => ({ port: port.number, protocol: port.protocol }));
  return { name, namespace, selector: spec.selector, servers };
}

/** Whether a rule routes what the workloads send, not what comes in by a gateway. */
function isInside({ spec }: ConfigObject<"VirtualService">): boolean {
  return spec.gateways.every((gateway) => gateway === "mesh");
}

/** Exact paths first-hand; redirects and prefixes are no page by themselves. */
function entryPaths(rule: ConfigObject<"VirtualService">): readonly string[] {
  if (isInside(rule)) return [];
  return rule.spec.http
    .filter((route) => route.redirect === undefined)
    .flatMap((route) => route.match.map((match) => match.uri?.exact))
    .filter((path) => path !== undefined);
}
