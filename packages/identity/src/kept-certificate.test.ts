import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, FakeClock, formatSpiffeId } from "@fairlead/kit";
import { createTestAuthority } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Certificate, parseLeaf } from "./certificate.ts";
import { createKeptCertificate, type KeptCertificate } from "./kept-certificate.ts";

const REVIEWS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "reviews" };

let folder: string;
let path: string;
let clock: FakeClock;
let certificate: Certificate;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-identity-"));
  path = join(folder, "state", "certificate.json");
  clock = new FakeClock();
  certificate = await issue();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function issue(): Promise<Certificate> {
  const { value } = await (await createTestAuthority()).issue(REVIEWS);
  const leaf = parseLeaf(value.certificateChainPem);
  if (!leaf.ok) throw new Error(leaf.error);
  return { ...leaf.value, ...value };
}

function keptBy(owner = REVIEWS): KeptCertificate {
  return createKeptCertificate({
    path,
    spiffeId: formatSpiffeId(owner),
    clock,
    logger: createLogger({ component: "test", level: "silent" }),
  });
}

describe("a certificate that is kept on disk", () => {
  it("is there again after a restart, with its key", async () => {
    await keptBy().save(certificate);
    const loaded = await keptBy().load();
    expect(loaded).toEqual(certificate);
    expect(loaded?.privateKeyPem.reveal()).toBe(certificate.privateKeyPem.reveal());
  });

  it("is for this user alone", async () => {
    await keptBy().save(certificate);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "state")).mode & 0o777).toBe(0o700);
  });

  it("is nothing where nothing was kept", async () => {
    expect(await keptBy().load()).toBeUndefined();
  });

  it.each([
    ["others may read it", async () => chmodSync(path, 0o640)],
    ["it is damaged", async () => writeFileSync(path, readFileSync(path).subarray(0, 500))],
    ["it has expired", () => clock.advance(certificate.notAfterMs - clock.now())],
  ])("is not used where %s", async (_why, spoil) => {
    await keptBy().save(certificate);
    await spoil();
    expect(await keptBy().load()).toBeUndefined();
  });

  it("is not used by another workload", async () => {
    await keptBy().save(certificate);
    expect(await keptBy({ ...REVIEWS, serviceAccount: "ratings" }).load()).toBeUndefined();
  });

  it("is not used with a key that is not its own", async () => {
    await keptBy().save({ ...certificate, privateKeyPem: (await issue()).privateKeyPem });
    expect(await keptBy().load()).toBeUndefined();
  });

  it("does not end a process that cannot keep it", async () => {
    writeFileSync(join(folder, "state"), "a file in the way");
    await keptBy().save(certificate);
    expect(await keptBy().load()).toBeUndefined();
  });
});
