import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { codeOf } from "@fairlead/kit";
import { CliError } from "../cli-error.ts";

const processSchema = z.object({ pid: z.number().nullable() });

/** `<state directory>/mesh.json`: where a running mesh can be asked; what the other commands read. */
export const meshFileSchema = z.object({
  version: z.literal(1),
  /** Of `fairlead local` itself. */
  pid: z.number(),
  folder: z.string(),
  stateDirectory: z.string(),
  startedAt: z.string(),
  ready: z.boolean(),
  trustDomain: z.string(),
  citadel: processSchema.extend({ address: z.string(), monitoringAddress: z.string() }),
  pilot: processSchema.extend({ address: z.string(), monitoringAddress: z.string() }),
  mixer: processSchema.extend({ address: z.string(), queryAddress: z.string(), monitoringAddress: z.string() }),
  proxies: z.array(
    processSchema.extend({
      name: z.string(),
      namespace: z.string(),
      type: z.enum(["sidecar", "gateway"]),
      address: z.string(),
      adminAddress: z.string(),
      /** Of the agent beside a stock Envoy; null for a proxy of ours, whose admin address answers for it. */
      agentAddress: z.string().nullable(),
      httpProxyAddress: z.string().nullable(),
    }),
  ),
  applications: z.array(processSchema.extend({ name: z.string(), namespace: z.string(), address: z.string() })),
  /** Where to come in from outside, `http://127.0.0.1:8080`. */
  gatewayUrls: z.array(z.string()),
});

export type MeshFile = z.output<typeof meshFileSchema>;

const FILE_NAME = "mesh.json";

/** Where the state of local meshes is kept unless `--state` or FAIRLEAD_STATE says otherwise. */
export function defaultStateRoot(env: Readonly<Record<string, string | undefined>>): string {
  return join(homeOf(env), "local");
}

/** Where Node may keep compiled code: in the user's own folder, since whoever can write there can run code here. */
export function compileCache(env: Readonly<Record<string, string | undefined>>): string {
  return join(homeOf(env), "cache", "node");
}

function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  return join(env["HOME"] ?? homedir(), ".fairlead");
}

/** A state directory for a folder: its name for people, a part of a hash against mix-ups. */
export function defaultStateDirectory(folder: string, env: Readonly<Record<string, string | undefined>>): string {
  const path = resolve(folder);
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 8);
  return join(defaultStateRoot(env), `${basename(path)}-${hash}`);
}

/** Writes it at once: a reader sees the old or the new one, never half of it. */
export function writeMeshFile(mesh: MeshFile): void {
  mkdirSync(mesh.stateDirectory, { recursive: true, mode: 0o700 });
  const path = join(mesh.stateDirectory, FILE_NAME);
  writeFileSync(`${path}.new`, `${JSON.stringify(mesh, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeMeshFile(stateDirectory: string): void {
  rmSync(join(stateDirectory, FILE_NAME), { force: true });
}

/** The file of a state directory; undefined where there is none or it cannot be understood. */
export function readMeshFile(stateDirectory: string): MeshFile | undefined {
  try {
    const parsed = meshFileSchema.safeParse(JSON.parse(readFileSync(join(stateDirectory, FILE_NAME), "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Finds the mesh a command is about: the one named by `--state` or FAIRLEAD_STATE, else the only one that runs. */
export function findMesh(state: string | undefined, env: Readonly<Record<string, string | undefined>>): MeshFile {
  const named = state ?? (env["FAIRLEAD_STATE"] || undefined);
  if (named !== undefined) {
    const mesh = readMeshFile(resolve(named));
    if (mesh === undefined) throw new CliError(`no mesh runs in ${named}: there is no ${FILE_NAME}`, START_HINT);
    if (!isAlive(mesh.pid)) throw new CliError(`the mesh of ${named} does not run any more (process ${mesh.pid} is gone)`, START_HINT);
    return mesh;
  }
  const running = listMeshes(defaultStateRoot(env)).filter((mesh) => isAlive(mesh.pid));
  const [only, ...others] = running;
  if (only === undefined) throw new CliError("no mesh is running", START_HINT);
  if (others.length === 0) return only;
  const choices = running.map((mesh) => `  --state ${mesh.stateDirectory}   (${mesh.folder})`).join("\n");
  throw new CliError(`${running.length} meshes are running; say which one is meant:\n${choices}`);
}

const START_HINT = "start one with: fairlead local <folder> (or npm run demo)";

function listMeshes(root: string): readonly MeshFile[] {
  let names: readonly string[];
  try {
    names = readdirSync(root);
  } catch {
    return [];
  }
  return names.map((name) => readMeshFile(join(root, name))).filter((mesh) => mesh !== undefined);
}

/** Whether a process of that number exists (also where it belongs to someone else). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
