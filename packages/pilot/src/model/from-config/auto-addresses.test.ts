import { expect, test } from "vitest";
import type { Service } from "../service.ts";
import { VISIBLE_EVERYWHERE } from "../visibility.ts";
import { allocateAddresses, MAX_AUTO_ADDRESSES } from "./auto-addresses.ts";

function service(hostname: string, fields: Partial<Service> = {}): Service {
  return {
    key: `default/${hostname}`,
    hostname,
    namespace: "default",
    addresses: [],
    autoAddresses: undefined,
    ports: [],
    resolution: "dns",
    location: "external",
    workloadSelector: undefined,
    subjectAltNames: [],
    visibility: VISIBLE_EVERYWHERE,
    origin: { kind: "ServiceEntry", namespace: "default", name: "x" },
    ...fields,
  };
}

function allocate(...services: readonly Service[]): ReadonlyMap<string, string | undefined> {
  const allocated = allocateAddresses(new Map(services.map((each) => [each.key, each])));
  return new Map([...allocated.values()].map(({ hostname, autoAddresses }) => [hostname, autoAddresses?.ipv4]));
}

/** Hosts by number, of which some want the same place. */
const many = (count: number): readonly Service[] => Array.from({ length: count }, (_, index) => service(`h${index}.example.com`));

test("a host without an address gets one that is nobody's outside", () => {
  const allocated = allocateAddresses(new Map([["default/a.example.com", service("a.example.com")]]));
  const [{ autoAddresses } = service("")] = allocated.values();
  expect(autoAddresses?.ipv4).toMatch(/^240\.240\.\d+\.\d+$/);
  expect(autoAddresses?.ipv6).toMatch(/^2001:2::f0f0:[0-9a-f]{1,4}$/);
});

test("wildcards, hosts with addresses, and hosts whose connections go where clients want them to get none", () => {
  const none = [
    service("*.example.com"),
    service("with.example.com", { addresses: ["10.0.0.1"] }),
    service("none.example.com", { resolution: "none" }),
  ];
  expect([...allocate(...none).values()]).toEqual([undefined, undefined, undefined]);
});

test("the order of definition does not count, nor what else is there, but for who wants the same address", () => {
  const services = many(2_000);
  const all = allocate(...services);
  expect(allocate(...services.toReversed())).toEqual(new Map([...all].toReversed()));
  expect(new Set(all.values()).size).toBe(services.length);
  const alone = services.filter((each) => allocate(each).get(each.hostname) === all.get(each.hostname));
  expect(alone.length).toBeGreaterThan(services.length * 0.95);
});

test("no address begins or ends its block, and one that somebody has written down is left to it", () => {
  const found = allocate(...many(5_000));
  for (const address of found.values()) expect(Number(address?.split(".")[3])).toSatisfy((last: number) => last >= 1 && last <= 254);
  const wanted = allocate(service("a.example.com")).get("a.example.com") ?? "";
  const both = allocate(service("a.example.com"), service("fixed.example.com", { addresses: [wanted] }));
  expect(both.get("a.example.com")).not.toBe(wanted);
});

test("where addresses run out the others have none", () => {
  const found = [...allocate(...many(MAX_AUTO_ADDRESSES + 3)).values()];
  expect(found.filter((address) => address === undefined)).toHaveLength(3);
});

test("an unchanged service is the same object again", () => {
  const services = new Map([["default/a.example.com", service("a.example.com")]]);
  expect(allocateAddresses(services).get("default/a.example.com")).toBe(allocateAddresses(new Map(services)).get("default/a.example.com"));
});
