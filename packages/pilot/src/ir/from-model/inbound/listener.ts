import type { Origin } from "@fairlead/kit";
import type { AccessPolicy, PeerAuthentication, PeerTlsMode } from "../../../model/access-policy.ts";
import type { PeerTls } from "../../../model/lookup/access-policy.ts";
import type { MeshSettings } from "../../../model/mesh-snapshot.ts";
import type { PortProtocol, Service } from "../../../model/service.ts";
import type { HttpFilter, NetworkFilter } from "../../filter.ts";
import type { FilterChain, FilterChainMatch, Inspector, Listener } from "../../listener.ts";
import { connectionAccess, httpAccess } from "../shared/authz.ts";
import { BLACKHOLE_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER, inboundClusterName, VIRTUAL_INBOUND_PORT } from "../shared/names.ts";
import { internList, remember } from "../../remember.ts";
import { MESH_CLIENT_ALPN, meshServerTls } from "../shared/tls.ts";
import type { InboundPort } from "./port.ts";
import { inboundRoutes } from "./route.ts";

/** What protects a port: who may come in, and how. */
export interface InboundGuard {
  readonly mesh: MeshSettings;
  readonly policies: readonly AccessPolicy[];
  /** What requests pass before the policies: who asks, and who else is asked. The same list while nothing changes. */
  readonly checks: readonly HttpFilter[];
  readonly peerTls: PeerTls;
}

/** A listener of its own for a port, bound where the workload is: for proxies that nothing is redirected to. */
export function boundListener(port: InboundPort, address: string, guard: InboundGuard): Listener {
  return buildBound(
    internList(port.services),
    guard.mesh,
    internList(guard.policies),
    guard.checks,
    guard.peerTls.policy ?? NOTHING,
    guard.peerTls.mode,
    port.number,
    port.protocol,
    address,
  );
}

/** The one listener that all redirected connections come to. */
export function virtualInbound(
  ports: readonly { readonly port: InboundPort; readonly guard: InboundGuard }[],
  rest: InboundGuard,
): Listener {
  const chains = ports.flatMap(({ port, guard }) =>
    buildPortChains(
      internList(port.services),
      guard.mesh,
      internList(guard.policies),
      guard.checks,
      guard.peerTls.mode,
      port.number,
      port.protocol,
    ),
  );
  const services = ports.flatMap(({ port }) => port.services.map((service) => service.origin));
  const peerPolicies = [...ports.map(({ guard }) => guard), rest].flatMap((guard) => guard.peerTls.policy?.origin ?? []);
  const origins = [...new Set([...services, ...peerPolicies])];
  return buildVirtual(internList(chains), rest.mesh, internList(rest.policies), internList(origins), rest.peerTls.mode);
}

const NOTHING = {};

const buildBound = remember(
  (
    services: readonly Service[],
    mesh: MeshSettings,
    policies: readonly AccessPolicy[],
    checks: readonly HttpFilter[],
    peerPolicy: PeerAuthentication | object,
    mode: PeerTlsMode,
    port: number,
    protocol: PortProtocol,
    address: string,
  ): Listener => {
    const filterChains = portChains({ services, mesh, policies, checks, mode, port, protocol });
    return {
      name: `${address}_${port}`,
      binding: { kind: "socket", address, port },
      direction: "inbound",
      useOriginalDestination: false,
      inspectors: inspectorsFor(filterChains),
      filterChains,
      defaultFilterChain: undefined,
      origins: [
        ...services.map((service) => service.origin),
        ...("mode" in peerPolicy ? [peerPolicy.origin] : []),
        ...policies.map((policy) => policy.origin),
      ],
    };
  },
);

const buildVirtual = remember(
  (
    chains: readonly FilterChain[],
    mesh: MeshSettings,
    policies: readonly AccessPolicy[],
    origins: readonly Origin[],
    mode: PeerTlsMode,
  ): Listener => {
    const filterChains = [blackholeChain(), ...restChains(mesh, policies, mode), ...chains];
    return {
      name: "virtualInbound",
      binding: { kind: "socket", address: "0.0.0.0", port: VIRTUAL_INBOUND_PORT },
      direction: "inbound",
      useOriginalDestination: false,
      inspectors: ["original-destination", ...inspectorsFor(filterChains)],
      filterChains,
      defaultFilterChain: undefined,
      origins: [...origins, ...policies.map((policy) => policy.origin)],
    };
  },
);

interface ChainOptions {
  readonly services: readonly Service[];
  readonly mesh: MeshSettings;
  readonly policies: readonly AccessPolicy[];
  readonly checks: readonly HttpFilter[];
  readonly mode: PeerTlsMode;
  readonly port: number;
  readonly protocol: PortProtocol;
}

const buildPortChains = remember(
  (
    services: readonly Service[],
    mesh: MeshSettings,
    policies: readonly AccessPolicy[],
    checks: readonly HttpFilter[],
    mode: PeerTlsMode,
    port: number,
    protocol: PortProtocol,
  ) =>
    portChains({ services, mesh, policies, checks, mode, port, protocol }).map((chain) => ({
      ...chain,
      match: { destinationPort: port, ...chain.match },
    })),
);

/** Chains of a port by what it accepts: mutual TLS of the mesh, TLS that is the application's own matter, plaintext. */
function portChains(options: ChainOptions): readonly FilterChain[] {
  const { mode, port, protocol, mesh } = options;
  const tls = meshServerTls(mesh.trustDomain);
  const tcp = tcpFilters(options.policies, inboundClusterName(port), `inbound_${port}`);
  const isHttpPort = protocol === "http" || protocol === "http2" || protocol === "grpc" || protocol === "grpc-web";
  const filters = isHttpPort ? httpFilters(options) : tcp;
  const secured: FilterChainMatch = mode === "strict" ? { transport: "tls" } : { transport: "tls", applicationProtocols: MESH_CLIENT_ALPN };
  const name = (kind: string): string => `${port}-${kind}`;
  const chains: FilterChain[] = [];
  if (mode !== "disable") chains.push({ name: name("mtls"), match: secured, tls, filters });
  if (mode === "permissive") chains.push({ name: name("tls"), match: { transport: "tls" }, tls: undefined, filters: tcp });
  if (mode === "permissive") chains.push({ name: name("plain"), match: { transport: "raw" }, tls: undefined, filters });
  if (mode === "disable") chains.push({ name: name("plain"), match: {}, tls: undefined, filters });
  return protocol === "auto" ? [...sniffedChains(options), ...chains] : chains;
}

/** Protocols that the HTTP inspector finds in plaintext. */
const PLAIN_HTTP: readonly string[] = ["http/1.0", "http/1.1", "h2c"];
/** What clients of the mesh say inside TLS when they speak HTTP. */
const SECURED_HTTP: readonly string[] = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];

/** Ports whose protocol nobody said: HTTP where the connection shows it. */
function sniffedChains(options: ChainOptions): readonly FilterChain[] {
  const { mode, port, mesh } = options;
  const filters = httpFilters(options);
  const secured: FilterChain = {
    name: `${port}-mtls-http`,
    match: { transport: "tls", applicationProtocols: SECURED_HTTP },
    tls: meshServerTls(mesh.trustDomain),
    filters,
  };
  const plain: FilterChain = {
    name: `${port}-plain-http`,
    match: { transport: "raw", applicationProtocols: PLAIN_HTTP },
    tls: undefined,
    filters,
  };
  return [...(mode === "disable" ? [] : [secured]), ...(mode === "strict" ? [] : [plain])];
}

function httpFilters(options: ChainOptions): readonly NetworkFilter[] {
  return [
    {
      kind: "http",
      statPrefix: `inbound_${options.port}`,
      routes: { kind: "inline", configuration: inboundRoutes(options.port, options.services, options.protocol === "grpc") },
      filters: [...options.checks, ...httpAccess(options.policies)],
      role: "sidecar-inbound",
      allowConnect: false,
    },
  ];
}

function tcpFilters(policies: readonly AccessPolicy[], cluster: string, statPrefix: string): readonly NetworkFilter[] {
  return [...connectionAccess(policies), { kind: "tcp", statPrefix, clusters: [{ name: cluster, weight: 1 }], idleTimeoutMs: undefined }];
}

/** Connections to ports that no service is for: on to the application, guarded like all others. */
function restChains(mesh: MeshSettings, policies: readonly AccessPolicy[], mode: PeerTlsMode): readonly FilterChain[] {
  const filters = tcpFilters(policies, INBOUND_PASSTHROUGH_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER);
  const match: FilterChainMatch = mode === "strict" ? { transport: "tls" } : { transport: "tls", applicationProtocols: MESH_CLIENT_ALPN };
  const chains: FilterChain[] = [];
  if (mode !== "disable") chains.push({ name: "rest-mtls", match, tls: meshServerTls(mesh.trustDomain), filters });
  if (mode === "permissive") chains.push({ name: "rest-tls", match: { transport: "tls" }, tls: undefined, filters });
  if (mode === "permissive") chains.push({ name: "rest-plain", match: { transport: "raw" }, tls: undefined, filters });
  if (mode === "disable") chains.push({ name: "rest-plain", match: {}, tls: undefined, filters });
  return chains;
}

/** A connection to the redirection's own port would be redirected to itself for ever. */
function blackholeChain(): FilterChain {
  return {
    name: "virtualInbound-blackhole",
    match: { destinationPort: VIRTUAL_INBOUND_PORT },
    tls: undefined,
    filters: [{ kind: "tcp", statPrefix: BLACKHOLE_CLUSTER, clusters: [{ name: BLACKHOLE_CLUSTER, weight: 1 }], idleTimeoutMs: undefined }],
  };
}

/** Inspectors wait for the client's first bytes, so only those that some chain needs. */
function inspectorsFor(chains: readonly FilterChain[]): readonly Inspector[] {
  const needsTls = chains.some((chain) => chain.match.transport !== undefined);
  const needsHttp = chains.some((chain) => chain.match.transport === "raw" && chain.match.applicationProtocols !== undefined);
  return [...(needsTls ? (["tls"] as const) : []), ...(needsHttp ? (["http"] as const) : [])];
}
