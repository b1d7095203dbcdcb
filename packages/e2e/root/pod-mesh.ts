import { createHash, randomBytes } from "node:crypto";
import { chownSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { createTempFolder, startProcess, type TempFolder, type TestProcess, until } from "@fairlead/testkit";
import { createNetwork, type TestNetwork } from "./namespaces.ts";

/** Who is where: the control plane's namespace is the bridge, `outside` is a machine that the mesh knows nothing of. */
export const ADDRESSES = { control: "10.250.0.1", a: "10.250.0.11", b: "10.250.0.12", outside: "10.250.0.20" } as const;
export type Place = keyof typeof ADDRESSES;
export type PodName = "a" | "b";

export interface HttpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Instead of the others where there was no answer. */
  readonly error?: string;
}

export interface BytesAnswer {
  readonly bytes?: number;
  readonly isEchoed?: boolean;
  readonly isHeard?: boolean;
  readonly error?: string;
}

export interface Resolved {
  readonly addresses?: readonly string[];
  readonly code?: string;
}

/** Two pods, their control plane and an outsider, all real processes in namespaces of their own. */
export interface PodMesh extends AsyncDisposable {
  readonly network: TestNetwork;
  /** What the application of a place gets when it fetches a URL. */
  fetch(place: Place, url: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /** What it gets for so many bytes over TCP. */
  sendBytes(place: Place, to: { readonly host: string; readonly port: number; readonly size: number }): Promise<BytesAnswer>;
  /** A JSON document of Mixer's query API. */
  askMixer(path: string): Promise<unknown>;
  /** The addresses that the system's resolver finds for a name, or the error's code. */
  resolve(place: Place, host: string): Promise<Resolved>;
  /** The same, asked of the resolver over TCP without the system's help. */
  resolveOverTcp(place: Place, host: string): Promise<Resolved>;
  /** Names that the resolver outside was asked for. */
  askedOutside(): Promise<readonly string[]>;
  /** Ends Pilot, and starts a pod's proxy anew where there is none. */
  stopPilot(): Promise<void>;
  restartProxy(pod: PodName): Promise<void>;
  /** Every line of a pod's proxy. */
  proxyLines(pod: PodName): readonly string[];
  /** Writes a file of configuration. */
  configure(name: string, text: string): void;
  stop(): Promise<void>;
}

const NODE = process.execPath;
const PROXY_USER = 1337;
const APP = fileURLToPath(new URL("apps/pod-app.ts", import.meta.url));
const main = (name: string): string => fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url));
/** What an init container runs. */
export const REDIRECT = fileURLToPath(new URL("../../dataplane/dist/redirect/main.js", import.meta.url));
/** What Kubernetes writes into pods, but for the options: names are looked for in the namespace's domain first. */
const RESOLV_CONF = `search default.svc.cluster.local svc.cluster.local\nnameserver ${ADDRESSES.outside}\noptions ndots:5 timeout:2\n`;
const CONTROL_PLANE = { citadel: 8060, pilot: 15012, mixer: 9091, mixerQuery: 9090 } as const;

/** Starts everything and waits until both proxies are ready; `envoys` says in which pods a stock Envoy takes our proxy's place. */
export async function startPodMesh(options: {
  readonly configuration: Readonly<Record<string, string>>;
  readonly envoys: Readonly<Partial<Record<PodName, string | undefined>>>;
  /** Whether questions of DNS go to the proxies; the resolver that they are for is outside. */
  readonly dnsCapture?: boolean;
}): Promise<PodMesh> {
  const mesh = new RunningMesh();
  try {
    await mesh.start(options);
    return mesh;
  } catch (error) {
    await mesh.stop();
    throw error;
  }
}

class RunningMesh implements PodMesh {
  readonly network: TestNetwork = createNetwork(ADDRESSES);
  readonly #temp: TempFolder = createTempFolder("fairlead-pods-");
  readonly #processes: TestProcess[] = [];
  readonly #proxies = new Map<PodName, TestProcess>();
  readonly #tokens: object[] = [];
  #pilot: TestProcess | undefined;

  async start({ configuration, envoys, dnsCapture = false }: Parameters<typeof startPodMesh>[0]): Promise<void> {
    // The proxies are another user: they have to reach their own folders.
    chmodSync(this.#temp.path, 0o755);
    mkdirSync(this.#temp.join("config"));
    for (const [name, text] of Object.entries(configuration)) this.configure(name, text);
    if (dnsCapture) for (const pod of ["a", "b"]) this.network.setResolvers(pod, RESOLV_CONF);
    await allOf([this.#startControlPlane(dnsCapture), ...this.#startApplications()]);
    const redirect = this.#temp.write("redirect.json", JSON.stringify({ dnsCapture }));
    for (const pod of ["a", "b"] as const) this.network.run(pod, NODE, REDIRECT, "--settings", redirect);
    await allOf((["a", "b"] as const).map((pod) => this.#startProxy(pod, envoys[pod])));
  }

  fetch(place: Place, url: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    return this.#tell(place, "/fetch", { url, headers });
  }

  sendBytes(place: Place, to: { readonly host: string; readonly port: number; readonly size: number }): Promise<BytesAnswer> {
    return this.#tell(place, "/bytes", to);
  }

  resolve(place: Place, host: string): Promise<Resolved> {
    return this.#tell(place, "/resolve", { host });
  }

  resolveOverTcp(place: Place, host: string): Promise<Resolved> {
    return this.#tell(place, "/resolve-over-tcp", { host });
  }

  async askedOutside(): Promise<readonly string[]> {
    const { names } = await this.#tell("outside", "/asked", {});
    return names ?? [];
  }

  async stopPilot(): Promise<void> {
    await this.#pilot?.stop();
  }

  async restartProxy(pod: PodName): Promise<void> {
    await this.#proxies.get(pod)?.stop();
    await this.#startProxy(pod, undefined);
  }

  async askMixer(path: string): Promise<unknown> {
    const { body, status, error } = await this.fetch("control", `http://${ADDRESSES.control}:${CONTROL_PLANE.mixerQuery}${path}`);
    if (status !== 200) throw new Error(`mixer answered ${status ?? error}: ${body}`);
    return JSON.parse(body ?? "");
  }

  proxyLines(pod: PodName): readonly string[] {
    return this.#proxies.get(pod)?.lines ?? [];
  }

  configure(name: string, text: string): void {
    writeFileSync(this.#temp.join("config", name), text);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((running) => running.stop()));
    await Promise.all(this.#processes.map((running) => running.stop()));
    this.network.remove();
    this.#temp.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #startControlPlane(dnsCapture: boolean): Promise<void> {
    const host = ADDRESSES.control;
    const root = this.#temp.join("citadel", "root-cert.pem");
    const common = { trustDomain: "cluster.local" };
    const own = (name: string): object => this.#identity(name, "fairlead-system", name);
    const settings = {
      citadel: {
        ...common,
        listenAddress: `${host}:${CONTROL_PLANE.citadel}`,
        monitoringAddress: `${host}:15014`,
        stateDirectory: this.#temp.join("citadel"),
        joinTokensFile: this.#temp.join("tokens.json"),
      },
      pilot: {
        ...common,
        listenAddress: `${host}:${CONTROL_PLANE.pilot}`,
        monitoringAddress: `${host}:15024`,
        configDirectory: this.#temp.join("config"),
        identity: own("pilot"),
      },
      mixer: {
        ...common,
        listenAddress: `${host}:${CONTROL_PLANE.mixer}`,
        queryAddress: `${host}:${CONTROL_PLANE.mixerQuery}`,
        monitoringAddress: `${host}:15034`,
        stateDirectory: this.#temp.join("mixer"),
        identity: own("mixer"),
      },
    };
    for (const pod of ["a", "b"] as const) this.#writeProxySettings(pod, dnsCapture);
    writeFileSync(this.#temp.join("tokens.json"), JSON.stringify(this.#tokens), { mode: 0o600 });
    const start = async (name: keyof typeof settings): Promise<TestProcess> => {
      const file = this.#temp.write(`${name}.json`, JSON.stringify(settings[name]));
      const running = await startProcess(this.network.inside("control", NODE, main(name), "--settings", file));
      this.#processes.push(running);
      return running;
    };
    await start("citadel");
    await until("citadel has written its root certificate", () => existsSync(root), { timeoutMs: 20_000 });
    // A folder of root's own that everybody has to read one file of.
    chmodSync(this.#temp.join("citadel"), 0o711);
    chmodSync(root, 0o644);
    await allOf([start("pilot").then((running) => void (this.#pilot = running)), start("mixer").then(() => undefined)]);
  }

  #startApplications(): readonly Promise<void>[] {
    return (["control", "a", "b", "outside"] as const).map(async (place) => {
      const RESOLVES = place === "outside" ? ADDRESSES.outside : undefined;
      const env = { NAME: place, CONTROL: this.#temp.join(`${place}.sock`), IS_SILENT: place === "control" ? "yes" : undefined, RESOLVES };
      const { command, args } = this.network.inside(place, NODE, "--conditions=@fairlead/source", APP);
      this.#processes.push(await startProcess({ command, args, env, isReady: ({ lines }) => lines.includes("ready") }));
    });
  }

  async #startProxy(pod: PodName, envoyPath: string | undefined): Promise<void> {
    const file = this.#temp.join(pod, "settings.json");
    const settings = JSON.parse(readFileSync(file, "utf8"));
    if (envoyPath !== undefined) writeFileSync(file, JSON.stringify({ ...settings, engine: "envoy", envoyPath }));
    const user = ["setpriv", `--reuid=${PROXY_USER}`, `--regid=${PROXY_USER}`, "--clear-groups"];
    const proxy = await startProcess({
      ...this.network.inside(pod, ...user, NODE, main("dataplane"), "--settings", file),
      // Another build of the engine than the one beside the proxy: to try a change without waiting for its release build.
      env: { NAPI_RS_NATIVE_LIBRARY_PATH: process.env["FAIRLEAD_E2E_ENGINE"] },
      isReady: async () => (await this.fetch(pod, "http://127.0.0.1:15000/ready")).status === 200,
      readyTimeoutMs: 30_000,
    });
    this.#proxies.set(pod, proxy);
  }

  #writeProxySettings(pod: PodName, dnsCapture: boolean): void {
    mkdirSync(this.#temp.join(pod));
    const settings = {
      type: "sidecar",
      name: pod,
      namespace: "default",
      serviceAccount: pod,
      labels: labelsOf(pod),
      addresses: [ADDRESSES[pod]],
      trustDomain: "cluster.local",
      interceptionMode: "REDIRECT",
      adminAddress: "127.0.0.1:15000",
      stateDirectory: this.#temp.join(pod, "state"),
      workers: 1,
      drainMs: 500,
      ...(dnsCapture ? { dnsCapture, dnsAutoAllocate: true } : {}),
      identity: this.#identity(pod, "default", pod),
      pilot: { address: `${ADDRESSES.control}:${CONTROL_PLANE.pilot}` },
      mixer: { address: `${ADDRESSES.control}:${CONTROL_PLANE.mixer}` },
    };
    this.#temp.write(`${pod}/settings.json`, JSON.stringify(settings));
    for (const name of ["", "settings.json", "token"]) chownSync(this.#temp.join(pod, name), PROXY_USER, PROXY_USER);
  }

  #identity(name: string, namespace: string, serviceAccount: string): object {
    const token = randomBytes(32).toString("base64url");
    const tokenFile = this.#temp.write(`${name}/token`, token);
    this.#tokens.push({ tokenSha256: createHash("sha256").update(token).digest("hex"), namespace, serviceAccount });
    const citadelAddress = `${ADDRESSES.control}:${CONTROL_PLANE.citadel}`;
    return { citadelAddress, rootCertificateFile: this.#temp.join("citadel", "root-cert.pem"), tokenFile, namespace, serviceAccount };
  }

  #tell(place: Place, path: string, body: object): Promise<Readonly<Record<string, never>>> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.#temp.join(`${place}.sock`), path, method: "POST" }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      });
      call.on("error", reject);
      call.setTimeout(40_000, () => call.destroy(new Error(`the application of ${place} does not answer`)));
      call.end(JSON.stringify(body));
    });
  }
}

/** Both pods are endpoints of one service, in versions of their own. */
export function labelsOf(pod: PodName): Readonly<Record<string, string>> {
  return { app: "echo", version: pod === "a" ? "v1" : "v2", "security.istio.io/tlsMode": "istio" };
}

/** Waits for all of them even where one fails, so that whatever they start is known to whoever has to end it. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  for (const settled of await Promise.allSettled(promises)) if (settled.status === "rejected") throw settled.reason;
}
