import { createProxyAdminClient } from "@fairlead/cli";
import { until } from "@fairlead/testkit";
import type { TestMesh } from "../test-mesh.ts";

/** Something that happens to a mesh in its life; resolves when the mesh is whole again. */
export interface Disturbance {
  readonly name: string;
  readonly happen: (mesh: TestMesh) => Promise<void>;
}

const BACK_MS = 30_000;

/** All of them, in the order in which they happen again and again. */
export const DISTURBANCES: readonly Disturbance[] = [
  { name: "weights shifted", happen: shiftWeights },
  { name: "endpoint killed", happen: (mesh) => kill(mesh, "echo-v2") },
  { name: "header changed on a route", happen: changeHeader },
  { name: "Pilot killed", happen: (mesh) => kill(mesh, "pilot") },
  { name: "file broken and mended", happen: breakAndMend },
  { name: "certificates rotated", happen: rotateCertificates },
  { name: "Mixer killed", happen: (mesh) => kill(mesh, "mixer") },
  { name: "weights shifted", happen: shiftWeights },
  { name: "Citadel killed", happen: (mesh) => kill(mesh, "citadel") },
];

async function shiftWeights(mesh: TestMesh): Promise<void> {
  mesh.edit("routing.yaml", (text) => {
    const isShifted = text.includes("weight: 80");
    return isShifted
      ? text.replace("weight: 80", "weight: 100").replace("weight: 20", "weight: 0")
      : text.replace("weight: 100", "weight: 80").replace("weight: 0", "weight: 20");
  });
}

async function changeHeader(mesh: TestMesh): Promise<void> {
  const marked = /\n {6}headers: \{response: \{set: \{x-soak: "\d+"\}\}\}/;
  mesh.edit("gateway.yaml", (text) => {
    const [before = ""] = marked.exec(text) ?? [];
    const number = Number(/\d+/.exec(before)?.[0] ?? 0) + 1;
    return text
      .replace(marked, "")
      .replace("- name: productpage", `- name: productpage\n      headers: {response: {set: {x-soak: "${number}"}}}`);
  });
}

async function breakAndMend(mesh: TestMesh): Promise<void> {
  mesh.edit("security.yaml", (text) => `${text.trimEnd()}\n---\nkind: [\n`);
  const hasErrors = async (): Promise<boolean> => (await mesh.pilot.problems()).some(({ severity }) => severity === "error");
  await until("pilot reports the mistake", hasErrors, { timeoutMs: BACK_MS });
  mesh.edit("security.yaml", (text) => text.replace("\n---\nkind: [\n", "\n"));
  await until("the mistake is gone", async () => !(await hasErrors()), { timeoutMs: BACK_MS });
}

async function rotateCertificates(mesh: TestMesh): Promise<void> {
  const clients = mesh.mesh.description.proxies.map((proxy) => createProxyAdminClient(proxy));
  const serials = (): Promise<readonly (string | undefined)[]> =>
    Promise.all(clients.map(async (client) => (await client.certificates()).certificate?.serialNumber));
  const before = await serials();
  await Promise.all(clients.map((client) => client.rotateCertificates()));
  await until(
    "every proxy has a new certificate",
    async () => (await serials()).every((serial, index) => serial !== undefined && serial !== before[index]),
    { timeoutMs: BACK_MS },
  );
}

async function kill(mesh: TestMesh, name: string): Promise<void> {
  const child = mesh.mesh.child(name);
  const { pid } = child;
  child.signal("SIGKILL");
  await until(`${name} is another process and ready`, () => child.pid !== pid && child.state.value.kind === "ready", {
    timeoutMs: BACK_MS,
  });
}
