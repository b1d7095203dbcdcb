import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRegistry, fromJson, toBinary } from "@bufbuild/protobuf";
import { ClusterSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import { RouterSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/router/v3/router_pb";
import { HttpConnectionManagerSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import { applyXds, createProxy, stop } from "@fairlead/dataplane-native";
import { createTempFolder, freePort, startProcess } from "@fairlead/testkit";
import { type Lane, type Normalization, toCluster, toListener } from "./xds.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

export const PEERS = ["envoy", "haproxy", "nginx"] as const;
export type PeerName = (typeof PEERS)[number];
export type ProxyName = "fairlead" | PeerName;

/** A proxy with several ports, each with an upstream of its own, so that cases can run beside each other and are not mixed up. */
export interface RunningProxy extends AsyncDisposable {
  readonly name: ProxyName;
  readonly lanes: readonly RunningLane[];
}

export interface RunningLane extends Lane {
  readonly upstream: RecordingUpstream;
}

/** A program with its version, or why there is none. */
export type Found = { readonly path: string; readonly version: string } | { readonly missing: string };

const PROGRAMS: Readonly<Record<PeerName, { readonly version: readonly [string, RegExp]; readonly install: string }>> = {
  envoy: { version: ["--version", /\/(\d+\.\d+\.\d+)\//], install: "node tools/peers/install.ts envoy" },
  haproxy: { version: ["-v", /version (\d+\.\d+\.\d+)/], install: "apt install haproxy" },
  nginx: { version: ["-v", /nginx\/(\d+\.\d+\.\d+)/], install: "apt install nginx" },
};

/** Looks for a peer where tools/peers/install.ts and Debian's packages put them. */
export function findPeer(name: PeerName): Found {
  const installed = fileURLToPath(new URL("../../../../node_modules/.cache/peers", import.meta.url));
  const folders = name === "envoy" ? [installed] : [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  const { version, install } = PROGRAMS[name];
  if (path === undefined) return { missing: `${name} is not installed (${install})` };
  const [argument, pattern] = version;
  const output = execFileSync("sh", ["-c", `"$0" "$1" 2>&1`, path, argument], { encoding: "utf8" });
  return { path, version: pattern.exec(output)?.[1] ?? "unknown" };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Ports are found before they are taken, and somebody else may take one meanwhile. */
const MAX_STARTS = 3;

/** Starts a proxy with one lane for each of `normalizations`; what is no part of Istio's settings is each program's default. */
export async function startProxy(name: ProxyName, normalizations: readonly Normalization[]): Promise<RunningProxy> {
  const upstreams = await Promise.all(normalizations.map(startRecordingUpstream));
  const stopUpstreams = async (): Promise<void> => {
    for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
  };
  for (let starts = 1; ; starts += 1) {
    const lanes = await Promise.all(upstreams.map(async (upstream, index) => toLane(upstream, normalizations[index] ?? "BASE")));
    try {
      const end = name === "fairlead" ? await startOurs(lanes) : await startPeer(name, lanes);
      return { name, lanes, [Symbol.asyncDispose]: () => end().then(stopUpstreams) };
    } catch (error) {
      if (starts < MAX_STARTS) continue;
      await stopUpstreams();
      throw error;
    }
  }
}

/** Starts our proxy and `peers`; where one does not start, none is left. */
export async function startProxies(peers: readonly PeerName[], normalizations: readonly Normalization[]): Promise<readonly RunningProxy[]> {
  const names: readonly ProxyName[] = ["fairlead", ...peers];
  const results = await Promise.allSettled(names.map((name) => startProxy(name, normalizations)));
  const running = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return running;
  for (const proxy of running) await proxy[Symbol.asyncDispose]();
  throw failed.reason;
}

async function toLane(upstream: RecordingUpstream, normalization: Normalization): Promise<RunningLane> {
  return { port: await freePort(), upstreamPort: upstream.port, normalization, upstream };
}

const REGISTRY = createRegistry(HttpConnectionManagerSchema, RouterSchema);
const TYPES = "type.googleapis.com/envoy.config";

/** Ours gets the very resources that Envoy gets. */
async function startOurs(lanes: readonly Lane[]): Promise<() => Promise<void>> {
  const proxy = createProxy(JSON.stringify({ workers: 1, reportIntervalMs: 0 }));
  const options = { registry: REGISTRY };
  const clusters = lanes.map(toCluster).map((json) => {
    const message = fromJson(ClusterSchema, json, options);
    return { name: message.name, version: "1", bytes: Buffer.from(toBinary(ClusterSchema, message)) };
  });
  const listeners = lanes.map(toListener).map((json) => {
    const message = fromJson(ListenerSchema, json, options);
    return { name: message.name, version: "1", bytes: Buffer.from(toBinary(ListenerSchema, message)) };
  });
  const problems = [
    ...(await applyXds(proxy, `${TYPES}.cluster.v3.Cluster`, clusters, [])),
    ...(await applyXds(proxy, `${TYPES}.listener.v3.Listener`, listeners, [])),
  ];
  if (problems.length > 0) {
    await stop(proxy);
    throw new Error(`our proxy does not like its configuration: ${JSON.stringify(problems)}`);
  }
  return () => stop(proxy);
}

async function startPeer(name: PeerName, lanes: readonly Lane[]): Promise<() => Promise<void>> {
  const found = findPeer(name);
  if ("missing" in found) throw new Error(found.missing);
  const folder = createTempFolder(`fairlead-${name}-`);
  const [file, args] = { envoy, haproxy, nginx }[name](folder.path, lanes);
  const path = folder.write(name === "envoy" ? "envoy.json" : `${name}.conf`, file);
  const child = await startProcess({
    command: found.path,
    args: args(path),
    isReady: async () => (await Promise.all(lanes.map(({ port }) => accepts(port)))).every(Boolean),
  }).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  return async () => {
    await child.stop();
    folder.remove();
  };
}

/** A configuration file, and the arguments that name it. */
type PeerConfig = (folder: string, lanes: readonly Lane[]) => readonly [string, (file: string) => readonly string[]];

const envoy: PeerConfig = (_, lanes) => [
  JSON.stringify({ static_resources: { listeners: lanes.map(toListener), clusters: lanes.map(toCluster) } }),
  (file) => ["-c", file, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"],
];

const haproxy: PeerConfig = (_, lanes) => [
  `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${lanes.map(({ port, upstreamPort }) => `listen lane${port}\n  bind 127.0.0.1:${port}\n  server one 127.0.0.1:${upstreamPort}\n`).join("")}`,
  (file) => ["-db", "-f", file],
];

const nginx: PeerConfig = (folder, lanes) => [
  `worker_processes 1;
daemon off;
user root;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
events { worker_connections 1024; }
http {
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`).join("\n")}
  access_log off;
${lanes.map(toNginxServer).join("\n")}
}
`,
  (file) => ["-p", folder, "-e", join(folder, "error.log"), "-c", file],
];

function toNginxServer({ port, upstreamPort }: Lane): string {
  return `  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstreamPort};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
