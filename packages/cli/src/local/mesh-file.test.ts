import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProxy } from "../clients/proxy-admin.ts";
import { defaultStateDirectory, findMesh, type MeshFile, readMeshFile, removeMeshFile, writeMeshFile } from "./mesh-file.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fairlead-home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A number that no process has: beyond Linux's largest. */
const DEAD_PID = 4_194_305;

function mesh(changes: Partial<MeshFile> = {}): MeshFile {
  const component = { pid: 1, address: "127.0.10.1:1", monitoringAddress: "127.0.10.1:15014" };
  return {
    version: 1,
    pid: process.pid,
    folder: "/mesh",
    stateDirectory: join(home, ".fairlead", "local", "mesh-1"),
    startedAt: "2026-01-01T00:00:00.000Z",
    ready: true,
    trustDomain: "cluster.local",
    citadel: component,
    pilot: component,
    mixer: { ...component, queryAddress: "127.0.10.3:9090" },
    proxies: [],
    applications: [],
    gatewayUrls: [],
    ...changes,
  };
}

function proxy(name: string): MeshFile["proxies"][number] {
  return { pid: 1, name, namespace: "default", type: "sidecar", address: "", adminAddress: "", agentAddress: null, httpProxyAddress: null };
}

test("a mesh is described in a file that only its owner can read", () => {
  writeMeshFile(mesh());
  const path = join(mesh().stateDirectory, "mesh.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readMeshFile(mesh().stateDirectory)).toEqual(mesh());
  removeMeshFile(mesh().stateDirectory);
  expect(readMeshFile(mesh().stateDirectory)).toBeUndefined();
});

test("the only mesh that runs is found without being named", () => {
  writeMeshFile(mesh());
  writeMeshFile(mesh({ pid: DEAD_PID, stateDirectory: join(home, ".fairlead", "local", "dead") }));
  expect(findMesh(undefined, { HOME: home })).toEqual(mesh());
});

test("of several meshes one has to be named, by option or environment", () => {
  const second = mesh({ stateDirectory: join(home, ".fairlead", "local", "second") });
  writeMeshFile(mesh());
  writeMeshFile(second);
  expect(() => findMesh(undefined, { HOME: home })).toThrow(/2 meshes are running[\s\S]*--state .*second/);
  expect(findMesh(second.stateDirectory, { HOME: home })).toEqual(second);
  expect(findMesh(undefined, { HOME: home, FAIRLEAD_STATE: second.stateDirectory })).toEqual(second);
});

test("a mesh whose process is gone does not count as running", () => {
  const dead = mesh({ pid: DEAD_PID });
  writeMeshFile(dead);
  expect(() => findMesh(undefined, { HOME: home })).toThrow("no mesh is running");
  expect(() => findMesh(dead.stateDirectory, { HOME: home })).toThrow(`process ${DEAD_PID} is gone`);
});

test("folders of one name have state directories of their own", () => {
  const first = defaultStateDirectory("/a/mesh", { HOME: home });
  expect(first).toMatch(/\.fairlead\/local\/mesh-[0-9a-f]{8}$/);
  expect(first).not.toBe(defaultStateDirectory("/b/mesh", { HOME: home }));
});

test("a proxy is found by its name, its namespace and name, or a beginning that only one has", () => {
  const described = mesh({ proxies: [proxy("reviews-v1"), proxy("reviews-v2"), proxy("details-v1"), proxy("details-v1-canary")] });
  expect(findProxy(described, "details-v1").name).toBe("details-v1");
  expect(findProxy(described, "default/reviews-v2").name).toBe("reviews-v2");
  expect(findProxy(described, "details-v1-c").name).toBe("details-v1-canary");
  expect(() => findProxy(described, "reviews")).toThrow('"reviews" may be any of reviews-v1, reviews-v2');
  expect(() => findProxy(described, "nobody")).toThrow('there is no proxy "nobody"');
});
