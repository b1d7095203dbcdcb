import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PEERS } from "../../peers/install.ts";
import { createTestCertificates, type TestCertificates } from "../certificates.ts";
import { LARGE_PATH } from "../scenarios.ts";
import { accepts, findFreePort, findProgram, type PinnedProcess, readVersion, startPinned, waitUntilReady } from "../process.ts";
import { BACKEND_NAME, MissingContender, type Running, type StartOptions } from "./contender.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** One Envoy between client and backend, and a pair with mutual TLS between the two. */
export async function startEnvoy(options: StartOptions): Promise<Running> {
  const program = findProgram("envoy", [PEERS]);
  if (program === undefined) throw new MissingContender("envoy is not installed (node tools/peers/install.ts envoy)");
  const certificates = await createTestCertificates(join(options.directory, "certificates"));
  const [single, tcp, client, server] = await Promise.all([localAddress(), localAddress(), localAddress(), localAddress()]);
  const children = {
    single: await start("envoy", program, options, bootstrap({ listen: single, listenTcp: tcp, upstream: options.backend })),
    server: await start(
      "envoy-server",
      program,
      options,
      bootstrap({ listen: server, upstream: options.backend, downstreamTls: downstreamTls(certificates) }),
    ),
    client: await start(
      "envoy-client",
      program,
      options,
      bootstrap({ listen: client, upstream: server, upstreamTls: upstreamTls(certificates) }),
    ),
  };
  await waitUntilReady("envoy", children.single, () => accepts(single));
  await waitUntilReady("the server's envoy", children.server, () => accepts(server));
  await waitUntilReady("the client's envoy", children.client, () => accepts(client));
  return {
    name: "envoy",
    title: "Envoy",
    version: readVersion(program, "--version", /\/(\d+\.\d+\.\d+)\//),
    targets: {
      single: { ...single, path: "/", hostHeader: BACKEND_NAME },
      http2: { ...single, path: "/", hostHeader: BACKEND_NAME },
      tcp: { ...tcp, path: LARGE_PATH, hostHeader: BACKEND_NAME },
      pair: { ...client, path: `http://${BACKEND_NAME}/`, hostHeader: BACKEND_NAME },
    },
    pids: (topology) => (topology === "pair" ? [children.client.pid, children.server.pid] : [children.single.pid]),
    configuration:
      "`--concurrency 1`, HTTP connection manager and router, no access log, no telemetry or access-control filter; pair: TLS 1.3, P-256 certificates, both ends verified by SPIFFE ID",
    async stop() {
      await Promise.all(Object.values(children).map((child) => child.stop()));
    },
  };
}

async function start(name: string, program: string, options: StartOptions, config: object): Promise<PinnedProcess> {
  const folder = join(options.directory, name);
  mkdirSync(folder);
  const file = join(folder, "envoy.json");
  writeFileSync(file, JSON.stringify(config, undefined, 2));
  const command = [program, "-c", file, "--concurrency", "1", "--use-dynamic-base-id", "-l", "warn"] as const;
  return startPinned({ cpu: options.proxyCpu, command, logFile: join(folder, "log") });
}

async function localAddress(): Promise<Address> {
  return { host: "127.0.0.1", port: await findFreePort() };
}

interface Proxy {
  readonly listen: Address;
  /** For bytes. */
  readonly listenTcp?: Address;
  readonly upstream: Address;
  readonly downstreamTls?: object;
  readonly upstreamTls?: object;
}

function bootstrap({ listen, listenTcp, upstream, downstreamTls: downstream, upstreamTls: toUpstream }: Proxy): object {
  const tcp = listenTcp && { name: "bytes", address: socketAddress(listenTcp), filter_chains: [{ filters: [tcpProxy()] }] };
  return {
    static_resources: {
      listeners: [
        {
          name: "front",
          address: socketAddress(listen),
          filter_chains: [{ filters: [connectionManager()], ...(downstream === undefined ? {} : { transport_socket: downstream }) }],
        },
        ...(tcp === undefined ? [] : [tcp]),
      ],
      clusters: [
        {
          name: "back",
          connect_timeout: "5s",
          type: "STATIC",
          load_assignment: {
            cluster_name: "back",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(upstream) } }] }],
          },
          ...(toUpstream === undefined ? {} : { transport_socket: toUpstream }),
        },
      ],
    },
  };
}

function connectionManager(): object {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      stat_prefix: "front",
      route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "back" } }] }] },
      http_filters: [
        {
          name: "envoy.filters.http.router",
          typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
        },
      ],
    },
  };
}

function tcpProxy(): object {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
      stat_prefix: "bytes",
      cluster: "back",
    },
  };
}

function downstreamTls(certificates: TestCertificates): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      require_client_certificate: true,
      common_tls_context: commonTls(certificates, "server", "client"),
    },
  };
}

function upstreamTls(certificates: TestCertificates): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: BACKEND_NAME,
      common_tls_context: commonTls(certificates, "client", "server"),
    },
  };
}

function commonTls(certificates: TestCertificates, own: "client" | "server", peer: "client" | "server"): object {
  return {
    tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
    tls_certificates: [
      { certificate_chain: { filename: certificates[own].certificateFile }, private_key: { filename: certificates[own].keyFile } },
    ],
    validation_context: {
      trusted_ca: { filename: certificates.rootFile },
      match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: certificates[peer].spiffeId } }],
    },
  };
}

function socketAddress({ host, port }: Address): object {
  return { socket_address: { address: host, port_value: port } };
}
