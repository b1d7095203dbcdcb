import { expect, test } from "vitest";
import { DEFAULT_MESH_SETTINGS as mesh } from "../../../model/mesh-snapshot.ts";
import type { Service } from "../../../model/service.ts";
import { VISIBLE_EVERYWHERE } from "../../../model/visibility.ts";
import type { View } from "../shared/view.ts";
import { domainsOf } from "./domains.ts";

function service(hostname: string, addresses: readonly string[] = []): Service {
  return {
    key: `default/${hostname}`,
    hostname,
    namespace: "default",
    addresses,
    autoAddresses: { ipv4: "240.240.0.9", ipv6: "2001:2::f0f0:9" },
    ports: [],
    resolution: "static",
    location: "mesh",
    workloadSelector: undefined,
    subjectAltNames: [],
    visibility: VISIBLE_EVERYWHERE,
    origin: { kind: "ServiceEntry", namespace: "default", name: "x" },
  };
}

const viewIn = (namespace: string, autoAddresses?: View["autoAddresses"]): View => ({
  namespace,
  labels: {},
  locality: undefined,
  autoAddresses,
});

const ownNames = (view: View) => domainsOf(service("db.example.com"), { port: undefined, view, mesh }).own;

test("a host without an address answers to the one that its clients are told, and to none where they are told none", () => {
  expect(ownNames(viewIn("default"))).toEqual(["db.example.com"]);
  expect(ownNames(viewIn("default", "ipv4"))).toEqual(["db.example.com", "240.240.0.9"]);
  expect(ownNames(viewIn("default", "ipv6"))).toEqual(["db.example.com", "[2001:2::f0f0:9]"]);
});

test("a service of the own namespace answers to all forms that a resolver would complete", () => {
  expect(domainsOf(service("reviews.default.svc.cluster.local"), { port: undefined, view: viewIn("default"), mesh })).toEqual({
    own: ["reviews.default.svc.cluster.local"],
    aliases: ["reviews.default.svc.cluster.local.", "reviews", "reviews.default.svc", "reviews.default"],
  });
});

test("from another namespace the bare name means somebody else", () => {
  expect(domainsOf(service("reviews.default.svc.cluster.local"), { port: undefined, view: viewIn("other"), mesh }).aliases).not.toContain(
    "reviews",
  );
});

test("where ports matter every form comes with and without", () => {
  expect(domainsOf(service("reviews.default.svc.cluster.local"), { port: 9080, view: viewIn("default"), mesh }).aliases).toContain(
    "reviews:9080",
  );
});

test("addresses are names too, blocks of addresses are not", () => {
  expect(
    domainsOf(service("db.example.com", ["10.1.2.3", "10.2.0.0/16", "fd00::1"]), { port: 80, view: viewIn("default"), mesh }).own,
  ).toEqual(["db.example.com", "db.example.com:80", "10.1.2.3", "10.1.2.3:80", "[fd00::1]", "[fd00::1]:80"]);
});

test("a name outside the cluster's domain has no short forms", () => {
  expect(domainsOf(service("api.example.com"), { port: undefined, view: viewIn("default"), mesh }).aliases).toEqual(["api.example.com."]);
});
