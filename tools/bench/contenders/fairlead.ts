import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LARGE_PATH } from "../scenarios.ts";
import { accepts, type PinnedProcess, startPinned, waitUntilReady } from "../process.ts";
import {
  type Backend,
  BACKEND_NAME,
  GRPC_PATH,
  MissingContender,
  OURS,
  type Running,
  type StartOptions,
  type TlsFiles,
  type Topology,
} from "./contender.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TRUST_DOMAIN = "cluster.local";
/** Loopback addresses of the mesh's parts; away from those that `fairlead local` takes. */
const HOSTS = { pilot: "127.0.20.1", citadel: "127.0.20.2", mixer: "127.0.20.3", client: "127.0.20.10", backend: "127.0.20.11" } as const;
const PORTS = { xds: 15012, monitoring: 15014, citadel: 8060, report: 9091, query: 9090, admin: 15000, httpProxy: 15080 } as const;
/** The backend again, as a service outside of the mesh. */
const OUTSIDE_NAME = "backend.outside.example";
/** As `fairlead local` starts them. */
const NODE_ARGUMENTS = ["--max-semi-space-size=1"];

interface Identity {
  readonly citadelAddress: string;
  readonly rootCertificateFile: string;
  readonly tokenFile: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * A whole mesh: Citadel, Pilot and Mixer on the load's CPU behind the load, the client's and the backend's sidecar on the measured one. The backend's sidecar alone is
 * what plaintext scenarios measure, both together the pair, and the client's alone HTTP/2: a sidecar speaks to its own application what the caller speaks,
 * to other services what their port says. Identity, telemetry and access control are on in all of them.
 */
export async function startFairlead(options: StartOptions): Promise<Running> {
  const folder = join(options.directory, OURS);
  const files = createFiles(folder);
  writeConfiguration(files.configDirectory, options.backend);
  const processes: PinnedProcess[] = [];
  const start = async (name: string, settings: object, cpu: number, monitoring: string): Promise<PinnedProcess> => {
    const isProxy = name === "client" || name === "backend";
    const main = join(ROOT, "packages", isProxy ? "dataplane" : name, "dist/main.js");
    if (!existsSync(main)) throw new MissingContender(`${main.slice(ROOT.length)} is not built (npm run build)`);
    const settingsFile = join(folder, `${name}.json`);
    writePrivate(settingsFile, JSON.stringify(settings, undefined, 2));
    const logFile = join(folder, `${name}.log`);
    const command = [process.execPath, ...NODE_ARGUMENTS, main, "--settings", settingsFile] as const;
    const child = startPinned({ cpu, command, logFile, isBackground: !isProxy });
    processes.push(child);
    await waitUntilReady(`fairlead's ${name}`, child, () => isReady(monitoring));
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of processes.toReversed()) await child.stop();
  };
  try {
    const settings = buildSettings(files, options.backend.host);
    await start("citadel", settings.citadel, options.loadCpu, `http://${HOSTS.citadel}:${PORTS.monitoring}/readyz`);
    await start("pilot", settings.pilot, options.loadCpu, `http://${HOSTS.pilot}:${PORTS.monitoring}/readyz`);
    await start("mixer", settings.mixer, options.loadCpu, `http://${HOSTS.mixer}:${PORTS.monitoring}/readyz`);
    const backend = await start("backend", settings.backend, options.proxyCpu, `http://${HOSTS.backend}:${PORTS.admin}/ready`);
    const client = await start("client", settings.client, options.proxyCpu, `http://${HOSTS.client}:${PORTS.admin}/ready`);
    for (const port of [options.backend.port, options.backend.tcpPort])
      await waitUntilReady("fairlead's inbound listener", backend, () => accepts({ host: HOSTS.backend, port }));
    return toRunning({ backend, client, ports: options.backend, tls: writeTlsFiles(folder), stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks Mixer what it was told, for the report: proof that telemetry was on. */
export async function countReported(): Promise<number> {
  const response = await fetch(`http://${HOSTS.mixer}:${PORTS.query}/api/v1/requests?window=1d&groupBy=&reporter=destination`);
  const answer: unknown = await response.json();
  const rows: unknown = typeof answer === "object" && answer !== null && "rows" in answer ? answer.rows : undefined;
  const [row]: unknown[] = Array.isArray(rows) ? rows : [];
  return typeof row === "object" && row !== null && "count" in row && typeof row.count === "number" ? row.count : 0;
}

interface Started {
  readonly backend: PinnedProcess;
  readonly client: PinnedProcess;
  readonly ports: Backend;
  readonly tls: TlsFiles;
  readonly stop: () => Promise<void>;
}

function toRunning({ backend, client, ports: { port, tcpPort, grpcPort }, tls, stop }: Started): Running {
  const hostHeader = `${BACKEND_NAME}:${port}`;
  return {
    name: OURS,
    title: "Fairlead",
    version: String(readJson(join(ROOT, "package.json"))["version"]),
    targets: {
      single: { host: HOSTS.backend, port, path: "/", hostHeader },
      http2: { host: HOSTS.client, port: PORTS.httpProxy, path: "/", hostHeader: `${OUTSIDE_NAME}:${port}` },
      tcp: { host: HOSTS.backend, port: tcpPort, path: LARGE_PATH, hostHeader },
      pair: { host: HOSTS.client, port: PORTS.httpProxy, path: `http://${hostHeader}/`, hostHeader },
      grpc: { host: HOSTS.client, port: PORTS.httpProxy, path: GRPC_PATH, hostHeader: `${BACKEND_NAME}:${grpcPort}` },
      "tcp-pair": {
        host: HOSTS.client,
        port: PORTS.httpProxy,
        path: LARGE_PATH,
        hostHeader,
        connectTo: `${BACKEND_NAME}:${tcpPort}`,
      },
      handshake: { host: HOSTS.backend, port, path: "/", hostHeader, tls },
    },
    pids: (topology) => PIDS[topology]({ client: client.pid, backend: backend.pid }),
    configuration:
      "`workers: 1`, configured by Pilot over ADS; identity by Citadel, telemetry (metrics, sampled access log and spans) reported to Mixer, an AuthorizationPolicy enforced (not with HTTP/2, where the client's sidecar is measured); the proxy's whole process counts, Node.js included",
    stop,
  };
}

const PIDS: Readonly<Record<Topology, (pids: { readonly client: number; readonly backend: number }) => readonly number[]>> = {
  single: ({ backend }) => [backend],
  pair: ({ client, backend }) => [client, backend],
  http2: ({ client }) => [client],
  tcp: ({ backend }) => [backend],
  grpc: ({ client, backend }) => [client, backend],
  "tcp-pair": ({ client, backend }) => [client, backend],
  handshake: ({ backend }) => [backend],
};

/** The client's own certificate, as the files that other programs read; its sidecar has kept it. */
function writeTlsFiles(folder: string): TlsFiles {
  const kept = readJson(keptCertificateFile(folder));
  const write = (name: string, field: string): string => {
    const file = join(folder, name);
    writePrivate(file, String(kept[field]));
    return file;
  };
  return {
    certificateFile: write("client.pem", "certificateChainPem"),
    keyFile: write("client-key.pem", "privateKeyPem"),
    rootFile: write("root.pem", "trustBundlePem"),
    serverName: BACKEND_NAME,
    alpn: ["istio"],
  };
}

function keptCertificateFile(folder: string): string {
  return join(folder, "client-certificate.json");
}

interface Files {
  readonly folder: string;
  readonly configDirectory: string;
  readonly joinTokensFile: string;
}

function createFiles(folder: string): Files {
  const configDirectory = join(folder, "mesh");
  mkdirSync(configDirectory, { recursive: true, mode: 0o700 });
  return { folder, configDirectory, joinTokensFile: join(folder, "join-tokens.json") };
}

function buildSettings(files: Files, appAddress: string): Readonly<Record<"citadel" | "pilot" | "mixer" | "backend" | "client", object>> {
  const { folder, joinTokensFile } = files;
  const joinTokens: { readonly tokenSha256: string; readonly namespace: string; readonly serviceAccount: string }[] = [];
  const identity = (namespace: string, serviceAccount: string): Identity => {
    const token = randomBytes(32).toString("base64url");
    const tokenFile = join(folder, `${serviceAccount}.token`);
    writePrivate(tokenFile, token);
    joinTokens.push({ tokenSha256: createHash("sha256").update(token).digest("hex"), namespace, serviceAccount });
    const rootCertificateFile = join(folder, "citadel", "root-cert.pem");
    return { citadelAddress: `${HOSTS.citadel}:${PORTS.citadel}`, rootCertificateFile, tokenFile, namespace, serviceAccount };
  };
  const common = (host: string): object => ({ monitoringAddress: `${host}:${PORTS.monitoring}`, trustDomain: TRUST_DOMAIN });
  const proxy = (name: "client" | "backend", app: string, keptCertificate?: string): object => ({
    type: "sidecar",
    name,
    namespace: "default",
    serviceAccount: name,
    labels: { app: name, version: "v1" },
    addresses: [HOSTS[name]],
    trustDomain: TRUST_DOMAIN,
    interceptionMode: "NONE",
    appAddress: app,
    httpProxyPort: PORTS.httpProxy,
    adminAddress: `${HOSTS[name]}:${PORTS.admin}`,
    stateDirectory: join(folder, `${name}-state`),
    workers: 1,
    identity: { ...identity("default", name), ...(keptCertificate === undefined ? {} : { keptCertificateFile: keptCertificate }) },
    pilot: { address: `${HOSTS.pilot}:${PORTS.xds}` },
    mixer: { address: `${HOSTS.mixer}:${PORTS.report}` },
  });
  const settings = {
    citadel: {
      ...common(HOSTS.citadel),
      listenAddress: `${HOSTS.citadel}:${PORTS.citadel}`,
      stateDirectory: join(folder, "citadel"),
      joinTokensFile,
    },
    pilot: {
      ...common(HOSTS.pilot),
      listenAddress: `${HOSTS.pilot}:${PORTS.xds}`,
      configDirectory: files.configDirectory,
      identity: identity("fairlead-system", "pilot"),
    },
    mixer: {
      ...common(HOSTS.mixer),
      listenAddress: `${HOSTS.mixer}:${PORTS.report}`,
      queryAddress: `${HOSTS.mixer}:${PORTS.query}`,
      stateDirectory: join(folder, "mixer"),
      identity: identity("fairlead-system", "mixer"),
    },
    backend: proxy("backend", appAddress),
    client: proxy("client", HOSTS.client, keptCertificateFile(folder)),
  };
  writePrivate(joinTokensFile, JSON.stringify(joinTokens));
  return settings;
}

/** The mesh in Istio's kinds: one service with one workload, one caller, and who may call. */
function writeConfiguration(directory: string, { host, port, tcpPort, grpcPort }: Backend): void {
  const documents = [
    describeWorkload("client"),
    describeWorkload("backend"),
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: backend, namespace: default }
spec:
  hosts: [${BACKEND_NAME}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: http, protocol: HTTP }
    - { number: ${tcpPort}, name: tcp, protocol: TCP }
    - { number: ${grpcPort}, name: grpc, protocol: GRPC }
  workloadSelector: { labels: { app: backend } }
`,
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside, namespace: default }
spec:
  hosts: [${OUTSIDE_NAME}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http, protocol: HTTP }]
  endpoints: [{ address: ${host} }]
`,
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: backend, namespace: default }
spec:
  hosts: [${BACKEND_NAME}]
  http:
    - name: http
      match: [{ port: ${port} }]
      route: [{ destination: { host: ${BACKEND_NAME}, port: { number: ${port} } } }]
    - name: grpc
      match: [{ port: ${grpcPort} }]
      route: [{ destination: { host: ${BACKEND_NAME}, port: { number: ${grpcPort} } } }]
`,
    // Plaintext callers have no principal: the second rule is for the scenarios with one proxy.
    `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: backend, namespace: default }
spec:
  selector: { matchLabels: { app: backend } }
  action: ALLOW
  rules:
    - from: [{ source: { principals: [${TRUST_DOMAIN}/ns/default/sa/client] } }]
      to: [{ operation: { methods: [GET] } }]
    - to: [{ operation: { methods: [GET], paths: ["/"] } }]
    - from: [{ source: { principals: [${TRUST_DOMAIN}/ns/default/sa/client] } }]
      to: [{ operation: { ports: ["${grpcPort}"], methods: [POST] } }]
    - to: [{ operation: { ports: ["${tcpPort}"] } }]
`,
  ];
  writeFileSync(join(directory, "mesh.yaml"), documents.join("---\n"));
}

function describeWorkload(name: "client" | "backend"): string {
  return `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${name}, namespace: default }
spec:
  address: ${HOSTS[name]}
  serviceAccount: ${name}
  labels: { app: ${name}, version: v1, security.istio.io/tlsMode: istio }
`;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}

function readJson(path: string): Record<string, unknown> {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof value === "object" && value !== null ? { ...value } : {};
}
