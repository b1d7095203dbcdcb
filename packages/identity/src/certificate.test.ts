import { describe, expect, it } from "vitest";
import { spiffeIdOfSubjectAltName } from "./certificate.ts";

describe("the SPIFFE ID of a certificate", () => {
  it("is its one URI name", () => {
    const id = spiffeIdOfSubjectAltName("DNS:localhost, URI:spiffe://cluster.local/ns/default/sa/reviews, IP Address:127.0.0.1");
    expect(id).toEqual({ ok: true, value: { trustDomain: "cluster.local", namespace: "default", serviceAccount: "reviews" } });
  });

  it("is refused where there are two URI names", () => {
    const names = "URI:spiffe://cluster.local/ns/default/sa/a, URI:spiffe://cluster.local/ns/default/sa/b";
    expect(spiffeIdOfSubjectAltName(names)).toEqual({ ok: false, error: "certificate carries 2 URI names, an X509-SVID has exactly one" });
  });

  it("cannot be smuggled in through another kind of name", () => {
    const names = 'DNS:"x, URI:spiffe://cluster.local/ns/default/sa/admin", URI:spiffe://cluster.local/ns/default/sa/guest';
    expect(spiffeIdOfSubjectAltName(names)).toMatchObject({ ok: true, value: { serviceAccount: "guest" } });
  });

  it.each([
    ["no name at all", undefined],
    ["an empty path", "URI:spiffe://cluster.local"],
    ["another path layout", "URI:spiffe://cluster.local/workload/reviews"],
    ["a namespace that is none", "URI:spiffe://cluster.local/ns/De_fault/sa/x"],
    ["another scheme", "URI:https://cluster.local/ns/default/sa/x"],
  ])("is refused for %s", (_what, names) => {
    expect(spiffeIdOfSubjectAltName(names).ok).toBe(false);
  });
});
