import "reflect-metadata";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { Pkcs10CertificateRequest } from "@peculiar/x509";
import { describe, expect, it } from "vitest";
import { createCertificateRequest } from "./csr.ts";

describe("a request for a certificate", () => {
  it("proves that its sender has the key", async () => {
    const { csrPem } = await createCertificateRequest();
    expect(await new Pkcs10CertificateRequest(csrPem).verify()).toBe(true);
  });

  it("names nobody: who it is for, Citadel writes", async () => {
    const request = new Pkcs10CertificateRequest((await createCertificateRequest()).csrPem);
    expect([request.subject, request.attributes, request.extensions]).toEqual(["", [], []]);
  });

  it("is for a new P-256 key, which comes with it", async () => {
    const { csrPem, privateKeyPem } = await createCertificateRequest();
    const key = createPrivateKey(privateKeyPem.reveal());
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    const spki = createPublicKey(key).export({ type: "spki", format: "der" });
    expect(Buffer.from(new Pkcs10CertificateRequest(csrPem).publicKey.rawData)).toEqual(spki);
    expect((await createCertificateRequest()).privateKeyPem.reveal()).not.toBe(privateKeyPem.reveal());
  });
});
