import { fileURLToPath } from "node:url";
import { dirname } from "node:path";
import type { ChildRole, ChildSpec } from "./child.ts";
import { CHILD_MARK } from "./leftovers.ts";
import { compileCache } from "./mesh-file.ts";
import { type MeshLayout, paths, PORTS, proxiedWorkloads } from "./layout.ts";
import { answersHttp, acceptsTcp } from "./ready.ts";
import { proxyName } from "./settings-files.ts";

export interface ChildrenSpecs {
  readonly citadel: ChildSpec;
  readonly pilot: ChildSpec;
  readonly mixer: ChildSpec;
  readonly proxies: readonly ChildSpec[];
  readonly applications: readonly ChildSpec[];
}

/** Variables that would send an application's or a component's own traffic somewhere else. */
const PROXY_VARIABLES = [
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
  "NO_PROXY",
  "no_proxy",
  "NODE_USE_ENV_PROXY",
];

/** Many processes share one machine and none has much to do: a small young generation instead of one that grows to 16 MB thrice. */
const SMALL_HEAP = ["--max-semi-space-size=1"];

/** How to start every process of a mesh whose settings files are written. */
export function describeChildren(layout: MeshLayout, env: Readonly<Record<string, string | undefined>>): ChildrenSpecs {
  const base: Record<string, string | undefined> = { ...env, FAIRLEAD_STATE: layout.stateDirectory, [CHILD_MARK]: layout.stateDirectory };
  for (const name of PROXY_VARIABLES) delete base[name];
  // Node keeps there what it compiled, which halves the start of the next run.
  const componentEnv = { NODE_COMPILE_CACHE: compileCache(env), ...base };
  const component = (options: {
    readonly name: string;
    readonly role: ChildRole;
    readonly main: string;
    readonly readyUrl: string;
  }): ChildSpec => ({
    name: options.name,
    role: options.role,
    command: process.execPath,
    args: [...SMALL_HEAP, options.main, "--settings", paths(layout.stateDirectory).settings(options.name)],
    cwd: layout.stateDirectory,
    env: componentEnv,
    logFile: paths(layout.stateDirectory).log(options.name),
    isReady: (signal) => answersHttp(options.readyUrl, signal),
  });
  const service = (name: "citadel" | "pilot" | "mixer"): ChildSpec =>
    component({ name, role: name, main: mainOf(`@fairlead/${name}`), readyUrl: `http://${layout[name].host}:${PORTS.monitoring}/readyz` });
  return {
    citadel: service("citadel"),
    pilot: service("pilot"),
    mixer: service("mixer"),
    proxies: proxiedWorkloads(layout).map((workload) =>
      component({
        name: proxyName(workload),
        role: "proxy",
        main: mainOf("@fairlead/dataplane"),
        readyUrl: `http://${workload.address}:${PORTS.proxyAdmin}/ready`,
      }),
    ),
    applications: layout.workloads.flatMap((workload) =>
      workload.application === undefined ? [] : [applicationSpec(workload, layout, base)],
    ),
  };
}

/** `main.js` beside the package's entry: its process, started but never imported. */
function mainOf(packageName: string): string {
  const entry = fileURLToPath(import.meta.resolve(packageName));
  return entry.replace(/index\.(js|ts)$/, "main.$1");
}

function applicationSpec(
  workload: MeshLayout["workloads"][number],
  layout: MeshLayout,
  base: Readonly<Record<string, string | undefined>>,
): ChildSpec {
  const { command = "", env = {}, host = workload.address, port } = workload.application ?? {};
  const throughProxy =
    workload.proxy === "sidecar"
      ? {
          HTTP_PROXY: proxyUrl(workload.address),
          http_proxy: proxyUrl(workload.address),
          NODE_USE_ENV_PROXY: "1",
          NO_PROXY: LOCAL_HOSTS,
          no_proxy: LOCAL_HOSTS,
        }
      : {};
  // Commands that say `node` mean the one that runs this.
  const path = `${dirname(process.execPath)}:${base["PATH"] ?? ""}`;
  const [program = "", ...args] = splitCommand(command);
  return {
    name: workload.name,
    role: "application",
    command: program,
    args,
    cwd: layout.folder,
    env: { ...base, PATH: path, HOST: host, ...(port === undefined ? {} : { PORT: String(port) }), ...throughProxy, ...env },
    logFile: paths(layout.stateDirectory).log(workload.name),
    isReady: (signal) => (port === undefined ? Promise.resolve(true) : acceptsTcp(host, port, signal)),
  };
}

const LOCAL_HOSTS = "localhost,127.0.0.1,::1";

function proxyUrl(address: string): string {
  return `http://${address}:${PORTS.httpProxy}`;
}

/** Plain words start the program itself; anything a shell would interpret goes to a shell. */
function splitCommand(command: string): readonly string[] {
  return /^[\w@%+=:,./\s-]+$/.test(command) ? command.trim().split(/\s+/) : ["/bin/sh", "-c", command];
}
