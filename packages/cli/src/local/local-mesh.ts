import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, createWatch, messageOf, type MutableWatch, type Watch } from "@fairlead/kit";
import { CliError } from "../cli-error.ts";
import { Child, type ChildLine, type ChildSpec } from "./child.ts";
import { type ChildrenSpecs, describeChildren } from "./children.ts";
import { type MeshLayout, paths, PORTS, proxiedWorkloads } from "./layout.ts";
import { endLeftovers } from "./leftovers.ts";
import { isAlive, type MeshFile, readMeshFile, removeMeshFile, writeMeshFile } from "./mesh-file.ts";
import { checkAddresses, type WantedAddress } from "./preflight.ts";
import { agentAddress, proxyName, type SettingsOptions, writeSettingsFiles } from "./settings-files.ts";

export interface LocalMeshOptions {
  readonly layout: MeshLayout;
  readonly settings?: SettingsOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Makes an unguessable text. */
  readonly newToken: () => string;
  /** Every line that any child writes. */
  readonly onLine?: (line: ChildLine) => void;
}

/** How long a process may take to stop before it is ended. */
const GRACE_MS = 5_000;
/** Crashes that a process may have while starting before the mesh gives up. */
const MAX_CRASHES_AT_START = 3;

/** A mesh of processes on this machine: started in order, kept running, stopped in order. */
export class LocalMesh {
  readonly layout: MeshLayout;
  readonly #options: LocalMeshOptions;
  readonly #specs: ChildrenSpecs;
  readonly #children: ReadonlyMap<string, Child>;
  readonly #ready: MutableWatch<boolean> = createWatch(false);
  readonly #startedAt: string;
  #ownsState = false;
  #stopping: Promise<void> | undefined;

  constructor(options: LocalMeshOptions) {
    this.#options = options;
    this.layout = options.layout;
    this.#specs = describeChildren(options.layout, options.env);
    const { clock, random, onLine = () => undefined } = options;
    this.#startedAt = new Date(clock.now()).toISOString();
    this.#children = new Map(allSpecs(this.#specs).map((spec) => [spec.name, new Child(spec, { clock, random, onLine })]));
    for (const child of this.#children.values()) child.state.subscribe(() => this.#writeFile());
  }

  /** Every process, in the order in which they start. */
  get children(): readonly Child[] {
    return [...this.#children.values()];
  }

  /** One process by name: `pilot`, `reviews-v1`, `reviews-v1-proxy`. */
  child(name: string): Child {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`no process "${name}"; there are ${[...this.#children.keys()].join(", ")}`);
    return child;
  }

  /** Becomes true when every process is ready for the first time. */
  get ready(): Watch<boolean> {
    return this.#ready;
  }

  /** What other commands read to find this mesh. */
  get description(): MeshFile {
    return describeMesh(this.layout, {
      ready: this.#ready.value,
      startedAt: this.#startedAt,
      pidOf: (name) => this.#children.get(name)?.pid ?? null,
      settings: this.#options.settings ?? {},
    });
  }

  /** Starts everything; resolves when all of it is ready, rejects with what went wrong (call `stop` then). */
  async start(signal: AbortSignal): Promise<void> {
    await this.#claimState();
    await checkAddresses(wantedAddresses(this.layout));
    const { settings = {}, newToken } = this.#options;
    writeSettingsFiles(this.layout, settings, newToken);
    mkdirSync(dirname(paths(this.layout.stateDirectory).log("any")), { recursive: true, mode: 0o700 });
    // Everything begins with a certificate, and the proxies with Pilot: what others wait for gets the processors first.
    this.#startAll([this.#specs.citadel, this.#specs.pilot, this.#specs.mixer]);
    await this.#untilReady([this.#specs.citadel], signal);
    this.#startAll([...this.#specs.proxies, ...this.#specs.applications]);
    await this.#untilReady(allSpecs(this.#specs), signal);
    this.#ready.set(true);
    this.#writeFile();
  }

  /** Stops everything in order: visitors first, then sidecars with their applications, the control plane last. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopAll());
  }

  /** Ends everything at once. */
  kill(): void {
    for (const child of this.#children.values()) {
      void child.stop(0);
      child.signal("SIGKILL");
    }
  }

  #startAll(specs: readonly ChildSpec[]): void {
    for (const spec of specs) this.child(spec.name).start();
  }

  async #untilReady(specs: readonly ChildSpec[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      specs.map(async (spec) => {
        const child = this.child(spec.name);
        try {
          await child.untilReady({ signal, maxCrashes: MAX_CRASHES_AT_START });
        } catch (error) {
          signal.throwIfAborted();
          const output = child.lastLines.map((line) => `    ${line}`).join("\n");
          throw new CliError(`${messageOf(error)}; its last output:\n${output}`, `read all of it in ${spec.logFile}`);
        }
      }),
    );
  }

  async #stopAll(): Promise<void> {
    const { proxies, applications, mixer, pilot, citadel } = this.#specs;
    const gateways = new Set(this.layout.workloads.filter((workload) => workload.proxy === "gateway").map(proxyName));
    const stages = [
      proxies.filter((spec) => gateways.has(spec.name)),
      [...proxies.filter((spec) => !gateways.has(spec.name)), ...applications],
      [mixer],
      [pilot],
      [citadel],
    ];
    for (const stage of stages) await Promise.all(stage.map((spec) => this.child(spec.name).stop(GRACE_MS)));
    if (this.#ownsState) removeMeshFile(this.layout.stateDirectory);
    this.#ownsState = false;
  }

  async #claimState(): Promise<void> {
    const { stateDirectory } = this.layout;
    const other = readMeshFile(stateDirectory);
    if (other !== undefined && other.pid !== process.pid && isAlive(other.pid))
      throw new CliError(
        `this mesh is running already (process ${other.pid}, state in ${stateDirectory})`,
        "stop it first (Ctrl-C there), or use another --state",
      );
    await endLeftovers(stateDirectory, this.#options.clock);
    this.#ownsState = true;
    this.#writeFile();
  }

  #writeFile(): void {
    if (this.#ownsState) writeMeshFile(this.description);
  }
}

function allSpecs(specs: ChildrenSpecs): readonly ChildSpec[] {
  return [specs.citadel, specs.pilot, specs.mixer, ...specs.proxies, ...specs.applications];
}

/** Every address that will be listened at and is known beforehand. */
function wantedAddresses(layout: MeshLayout): readonly WantedAddress[] {
  const { citadel, pilot, mixer } = layout;
  return [
    { host: citadel.host, port: PORTS.citadel, owner: "citadel" },
    { host: citadel.host, port: PORTS.monitoring, owner: "citadel" },
    { host: pilot.host, port: PORTS.pilotXds, owner: "pilot" },
    { host: pilot.host, port: PORTS.monitoring, owner: "pilot" },
    { host: mixer.host, port: PORTS.mixerReport, owner: "mixer" },
    { host: mixer.host, port: PORTS.mixerQuery, owner: "mixer" },
    { host: mixer.host, port: PORTS.monitoring, owner: "mixer" },
    ...layout.workloads.flatMap(({ application, name }) =>
      application?.port === undefined ? [] : [{ host: application.host, port: application.port, owner: `application ${name}` }],
    ),
    ...proxiedWorkloads(layout).flatMap(({ name, address, proxy, ports }) => {
      const owner = `${proxy} ${name}`;
      const own = proxy === "sidecar" ? [PORTS.proxyAdmin, PORTS.httpProxy] : [PORTS.proxyAdmin];
      return [...own, ...ports.map((port) => port.number)].map((port) => ({ host: address, port, owner }));
    }),
  ];
}

function describeMesh(
  layout: MeshLayout,
  state: {
    readonly ready: boolean;
    readonly startedAt: string;
    readonly pidOf: (name: string) => number | null;
    readonly settings: SettingsOptions;
  },
): MeshFile {
  const { pilot, citadel, mixer } = layout;
  const { ready, startedAt, pidOf, settings } = state;
  return {
    version: 1,
    pid: process.pid,
    folder: layout.folder,
    stateDirectory: layout.stateDirectory,
    startedAt,
    ready,
    trustDomain: layout.trustDomain,
    citadel: {
      pid: pidOf("citadel"),
      address: `${citadel.host}:${PORTS.citadel}`,
      monitoringAddress: `${citadel.host}:${PORTS.monitoring}`,
    },
    pilot: { pid: pidOf("pilot"), address: `${pilot.host}:${PORTS.pilotXds}`, monitoringAddress: `${pilot.host}:${PORTS.monitoring}` },
    mixer: {
      pid: pidOf("mixer"),
      address: `${mixer.host}:${PORTS.mixerReport}`,
      queryAddress: `${mixer.host}:${PORTS.mixerQuery}`,
      monitoringAddress: `${mixer.host}:${PORTS.monitoring}`,
    },
    proxies: proxiedWorkloads(layout).map((workload) => ({
      pid: pidOf(proxyName(workload)),
      name: workload.name,
      namespace: workload.namespace,
      type: workload.proxy,
      address: workload.address,
      adminAddress: `${workload.address}:${PORTS.proxyAdmin}`,
      agentAddress: agentAddress(workload, settings) ?? null,
      httpProxyAddress: workload.proxy === "sidecar" ? `${workload.address}:${PORTS.httpProxy}` : null,
    })),
    applications: layout.workloads.flatMap(({ application, name, namespace }) =>
      application === undefined
        ? []
        : [
            {
              pid: pidOf(name),
              name,
              namespace,
              address: [application.host, application.port].filter((part) => part !== undefined).join(":"),
            },
          ],
    ),
    gatewayUrls: gatewayUrls(layout),
  };
}

/** Where plain HTTP comes in, `http://127.0.0.1:8080`. */
function gatewayUrls(layout: MeshLayout): string[] {
  return layout.workloads
    .filter((workload) => workload.proxy === "gateway")
    .flatMap((workload) =>
      workload.ports
        .filter((port) => port.protocol.startsWith("HTTP"))
        .map((port) => `${port.protocol === "HTTPS" ? "https" : "http"}://${workload.address}:${port.number}`),
    );
}
