import type { ConfigObject, ServiceEntrySpec } from "@fairlead/crds";
import { type PortProtocol, type Resolution, type Service, serviceKey, type ServicePort } from "../service.ts";
import { toVisibility } from "./visibility.ts";

/** A ServiceEntry's hosts as services: alike in all but the name. */
export function toServices(object: ConfigObject<"ServiceEntry">): readonly Service[] {
  const { namespace, spec } = object;
  const ports = spec.ports.flatMap((port, index) => toPort(object, port, index) ?? []);
  const resolution = toResolution(spec.resolution);
  // Wildcards that only a dynamic forward proxy could resolve: not done, and said so by a warning of the kind.
  if (resolution === undefined) return [];
  return spec.hosts.map((host, index) => {
    const hostname = host.toLowerCase();
    return {
      key: serviceKey(namespace, hostname),
      hostname,
      namespace,
      addresses: spec.addresses,
      autoAddresses: undefined,
      ports,
      resolution,
      location: spec.location === "MESH_INTERNAL" ? "mesh" : "external",
      workloadSelector: spec.workloadSelector?.labels,
      subjectAltNames: spec.subjectAltNames,
      visibility: toVisibility(spec.exportTo, namespace),
      origin: index === 0 ? object.origin : object.originOf(["spec", "hosts", index]),
    };
  });
}

function toPort(object: ConfigObject<"ServiceEntry">, port: ServiceEntrySpec["ports"][number], index: number): ServicePort | undefined {
  const protocol = toPortProtocol(port.protocol, port.name);
  if (protocol === "udp") return undefined;
  return {
    name: port.name,
    number: port.number,
    targetPort: port.targetPort ?? port.number,
    protocol,
    origin: object.originOf(["spec", "ports", index]),
  };
}

const BY_PREFIX: readonly (readonly [prefix: string, protocol: PortProtocol])[] = [
  ["grpc-web", "grpc-web"],
  ["grpc", "grpc"],
  ["http2", "http2"],
  ["https", "https"],
  ["http", "http"],
  ["mongo", "mongo"],
  ["tcp", "tcp"],
  ["tls", "tls"],
  ["udp", "udp"],
];

/** What is spoken on a port: as its protocol says, else as the beginning of its name says (`http-admin`), else nobody knows. */
export function toPortProtocol(protocol: string | undefined, name: string): PortProtocol {
  const text = (protocol ?? name).toLowerCase();
  const found = BY_PREFIX.find(([prefix]) => text === prefix || (protocol === undefined && text.startsWith(`${prefix}-`)));
  if (found !== undefined) return found[1];
  return protocol === undefined ? "auto" : "tcp";
}

function toResolution(resolution: ServiceEntrySpec["resolution"]): Resolution | undefined {
  switch (resolution) {
    case "NONE":
      return "none";
    case "STATIC":
      return "static";
    case "DNS":
      return "dns";
    case "DNS_ROUND_ROBIN":
      return "dns-round-robin";
    case "DYNAMIC_DNS":
      return undefined;
  }
}
