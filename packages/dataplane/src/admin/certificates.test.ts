import type { ProxyCertificates } from "@fairlead/api";
import type { Monitoring } from "@fairlead/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rotateCertificates } from "../certificates.ts";
import { createAgentServer } from "./certificates.ts";

const NONE: ProxyCertificates = { certificate: null };
const serial = (serialNumber: string): ProxyCertificates => ({
  certificate: { spiffeId: "spiffe://x/ns/a/sa/b", serialNumber, validFrom: "", validTo: "", remainingMs: 1, trustedRootFingerprints: [] },
});

let server: Monitoring;
let address: string;
let certificates: ProxyCertificates;
let rotate: () => Promise<void>;

beforeEach(async () => {
  certificates = NONE;
  rotate = () => rotateCertificates(undefined);
  server = createAgentServer("127.0.0.1:0", { certificates: () => certificates, rotateCertificates: () => rotate() });
  address = await server.listen();
});
afterEach(() => server.close());

const post = (init: RequestInit = {}): Promise<Response> => fetch(`${address}/rotate_certificates`, { method: "POST", ...init });

describe("the agent beside a stock Envoy", () => {
  it("is ready once it has a certificate", async () => {
    expect((await fetch(`${address}/readyz`)).status).toBe(503);
    certificates = serial("1");
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
  });

  it("replaces the certificate on demand, and answers the new one", async () => {
    certificates = serial("1");
    rotate = async () => void (certificates = serial("2"));
    expect(await (await post()).json()).toEqual(serial("2"));
    expect(await (await fetch(`${address}/certs`)).json()).toEqual(serial("2"));
  });

  it("says that there is nothing to replace while Citadel has not answered", async () => {
    const answer = await post();
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ error: "there is no certificate yet: citadel has not answered" });
  });

  it("answers no web page", async () => {
    expect((await post({ headers: { origin: "http://example.com" } })).status).toBe(403);
  });
});
