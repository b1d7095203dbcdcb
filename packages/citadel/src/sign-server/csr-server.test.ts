import "reflect-metadata";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CITADEL, clientCredentials, isIdentity, obtainIdentity, type IdentityOptions } from "@fairlead/identity";
import { createLogger, systemClock } from "@fairlead/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Citadel, startCitadel } from "../app.ts";
import { requestWith } from "../testing/request.ts";

const TRUST_DOMAIN = "cluster.local";
const logger = createLogger({ component: "test", level: "silent" });
let directory: string;
let citadel: Citadel;

function sha256(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

async function start(ttlSeconds?: number): Promise<Citadel> {
  return startCitadel(
    {
      listenAddress: "127.0.0.1:0",
      monitoringAddress: "127.0.0.1:0",
      stateDirectory: join(directory, "ca"),
      trustDomain: TRUST_DOMAIN,
      joinTokensFile: join(directory, "tokens.json"),
      dnsNames: ["localhost"],
      ...(ttlSeconds === undefined ? {} : { workloadCertificateTtlSeconds: ttlSeconds }),
    },
    { clock: systemClock, logger },
  );
}

function identityOptions(overrides: Partial<IdentityOptions["settings"]> = {}, signal = new AbortController().signal): IdentityOptions {
  const settings = {
    citadelAddress: `127.0.0.1:${citadel.port}`,
    rootCertificateFile: join(directory, "ca", "root-cert.pem"),
    tokenFile: join(directory, "reviews.token"),
    namespace: "default",
    serviceAccount: "reviews",
    ...overrides,
  };
  return { settings, trustDomain: TRUST_DOMAIN, clock: systemClock, random: () => 0.5, logger, signal };
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "citadel-"));
  await writeFile(join(directory, "reviews.token"), "token-of-reviews\n");
  await writeFile(join(directory, "forged.token"), "token-of-nobody\n");
  await writeFile(
    join(directory, "tokens.json"),
    JSON.stringify([{ tokenSha256: sha256("token-of-reviews"), namespace: "default", serviceAccount: "reviews" }]),
  );
  citadel = await start();
});

afterEach(async () => {
  await citadel.close();
  await rm(directory, { recursive: true });
});

describe("a workload with its join token", () => {
  it("gets a certificate that names it and nobody else, for 24 hours", async () => {
    const identity = await obtainIdentity(identityOptions());
    identity.stop();
    const leaf = new X509Certificate(identity.certificate.value.certificateChainPem);
    expect(leaf.subjectAltName).toBe("URI:spiffe://cluster.local/ns/default/sa/reviews");
    expect(leaf.ca).toBe(false);
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBeGreaterThan(24 * 3600_000 - 5_000);
    const root = new X509Certificate(identity.certificate.value.trustBundlePem);
    expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
  });

  it("renews by its certificate, without the token", async () => {
    const identity = await obtainIdentity(identityOptions());
    const before = identity.certificate.value;
    await rm(join(directory, "reviews.token"));
    await identity.rotate();
    identity.stop();
    expect(identity.certificate.value.serialNumber).not.toBe(before.serialNumber);
    expect(identity.certificate.value.spiffeId).toBe(before.spiffeId);
  });

  it("keeps trusting and being trusted after citadel restarts with its state", async () => {
    const identity = await obtainIdentity(identityOptions());
    await citadel.close();
    citadel = await start();
    const restarted = await obtainIdentity(identityOptions());
    identity.stop();
    restarted.stop();
    expect(restarted.certificate.value.trustBundlePem).toBe(identity.certificate.value.trustBundlePem);
  });

  it("is not answered with the identity of another workload", async () => {
    const options = identityOptions({ serviceAccount: "ratings" }, AbortSignal.timeout(1_500));
    await expect(obtainIdentity(options)).rejects.toThrow(/TimeoutError|aborted due to timeout/);
  });
});

describe("the certificate API refuses", () => {
  it("a token that was never given out", async () => {
    await expect(requestWith(citadel.port, identityOptions(), { token: "token-of-nobody" })).rejects.toThrow(
      /UNAUTHENTICATED: unknown join token/,
    );
  });

  it("a caller without any proof, and says what to send", async () => {
    await expect(requestWith(citadel.port, identityOptions(), {})).rejects.toThrow(/no proof of identity: send a join token/);
  });

  it("what is no certificate request", async () => {
    await expect(requestWith(citadel.port, identityOptions(), { token: "token-of-reviews", csrPem: "hello" })).rejects.toThrow(
      /INVALID_ARGUMENT: csr/,
    );
  });

  it("a lifetime beyond 90 days", async () => {
    const request = requestWith(citadel.port, identityOptions(), { token: "token-of-reviews", ttlSeconds: 91 * 86_400 });
    await expect(request).rejects.toThrow(/validity_duration must be at most 7776000 seconds/);
  });

  it("names inside the request: the identity comes from the token alone", async () => {
    const chain = await requestWith(citadel.port, identityOptions(), {
      token: "token-of-reviews",
      wishedName: "spiffe://cluster.local/ns/default/sa/admin",
    });
    expect(new X509Certificate(chain[0] ?? "").subjectAltName).toBe("URI:spiffe://cluster.local/ns/default/sa/reviews");
  });
});

describe("citadel's own side", () => {
  it("keeps its key readable by its owner only", async () => {
    expect((await stat(join(directory, "ca", "ca-key.pem"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, "ca", "root-cert.pem"), "utf8")).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  it("is refused by a client that expects someone else", async () => {
    const identity = await obtainIdentity(identityOptions());
    identity.stop();
    const credentials = clientCredentials(
      identity.certificate,
      isIdentity({ trustDomain: TRUST_DOMAIN, namespace: CITADEL.namespace, serviceAccount: "pilot" }),
    );
    await expect(requestWith(citadel.port, identityOptions(), { credentials })).rejects.toThrow(
      /not who it should be|No connection established|UNAVAILABLE/,
    );
  });
});
