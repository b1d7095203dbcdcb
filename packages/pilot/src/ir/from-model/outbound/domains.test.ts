import { expect, test } from "vitest";
import { DEFAULT_MESH_SETTINGS as mesh } from "../../../model/mesh-snapshot.ts";
import type { Service } from "../../../model/service.ts";
import { VISIBLE_EVERYWHERE } from "../../../model/visibility.ts";
import { domainsOf } from "./domains.ts";

function service(hostname: string, addresses: readonly string[] = []): Service {
  return {
    key: `default/${hostname}`,
    hostname,
    namespace: "default",
    addresses,
    ports: [],
    resolution: "static",
    location: "mesh",
    workloadSelector: undefined,
    subjectAltNames: [],
    visibility: VISIBLE_EVERYWHERE,
    origin: { kind: "ServiceEntry", namespace: "default", name: "x" },
  };
}

test("a service of the own namespace answers to all forms that a resolver would complete", () => {
  expect(domainsOf(service("reviews.default.svc.cluster.local"), { port: undefined, namespace: "default", mesh })).toEqual({
    own: ["reviews.default.svc.cluster.local"],
    aliases: ["reviews.default.svc.cluster.local.", "reviews", "reviews.default.svc", "reviews.default"],
  });
});

test("from another namespace the bare name means somebody else", () => {
  expect(domainsOf(service("reviews.default.svc.cluster.local"), { port: undefined, namespace: "other", mesh }).aliases).not.toContain(
    "reviews",
  );
});

test("where ports matter every form comes with and without", () => {
  expect(domainsOf(service("reviews.default.svc.cluster.local"), { port: 9080, namespace: "default", mesh }).aliases).toContain(
    "reviews:9080",
  );
});

test("addresses are names too, blocks of addresses are not", () => {
  expect(
    domainsOf(service("db.example.com", ["10.1.2.3", "10.2.0.0/16", "fd00::1"]), { port: 80, namespace: "default", mesh }).own,
  ).toEqual(["db.example.com", "db.example.com:80", "10.1.2.3", "10.1.2.3:80", "[fd00::1]", "[fd00::1]:80"]);
});

test("a name outside the cluster's domain has no short forms", () => {
  expect(domainsOf(service("api.example.com"), { port: undefined, namespace: "default", mesh }).aliases).toEqual(["api.example.com."]);
});
