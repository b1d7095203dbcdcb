import { describeOrigin, failure, messageOf, type Origin, type Result, success } from "@fairlead/kit";
import { appAddressOf, isLoopback } from "./loopback.ts";

/** What `fairlead local` reads of a folder: the kinds that decide which processes there are. */
export interface MeshObjects {
  readonly workloadEntries: readonly WorkloadObject[];
  readonly serviceEntries: readonly ServiceObject[];
  readonly gateways: readonly GatewayObject[];
}

export interface WorkloadObject {
  readonly origin: Origin;
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  /** Port by the name of the service's port, where it differs from the service's. */
  readonly ports: Readonly<Record<string, number>>;
  readonly serviceAccount: string;
}

export interface ServiceObject {
  readonly name: string;
  readonly namespace: string;
  readonly hosts: readonly string[];
  readonly ports: readonly { readonly name: string; readonly number: number; readonly targetPort?: number }[];
  /** Undefined where the service selects no workloads. */
  readonly selector: Readonly<Record<string, string>> | undefined;
}

export interface GatewayObject {
  readonly name: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly servers: readonly { readonly port: number; readonly protocol: string }[];
}

/** One workload of the mesh and what has to run for it. */
export interface PlannedWorkload {
  readonly origin: Origin;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly address: string;
  readonly proxy: "sidecar" | "gateway" | "none";
  /** Hosts of the services it belongs to. */
  readonly services: readonly string[];
  /** Ports its proxy serves: the services' for a sidecar, the Gateways' servers for a gateway. */
  readonly ports: readonly { readonly number: number; readonly protocol: string }[];
  readonly application: PlannedApplication | undefined;
}

export interface PlannedApplication {
  /** As a shell reads it; relative paths start at the folder of configuration. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where it has to listen. */
  readonly host: string;
  readonly port: number | undefined;
}

const PREFIX = "local.fairlead.dev/";

/** Decides what has to run for a folder's objects; answers every mistake in the annotations, not only the first. */
export function planMesh(objects: MeshObjects): Result<readonly PlannedWorkload[], readonly string[]> {
  const mistakes: string[] = [];
  const workloads: PlannedWorkload[] = [];
  for (const entry of objects.workloadEntries) {
    const planned = planWorkload(entry, objects);
    if (planned.ok) workloads.push(planned.value);
    else mistakes.push(`${describeOrigin(entry.origin)}: ${planned.error}`);
  }
  mistakes.push(...findSharedNames(workloads), ...findSharedAddresses(workloads));
  return mistakes.length > 0 ? failure(mistakes) : success(workloads);
}

function planWorkload(entry: WorkloadObject, objects: MeshObjects): Result<PlannedWorkload, string> {
  const unknown = Object.keys(entry.annotations).find((key) => key.startsWith(PREFIX) && !ANNOTATIONS.has(key));
  if (unknown !== undefined) return failure(`unknown annotation "${unknown}"; known: ${[...ANNOTATIONS].join(", ")}`);
  const proxy = entry.annotations[`${PREFIX}proxy`] ?? "sidecar";
  if (proxy !== "sidecar" && proxy !== "gateway" && proxy !== "none")
    return failure(`annotation ${PREFIX}proxy must be sidecar, gateway or none, got "${proxy}"`);
  const command = entry.annotations[`${PREFIX}command`];
  if (!isLoopback(entry.address)) {
    // A workload elsewhere is a fact for Pilot; only what this machine shall run needs a loopback address.
    if (command === undefined && entry.annotations[`${PREFIX}proxy`] === undefined) return success(remoteWorkload(entry));
    return failure(`address "${entry.address}" must be a loopback address (127.x.y.z) for the workload to run on this machine`);
  }
  const services = objects.serviceEntries.filter((service) => isSelected(service, entry));
  const ports = proxy === "gateway" ? gatewayPorts(entry, objects.gateways) : services.flatMap((service) => servicePorts(service, entry));
  const env = parseEnv(entry.annotations[`${PREFIX}env`]);
  if (!env.ok) return env;
  const host = proxy === "sidecar" ? appAddressOf(entry.address) : entry.address;
  return success({
    origin: entry.origin,
    name: entry.name,
    namespace: entry.namespace,
    labels: entry.labels,
    serviceAccount: entry.serviceAccount,
    address: entry.address,
    proxy,
    services: [...new Set(services.flatMap((service) => service.hosts))],
    ports: [...new Map(ports.map((port) => [port.number, port])).values()],
    application: command === undefined ? undefined : { command, env: env.value, host, port: ports[0]?.number },
  });
}

const ANNOTATIONS = new Set([`${PREFIX}command`, `${PREFIX}env`, `${PREFIX}proxy`]);

function remoteWorkload(entry: WorkloadObject): PlannedWorkload {
  const { origin, name, namespace, labels, serviceAccount, address } = entry;
  return { origin, name, namespace, labels, serviceAccount, address, proxy: "none", services: [], ports: [], application: undefined };
}

function isSelected(service: ServiceObject, entry: WorkloadObject): boolean {
  return service.selector !== undefined && service.namespace === entry.namespace && matches(service.selector, entry.labels);
}

function matches(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** The ports the workload itself listens at (Istio: `WorkloadEntry.ports` before `targetPort` before `number`). */
function servicePorts(service: ServiceObject, entry: WorkloadObject): PlannedWorkload["ports"] {
  return service.ports.map(({ name, number, targetPort }) => ({ number: entry.ports[name] ?? targetPort ?? number, protocol: "HTTP" }));
}

function gatewayPorts(entry: WorkloadObject, gateways: readonly GatewayObject[]): PlannedWorkload["ports"] {
  return gateways
    .filter((gateway) => matches(gateway.selector, entry.labels))
    .flatMap((gateway) => gateway.servers.map(({ port, protocol }) => ({ number: port, protocol })));
}

function parseEnv(text: string | undefined): Result<Readonly<Record<string, string>>, string> {
  if (text === undefined) return success({});
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return failure(`annotation ${PREFIX}env must be a JSON object, got ${text} (${messageOf(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return failure(`annotation ${PREFIX}env must be a JSON object, got ${text}`);
  const env: Record<string, string> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== "string" && typeof entry !== "number" && typeof entry !== "boolean")
      return failure(`annotation ${PREFIX}env: "${key}" must be a string, got ${JSON.stringify(entry)}`);
    env[key] = String(entry);
  }
  return success(env);
}

/** Names become names of processes and files, so one namespace's must not hide another's. */
function findSharedNames(workloads: readonly PlannedWorkload[]): readonly string[] {
  return findShared(workloads, (workload) => workload.name).map(
    ([name, [first, second]]) =>
      `${describeOrigin(second.origin)}: in local mode the workload's name must be unique across namespaces, "${name}" is also ${describeOrigin(first.origin)}`,
  );
}

function findSharedAddresses(workloads: readonly PlannedWorkload[]): readonly string[] {
  const proxied = workloads.filter((workload) => workload.proxy !== "none");
  return findShared(proxied, (workload) => workload.address).map(
    ([address, [first, second]]) =>
      `${describeOrigin(second.origin)}: address "${address}" is taken by ${describeOrigin(first.origin)}; give every workload its own`,
  );
}

function findShared(
  workloads: readonly PlannedWorkload[],
  keyOf: (workload: PlannedWorkload) => string,
): readonly (readonly [string, readonly [PlannedWorkload, PlannedWorkload]])[] {
  const seen = new Map<string, PlannedWorkload>();
  const shared: [string, readonly [PlannedWorkload, PlannedWorkload]][] = [];
  for (const workload of workloads) {
    const first = seen.get(keyOf(workload));
    if (first === undefined) seen.set(keyOf(workload), workload);
    else shared.push([keyOf(workload), [first, workload]]);
  }
  return shared;
}
