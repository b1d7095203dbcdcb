import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createLayout,
  createMixerClient,
  createPilotClient,
  LocalMesh,
  type MixerClient,
  type PilotClient,
  planMesh,
  readMeshFolder,
  type SettingsOptions,
} from "@fairlead/cli";
import { systemClock } from "@fairlead/kit";
import { createTempFolder, type TempFolder } from "@fairlead/testkit";
import { findFreeBlock } from "./address-block.ts";

const BOOKINFO = fileURLToPath(new URL("../../../samples/bookinfo", import.meta.url));

/** A mesh of real processes for a suite, apart from every other on the machine: its own folder, addresses and state. */
export interface TestMesh extends AsyncDisposable {
  readonly mesh: LocalMesh;
  /** Where requests come in, `http://127.0.57.10:8080`. */
  readonly gatewayUrl: string;
  readonly mixer: MixerClient;
  readonly pilot: PilotClient;
  /** Every line that any process wrote: `reviews-v1-proxy: …`. */
  readonly lines: readonly string[];
  /** Path of a file of configuration. */
  file(name: string): string;
  /** Changes a file as an editor does; `change` gets the text and must alter it. */
  edit(name: string, change: (text: string) => string): void;
  stop(): Promise<void>;
}

export interface TestMeshOptions {
  readonly settings?: SettingsOptions;
  /** Files of configuration beside or instead of the sample's, with the sample's addresses (127.0.10.x). */
  readonly files?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called before anything starts. */
  readonly onCreated?: (mesh: LocalMesh) => void;
}

/** Starts a copy of the bookinfo sample and waits until all of it is ready. */
export async function startBookinfo(options: TestMeshOptions = {}): Promise<TestMesh> {
  const temp = createTempFolder("fairlead-mesh-");
  const folder = temp.join("bookinfo", "mesh");
  cpSync(BOOKINFO, temp.join("bookinfo"), { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), text);
  const block = await findFreeBlock(Math.random);
  moveAddresses(folder, block);
  const planned = planMesh((await readMeshFolder(folder)).objects);
  if (!planned.ok) throw new Error(planned.error.join("\n"));
  const lines: string[] = [];
  const mesh = new LocalMesh({
    layout: createLayout({ folder, stateDirectory: temp.join("state"), workloads: planned.value }),
    settings: { ...standIn(process.env["FAIRLEAD_E2E_ENVOY"]), ...options.settings },
    env: process.env,
    clock: systemClock,
    random: Math.random,
    newToken: () => randomBytes(32).toString("base64url"),
    onLine: ({ child, text }) => lines.push(`${child.name}: ${text}`),
  });
  options.onCreated?.(mesh);
  try {
    await mesh.start(options.signal ?? new AbortController().signal);
  } catch (error) {
    await mesh.stop();
    temp.remove();
    throw error;
  }
  return toTestMesh({ mesh, temp, folder, lines });
}

/** With FAIRLEAD_E2E_ENVOY the suites run on stock Envoys, to tell a mistake of a proxy from one of its configuration. */
function standIn(envoyPath: string | undefined): SettingsOptions {
  return envoyPath === undefined ? {} : { proxyOf: () => ({ engine: "envoy", envoyPath }) };
}

function toTestMesh(parts: {
  readonly mesh: LocalMesh;
  readonly temp: TempFolder;
  readonly folder: string;
  readonly lines: readonly string[];
}): TestMesh {
  const { mesh, temp, folder, lines } = parts;
  const { gatewayUrls, mixer, pilot } = mesh.description;
  const stop = async (): Promise<void> => {
    await mesh.stop();
    temp.remove();
  };
  return {
    mesh,
    gatewayUrl: gatewayUrls[0] ?? "",
    mixer: createMixerClient(mixer.queryAddress),
    pilot: createPilotClient(pilot.monitoringAddress),
    lines,
    file: (name) => join(folder, name),
    edit(name, change) {
      const path = join(folder, name);
      const before = readFileSync(path, "utf8");
      const after = change(before);
      if (after === before) throw new Error(`nothing changes in ${name}`);
      writeFileSync(path, after);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The sample's addresses, moved into another block; the gateway leaves 127.0.0.1 with them. */
function moveAddresses(folder: string, block: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll("127.0.10.", `127.0.${block}.`).replaceAll("127.0.0.1", `127.0.${block}.10`));
  }
}
