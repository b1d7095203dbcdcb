import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Problem, systemClock } from "@fairlead/kit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createScreen } from "../render/screen.ts";
import { watchConfiguration } from "./configuration-watch.ts";
import type { MeshFile } from "./mesh-file.ts";

const MISTAKE: Problem = {
  severity: "error",
  code: "wrong-type",
  message: "weight: must be a number",
  origin: {
    kind: "VirtualService",
    namespace: "default",
    name: "reviews",
    file: "routing.yaml",
    line: 29,
    path: "spec.http[1].route[0].weight",
  },
};

let folder: string;
let problems: readonly Problem[];
let printed: string;
let pilot: Server;
let end: AbortController;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-watch-"));
  problems = [];
  printed = "";
  end = new AbortController();
  pilot = createServer((request, response) =>
    response.end(
      JSON.stringify(request.url === "/api/v1/problems" ? { problems } : { proxies: [{ state: "synced" }, { state: "synced" }] }),
    ),
  );
  await new Promise<void>((resolve) => pilot.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  end.abort();
  pilot.close();
  rmSync(folder, { recursive: true, force: true });
});

function watchIt(known: readonly Problem[] = []): Promise<void> {
  const address = `127.0.0.1:${(pilot.address() as AddressInfo).port}`;
  const component = { pid: null, address, monitoringAddress: address };
  const mesh: MeshFile = {
    version: 1,
    pid: 1,
    folder,
    stateDirectory: folder,
    startedAt: "",
    ready: true,
    trustDomain: "",
    citadel: component,
    pilot: component,
    mixer: { ...component, queryAddress: "" },
    proxies: [],
    applications: [],
    gatewayUrls: [],
  };
  const screen = createScreen({ write: (text) => (printed += text) }, {});
  return watchConfiguration(mesh, { screen, clock: systemClock, signal: end.signal, known });
}

test("a new problem is told once with file, line and field, and so is that it is mended", async () => {
  const watching = watchIt();
  problems = [MISTAKE];
  await expect
    .poll(() => printed, { timeout: 5_000 })
    .toContain("✗ VirtualService default/reviews (routing.yaml:29, spec.http[1].route[0].weight): weight: must be a number");
  problems = [];
  await expect.poll(() => printed, { timeout: 5_000 }).toContain("✓ VirtualService default/reviews (routing.yaml) is good again");
  expect(printed.match(/must be a number/g)).toHaveLength(1);
  end.abort();
  await watching;
});

test("a file that was saved is told of when all proxies are in sync", async () => {
  const watching = watchIt();
  writeFileSync(join(folder, "routing.yaml"), "a: 1\n");
  await expect.poll(() => printed, { timeout: 5_000 }).toContain("✓ routing.yaml saved: all 2 proxies in sync");
  end.abort();
  await watching;
});
