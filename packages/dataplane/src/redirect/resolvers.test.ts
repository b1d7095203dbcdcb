import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "@fairlead/kit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withResolvers } from "./resolvers.ts";
import { redirectSettingsSchema } from "./settings.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-resolvers-"));
  path = join(directory, "resolv.conf");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function serversFor(settings: object): readonly string[] | undefined {
  return withResolvers(parseSettings(redirectSettingsSchema, settings, "the test"), path).dnsServers;
}

test("the pod's resolvers are those of its file", () => {
  writeFileSync(
    path,
    "search default.svc.cluster.local\nnameserver 10.96.0.10\n# nameserver 192.0.2.1\nnameserver fd00::a\nnameserver fe80::1%eth0\n",
  );
  expect(serversFor({ dnsCapture: true })).toEqual(["10.96.0.10", "fd00::a"]);
});

test("the file is not asked where the settings say which, or all, or none", () => {
  expect(serversFor({ dnsCapture: true, dnsServers: ["10.0.0.1"] })).toEqual(["10.0.0.1"]);
  expect(serversFor({ dnsCapture: true, captureAllDns: true })).toBeUndefined();
  expect(serversFor({})).toBeUndefined();
});

test("a pod without resolvers is told what to do", () => {
  expect(() => serversFor({ dnsCapture: true })).toThrow(
    /cannot read the pod's resolvers from .*resolv\.conf: .*; set dnsServers, or captureAllDns/,
  );
  writeFileSync(path, "search default.svc.cluster.local\n");
  expect(() => serversFor({ dnsCapture: true })).toThrow(/names no resolver whose questions to redirect: set dnsServers, or captureAllDns/);
});
