import type { Origin } from "@fairlead/kit";
import type { Selector } from "./workload.ts";
import type { Visibility } from "./visibility.ts";

/** `<namespace>/<hostname>`: two namespaces may define the same host for different audiences. */
export type ServiceKey = string;

/** What is spoken on a port; `auto` where nobody said and the bytes have to be looked at. */
export type PortProtocol = "http" | "http2" | "grpc" | "grpc-web" | "https" | "tls" | "tcp" | "mongo" | "udp" | "auto";

/** How a client comes from the service to an address (ServiceEntry `resolution`). */
export type Resolution = "none" | "static" | "dns" | "dns-round-robin";

export interface ServicePort {
  readonly name: string;
  readonly number: number;
  /** Port of the endpoints that name none themselves. */
  readonly targetPort: number;
  readonly protocol: PortProtocol;
  readonly origin: Origin;
}

/** Addresses that are nobody's outside of the mesh, as Istio allocates them. */
export interface AutoAddresses {
  /** Of 240.240.0.0/16, which is reserved (RFC 1112 section 4). */
  readonly ipv4: string;
  /** Of 2001:2::/48, which is for benchmarks (RFC 5180 section 8). */
  readonly ipv6: string;
}

/** One host of a ServiceEntry. Its endpoints are apart, in the snapshot, so that their coming and going does not touch this. */
export interface Service {
  readonly key: ServiceKey;
  /** Full host name, lower-case; may start with `*.`. */
  readonly hostname: string;
  readonly namespace: string;
  /** Virtual addresses or CIDR blocks; empty when clients only know the name. */
  readonly addresses: readonly string[];
  /** Addresses that mean it to clients that are told them by their proxy's DNS server; undefined where it needs or may have none. */
  readonly autoAddresses: AutoAddresses | undefined;
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  /** Outside the mesh there is neither mutual TLS nor policy. */
  readonly location: "mesh" | "external";
  /** Which workloads of the namespace are its endpoints; undefined when they are written in the entry. */
  readonly workloadSelector: Selector | undefined;
  /** Names to verify on the server's certificate; empty when the identities of the endpoints decide. */
  readonly subjectAltNames: readonly string[];
  readonly visibility: Visibility;
  readonly origin: Origin;
}

/** True for protocols whose requests can be routed one by one. */
export function isHttp(protocol: PortProtocol): boolean {
  return protocol === "http" || protocol === "http2" || protocol === "grpc" || protocol === "grpc-web";
}

export function serviceKey(namespace: string, hostname: string): ServiceKey {
  return `${namespace}/${hostname}`;
}

export function findPort(service: Service, number: number): ServicePort | undefined {
  return service.ports.find((port) => port.number === number);
}
