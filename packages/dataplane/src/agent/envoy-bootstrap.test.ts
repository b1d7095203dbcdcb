import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sidecarSettings } from "../testing/settings.ts";
import { toEnvoyBootstrap } from "./envoy-bootstrap.ts";

const ENVOY = process.env["FAIRLEAD_ENVOY"] ?? "envoy";
const hasEnvoy = spawnSync(ENVOY, ["--version"]).status === 0;
const envoySettings = (changes = {}) => sidecarSettings({ engine: "envoy", adminAddress: "127.0.0.1:15000", ...changes });
const socket = "/run/fairlead/sds.sock";
const apiType = (xds: string) => toEnvoyBootstrap(envoySettings({ xds }), socket)["dynamic_resources"];

describe("the bootstrap of a stock Envoy", () => {
  it("stands for the same node as our own engine would", () => {
    expect(toEnvoyBootstrap(envoySettings(), socket)).toMatchObject({
      node: { id: "sidecar~127.0.10.11~reviews-v1.default~default.svc.cluster.local", metadata: { HTTP_PROXY_PORT: "15080" } },
      admin: { address: { socket_address: { address: "127.0.0.1", port_value: 15000 } } },
    });
  });

  it("asks for the protocol that the settings name", () => {
    expect(apiType("delta")).toMatchObject({ ads_config: { api_type: "DELTA_GRPC" } });
    expect(apiType("sotw")).toMatchObject({ ads_config: { api_type: "GRPC" } });
  });

  it("believes nobody but Pilot to be its xds server", () => {
    const text = JSON.stringify(toEnvoyBootstrap(envoySettings(), socket));
    expect(text).toContain(
      '"match_typed_subject_alt_names":[{"san_type":"URI","matcher":{"exact":"spiffe://cluster.local/ns/fairlead-system/sa/pilot"}}]',
    );
  });

  it("speaks plaintext to Pilot only when told to", () => {
    const insecure = JSON.stringify(toEnvoyBootstrap(envoySettings({ pilot: { address: "pilot:15010", insecure: true } }), socket));
    expect(insecure).not.toContain("UpstreamTlsContext");
    expect(insecure).toContain("STRICT_DNS");
  });

  // Needs the program itself; where it is not installed the suites with real proxies cover it.
  it.skipIf(!hasEnvoy)("is accepted by Envoy without a warning", () => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-envoy-"));
    try {
      for (const changes of [{}, { xds: "sotw" }, { pilot: { address: "127.0.0.1:15010", insecure: true } }]) {
        const path = join(directory, "bootstrap.json");
        writeFileSync(path, JSON.stringify(toEnvoyBootstrap(envoySettings(changes), socket)));
        const output = execFileSync(ENVOY, ["--mode", "validate", "--log-level", "warning", "-c", path], {
          encoding: "utf8",
          stdio: "pipe",
        });
        expect(output).toContain("OK");
        expect(output).not.toMatch(/\[warning\]|deprecated/);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
