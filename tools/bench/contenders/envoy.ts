import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PEERS } from "../../peers/install.ts";
import { createTestCertificates } from "../certificates.ts";
import { LARGE_PATH } from "../scenarios.ts";
import { accepts, findFreePort, findProgram, type PinnedProcess, readVersion, startPinned, waitUntilReady } from "../process.ts";
import { type Address, BACKEND_NAME, GRPC_PATH, MissingContender, type Running, type StartOptions } from "./contender.ts";
import { downstreamTls, toBootstrap, upstreamTls, type Way } from "./envoy-config.ts";

/** One Envoy between client and backend, and a pair with mutual TLS between the two. */
export async function startEnvoy(options: StartOptions): Promise<Running> {
  const program = findProgram("envoy", [PEERS]);
  if (program === undefined) throw new MissingContender("envoy is not installed (node tools/peers/install.ts envoy)");
  const certificates = await createTestCertificates(join(options.directory, "certificates"));
  const [single, tcp] = [await localAddress(), await localAddress()];
  const [client, clientGrpc, clientTcp] = [await localAddress(), await localAddress(), await localAddress()];
  const [server, serverGrpc, serverTcp] = [await localAddress(), await localAddress(), await localAddress()];
  const { host, port, tcpPort, grpcPort } = options.backend;
  const downstream = downstreamTls(certificates);
  const upstream = upstreamTls(certificates);
  const run = (name: string, ways: readonly Way[]): Promise<PinnedProcess> => start(name, program, options, toBootstrap(ways));
  const children = {
    single: await run("envoy", [
      { kind: "http", listen: single, upstream: { host, port } },
      { kind: "tcp", listen: tcp, upstream: { host, port: tcpPort } },
    ]),
    server: await run("envoy-server", [
      { kind: "http", listen: server, upstream: { host, port }, downstreamTls: downstream },
      { kind: "grpc", listen: serverGrpc, upstream: { host, port: grpcPort }, downstreamTls: downstream },
      { kind: "tcp", listen: serverTcp, upstream: { host, port: tcpPort }, downstreamTls: downstream },
    ]),
    client: await run("envoy-client", [
      { kind: "http", listen: client, upstream: server, upstreamTls: upstream },
      { kind: "grpc", listen: clientGrpc, upstream: serverGrpc, upstreamTls: upstream },
      { kind: "tcp", listen: clientTcp, upstream: serverTcp, upstreamTls: upstream },
    ]),
  };
  await waitUntilReady("envoy", children.single, () => accepts(single));
  await waitUntilReady("the server's envoy", children.server, () => accepts(server));
  await waitUntilReady("the client's envoy", children.client, () => accepts(client));
  const pair = [children.client.pid, children.server.pid];
  const { certificateFile, keyFile } = certificates.client;
  return {
    name: "envoy",
    title: "Envoy",
    version: readVersion(program, "--version", /\/(\d+\.\d+\.\d+)\//),
    targets: {
      single: { ...single, path: "/", hostHeader: BACKEND_NAME },
      http2: { ...single, path: "/", hostHeader: BACKEND_NAME },
      tcp: { ...tcp, path: LARGE_PATH, hostHeader: BACKEND_NAME },
      pair: { ...client, path: `http://${BACKEND_NAME}/`, hostHeader: BACKEND_NAME },
      grpc: { ...clientGrpc, path: GRPC_PATH, hostHeader: BACKEND_NAME },
      "tcp-pair": { ...clientTcp, path: LARGE_PATH, hostHeader: BACKEND_NAME },
      handshake: {
        ...server,
        path: "/",
        hostHeader: BACKEND_NAME,
        tls: { certificateFile, keyFile, rootFile: certificates.rootFile, serverName: BACKEND_NAME, alpn: [] },
      },
    },
    pids: (topology) => {
      if (topology === "handshake") return [children.server.pid];
      return topology === "pair" || topology === "grpc" || topology === "tcp-pair" ? pair : [children.single.pid];
    },
    configuration:
      "`--concurrency 1`, HTTP connection manager and router, no access log, no telemetry or access-control filter; pair: TLS 1.3, P-256 certificates, both ends verified by SPIFFE ID; gRPC: HTTP/2 all the way",
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
