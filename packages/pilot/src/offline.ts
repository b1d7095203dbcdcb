import type { JsonObject } from "@bufbuild/protobuf";
import type { Problem } from "@fairlead/kit";
import { createMemorySource } from "@fairlead/sources";
import { buildProxy, type BuildOptions } from "./ir/from-model/build-proxy.ts";
import type { ProxyIr } from "./ir/proxy-ir.ts";
import { buildSnapshot } from "./model/from-config/snapshot.ts";
import { gatewaysOf } from "./model/lookup/gateway.ts";
import { DEFAULT_MESH_SETTINGS, type MeshSettings, type MeshSnapshot } from "./model/mesh-snapshot.ts";
import type { Workload } from "./model/workload.ts";
import type { ProxyIdentity } from "./proxy-identity.ts";
import type { ResourceType } from "./xds/resource-type.ts";
import { toReadable } from "./xds/to-json.ts";
import { allResources, toXdsSnapshot, type XdsSnapshot } from "./xds/xds-snapshot.ts";

export { type FolderTexts, readFolder, readTexts } from "@fairlead/sources";
export { analyze, analyzeFiles, analyzeFolder, type FolderAnalysis } from "./offline/analyze.ts";
export type { ProxyIdentity } from "./proxy-identity.ts";
export type { ProxyIr } from "./ir/proxy-ir.ts";
export type { MeshSnapshot } from "./model/mesh-snapshot.ts";
export type { XdsSnapshot } from "./xds/xds-snapshot.ts";

/** A mesh read from texts, without any process. */
export interface OfflineMesh {
  readonly snapshot: MeshSnapshot;
  /** What is wrong: first with files and objects by themselves, then with what they refer to. */
  readonly problems: readonly Problem[];
}

/** Reads a mesh from YAML texts by file name. */
export function readMesh(files: Readonly<Record<string, string>>, settings: MeshSettings = DEFAULT_MESH_SETTINGS): OfflineMesh {
  const source = createMemorySource(files);
  const snapshot = buildSnapshot(source.objects, settings);
  return { snapshot, problems: [...source.problems, ...snapshot.problems] };
}

/** Port at which proxies of the local mode are spoken to as an HTTP proxy. */
const LOCAL_HTTP_PROXY_PORT = 15_080;

/** The proxy that stands before a workload in the local mode: a gateway where it runs one, else a sidecar. */
export function proxyOfWorkload(snapshot: MeshSnapshot, workload: Workload): ProxyIdentity {
  const runsGateway = gatewaysOf(snapshot, workload.labels).some((gateway) => Object.keys(gateway.selector).length > 0);
  const kind = runsGateway ? "gateway" : "sidecar";
  const type = runsGateway ? "router" : "sidecar";
  return {
    id: `${type}~${workload.address}~${workload.name}.${workload.namespace}~${workload.namespace}.svc.${snapshot.settings.clusterDomain}`,
    kind,
    address: workload.address,
    name: workload.name,
    namespace: workload.namespace,
    serviceAccount: workload.serviceAccount,
    labels: workload.labels,
    interception: "none",
    httpProxyPort: LOCAL_HTTP_PROXY_PORT,
    appAddress: "127.0.0.1",
    autoAddresses: undefined,
    adminAddress: "",
    engine: "",
  };
}

/** What Pilot would serve a proxy. */
export interface ProxyConfiguration {
  readonly ir: ProxyIr;
  readonly xds: XdsSnapshot;
  readonly resources: readonly ReadableResource[];
}

export interface ReadableResource {
  readonly type: ResourceType;
  readonly name: string;
  readonly version: string;
  /** Protobuf JSON with the fields' own names. */
  readonly resource: JsonObject;
}

/** What a proxy of the mesh would run. */
export function configureProxy(
  snapshot: MeshSnapshot,
  proxy: ProxyIdentity,
  options: BuildOptions = { outboundTraffic: "allow-any" },
): ProxyConfiguration {
  const ir = buildProxy(snapshot, proxy, options);
  const xds = toXdsSnapshot(ir);
  return { ir, xds, resources: readableResources(xds) };
}

/** All resources of a proxy for a person to read, in the order of types. */
export function readableResources(xds: XdsSnapshot): readonly ReadableResource[] {
  return allResources(xds).map(({ type, name, version, message }) => ({ type, name, version, resource: toReadable(message()) }));
}
