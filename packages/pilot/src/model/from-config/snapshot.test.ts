import { createMemorySource, type MemorySource } from "@fairlead/sources";
import { describeProblem } from "@fairlead/kit";
import { describe, expect, it } from "vitest";
import type { EndpointSet } from "../endpoint.ts";
import type { MeshSnapshot } from "../mesh-snapshot.ts";
import { buildSnapshot, createSnapshotBuilder } from "./snapshot.ts";

/** An object in a line: `entry("ServiceEntry", "shop/a", "{…}")`. */
function yaml(kind: string, id: string, spec: string, annotations = "{}"): string {
  const [namespace, name] = id.split("/");
  const group = kind.endsWith("Authentication") || kind === "AuthorizationPolicy" ? "security" : "networking";
  const apiVersion = kind === "IstioOperator" ? "install.istio.io/v1alpha1" : `${group}.istio.io/v1`;
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}, annotations: ${annotations}}\nspec: ${spec}\n---\n`;
}

function snapshotOf(...objects: readonly string[]): MeshSnapshot {
  const source = createMemorySource({ "a.yaml": objects.join("") });
  expect(source.problems.filter(({ severity }) => severity === "error").map(describeProblem)).toEqual([]);
  return buildSnapshot(source.objects);
}

function first<Value>(values: Iterable<Value> | undefined): Value {
  for (const value of values ?? []) return value;
  throw new Error("nothing there");
}

function routed(id: string, exportTo: string): string {
  const route = "{route: [{destination: {host: a.shop.svc.cluster.local}}]}";
  return yaml("VirtualService", id, `{hosts: [a.shop.svc.cluster.local], exportTo: ${exportTo}, http: [${route}]}`);
}

function endpointsOf(snapshot: MeshSnapshot, name: string): EndpointSet | undefined {
  return snapshot.endpoints.get(`shop/${name}.shop.svc.cluster.local`);
}

describe("a service", () => {
  it("has a key, a port with the protocol its name tells, and its selected workloads as endpoints", () => {
    const snapshot = snapshotOf(
      yaml("ServiceEntry", "shop/a", "{hosts: [A.shop.svc.cluster.local], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http-web, targetPort: 8080}, {number: 90, name: admin}], workloadSelector: {labels: {app: a}}}"),
      yaml("WorkloadEntry", "shop/a1", "{address: 10.0.0.1, serviceAccount: sa, locality: eu/west, weight: 3, ports: {admin: 9999}, labels: {app: a, version: v2, security.istio.io/tlsMode: istio}}"),
      yaml("WorkloadEntry", "shop/b1", "{address: 10.0.0.2, labels: {app: b}}"),
      yaml("WorkloadEntry", "other/a2", "{address: 10.0.0.3, labels: {app: a}}"),
    ); // prettier-ignore
    const service = snapshot.services.get("shop/a.shop.svc.cluster.local");
    expect(service).toMatchObject({ location: "mesh", resolution: "static", workloadSelector: { app: "a" } });
    expect(service?.ports.map(({ number, protocol }) => [number, protocol])).toEqual([
      [80, "http"],
      [90, "auto"],
    ]);
    const endpoints = snapshot.endpoints.get("shop/a.shop.svc.cluster.local");
    expect(endpoints?.get(80)).toMatchObject([{ address: "10.0.0.1", port: 8080, weight: 3 }]);
    expect(endpoints?.get(90)).toMatchObject([{ address: "10.0.0.1", port: 9999 }]);
    expect(endpoints?.get(80)?.[0]?.workload).toMatchObject({
      spiffeId: "spiffe://cluster.local/ns/shop/sa/sa",
      canonicalService: "a",
      canonicalRevision: "v2",
      locality: { region: "eu", zone: "west", subzone: "" },
      speaksMeshTls: true,
    });
  });

  it("resolved by DNS without endpoints has its own name as endpoint", () => {
    const snapshot = snapshotOf(
      yaml(
        "ServiceEntry",
        "shop/a",
        "{hosts: [a.example.com, b.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}",
      ),
    );
    expect(snapshot.endpoints.get("shop/b.example.com")?.get(443)).toMatchObject([{ address: "b.example.com", port: 443 }]);
  });

  it("with endpoints written inside it has a workload for each", () => {
    const snapshot = snapshotOf(
      yaml(
        "ServiceEntry",
        "shop/a",
        "{hosts: [a.b], resolution: STATIC, ports: [{number: 80, name: http}], endpoints: [{address: 1.2.3.4, serviceAccount: x}, {address: 'unix:///run/a.sock'}]}",
      ),
    );
    const endpoints = snapshot.endpoints.get("shop/a.b")?.get(80) ?? [];
    expect(endpoints.map(({ address, port, workload }) => [address, port, workload.name, workload.canonicalService])).toEqual([
      ["1.2.3.4", 80, "a-0", "a"],
      ["unix:///run/a.sock", 0, "a-1", "a"],
    ]);
  });

  it("defined twice in a namespace is told, and the first counts", () => {
    const snapshot = snapshotOf(
      yaml("ServiceEntry", "shop/a", "{hosts: [a.b], resolution: NONE}"),
      yaml("ServiceEntry", "shop/b", "{hosts: [a.b], resolution: DNS}"),
    );
    expect(snapshot.services.get("shop/a.b")?.resolution).toBe("none");
    expect(snapshot.problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'conflicting-hosts: host "a.b" is defined already by ServiceEntry shop/a; the definition here has no effect',
    ]);
  });
});

describe("a routing rule", () => {
  const service = yaml(
    "ServiceEntry",
    "shop/a",
    "{hosts: [a.shop.svc.cluster.local], resolution: STATIC, ports: [{number: 80, name: http}]}",
  );

  it("has its short names completed and its defaults filled in", () => {
    const snapshot = snapshotOf(
      service,
      yaml("VirtualService", "shop/a", "{hosts: [A, x.example.com], exportTo: ['.', other], http: [{match: [{headers: {X-User: {}, Y: {exact: z}}, uri: {prefix: /p}}], route: [{destination: {host: a}}], mirrors: [{destination: {host: a}}], retries: {attempts: 3, retryOn: 'reset,503'}, timeout: 2s}]}"),
    ); // prettier-ignore
    const rule = first(snapshot.routingRules);
    expect(rule.hosts).toEqual(["a.shop.svc.cluster.local", "x.example.com"]);
    expect(rule.gateways).toEqual(["mesh"]);
    expect(rule.visibility).toEqual({ kind: "namespaces", namespaces: ["shop", "other"] });
    const http = first(rule.http);
    expect(http.matches[0]).toMatchObject({
      uri: { kind: "prefix", value: "/p" },
      headers: [
        { name: "x-user", match: { kind: "present" } },
        { name: "y", match: { kind: "exact", value: "z" } },
      ],
    });
    expect(http.action).toMatchObject({
      kind: "route",
      destinations: [{ weight: 100, destination: { host: "a.shop.svc.cluster.local" } }],
    });
    expect(http.retries).toMatchObject({
      attempts: 3,
      retryOn: ["reset", "retriable-status-codes"],
      retriableStatusCodes: [503],
      ignorePreviousHosts: true,
      backoffMs: 25,
    });
    expect(http).toMatchObject({ timeoutMs: 2000, mirrors: [{ percent: 100 }], origin: { path: "spec.http[0]", line: 9 } });
  });

  it("names gateways with their namespace, and keeps weights as written", () => {
    const snapshot = snapshotOf(
      service,
      yaml("Gateway", "edge/g", "{servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}"),
      yaml("VirtualService", "shop/a", "{hosts: ['*'], gateways: [edge/g], http: [{route: [{destination: {host: a}, weight: 1}, {destination: {host: a}, weight: 3}]}]}"),
    ); // prettier-ignore
    const rule = first(snapshot.routingRules);
    expect(rule.gateways).toEqual(["edge/g"]);
    const { action } = first(rule.http);
    expect(action.kind === "route" && action.destinations.map(({ weight }) => weight)).toEqual([1, 3]);
    expect(snapshot.problems).toEqual([]);
  });

  it("can redirect, answer by itself, rewrite and inject faults", () => {
    const snapshot = snapshotOf(
      service,
      yaml("VirtualService", "shop/a", "{hosts: [a], http: [{redirect: {uri: /x, derivePort: FROM_REQUEST_PORT}}, {directResponse: {status: 418, body: {string: tea}}}, {rewrite: {uri: /y}, fault: {delay: {fixedDelay: 3s, percentage: {value: 10}}, abort: {grpcStatus: UNAVAILABLE}}, route: [{destination: {host: a}}]}]}"),
    ); // prettier-ignore
    const [redirect, direct, faulty] = first(snapshot.routingRules).http;
    expect(redirect?.action).toMatchObject({ kind: "redirect", uri: "/x", port: "from-request", code: 301 });
    expect(direct?.action).toMatchObject({ kind: "direct-response", status: 418, body: Buffer.from("tea") });
    expect(faulty).toMatchObject({
      rewrite: { uri: "/y" },
      fault: { delay: { durationMs: 3000, percent: 10 }, abort: { kind: "grpc", status: 14, percent: 0 } },
    });
  });

  it("tells claims of tokens from headers", () => {
    const match =
      '{headers: {"@request.auth.claims.a.b": {exact: y}, X-A: {exact: z}}, withoutHeaders: {"@request.auth.claims[a][b.c]": {prefix: w}}}';
    const snapshot = snapshotOf(
      service,
      yaml("VirtualService", "shop/a", `{hosts: [a], gateways: [g], http: [{match: [${match}], route: [{destination: {host: a}}]}]}`),
    );
    expect(first(first(snapshot.routingRules).http).matches[0]).toMatchObject({
      headers: [{ name: "x-a" }],
      withoutHeaders: [],
      claims: [{ path: ["a", "b"], match: { kind: "exact", value: "y" } }],
      withoutClaims: [{ path: ["a", "b.c"], match: { kind: "prefix", value: "w" } }],
    });
  });

  it.each([
    [
      "an unknown host",
      "{hosts: [a], http: [{route: [{destination: {host: ax}}]}]}",
      "unknown-host",
      'did you mean "a.shop.svc.cluster.local"?',
    ],
    [
      "an unknown subset",
      "{hosts: [a], http: [{route: [{destination: {host: a, subset: v9}}]}]}",
      "unknown-subset",
      "add one with this subset",
    ],
    [
      "an unknown port",
      "{hosts: [a], http: [{route: [{destination: {host: a, port: {number: 81}}}]}]}",
      "unknown-port",
      "its ports are 80",
    ],
    ["an unknown gateway", "{hosts: [a], gateways: [g], http: [{route: [{destination: {host: a}}]}]}", "unknown-gateway", "own namespace"],
    [
      "an unknown host to mirror to",
      "{hosts: [a], http: [{route: [{destination: {host: a}}], mirror: {host: nowhere.example.com}}]}",
      "unknown-host",
      "add a ServiceEntry",
    ],
  ])("with %s is a problem", (_what, spec, code, hint) => {
    const { problems } = snapshotOf(service, yaml("VirtualService", "shop/a", spec));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code, severity: "error", origin: { kind: "VirtualService", file: "a.yaml" } });
    expect(problems[0]?.hint).toContain(hint);
  });

  it("for a host that has a rule already is a problem that names both, unless nobody sees both", () => {
    expect(snapshotOf(service, routed("shop/one", "[]"), routed("shop/two", "[]")).problems.map(describeProblem)).toEqual([
      'error: VirtualService shop/two (a.yaml:11): host "a.shop.svc.cluster.local" is routed already by VirtualService shop/one (a.yaml:6): the rules here have no effect in sidecars; write one VirtualService for the host',
    ]);
    expect(snapshotOf(service, routed("shop/one", "['.']"), routed("other/two", "['.']")).problems).toEqual([]);
  });
});

describe("traffic policies", () => {
  it("of one host and namespace are one, whose subsets are completed from the whole", () => {
    const snapshot = snapshotOf(
      yaml("DestinationRule", "shop/one", "{host: a, trafficPolicy: {loadBalancer: {simple: RANDOM}, connectionPool: {tcp: {maxConnections: 7}}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: ROUND_ROBIN}}]}, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}]}"),
      yaml("DestinationRule", "shop/two", "{host: a, subsets: [{name: v2, labels: {version: v2}}, {name: v1, labels: {}}], trafficPolicy: {}}"),
    ); // prettier-ignore
    expect(snapshot.trafficPolicies).toHaveLength(1);
    const policy = first(snapshot.trafficPolicies);
    expect(policy.host).toBe("a.shop.svc.cluster.local");
    expect(policy.origins).toHaveLength(2);
    const [v1, v2] = policy.subsets;
    expect(v1?.settings).toMatchObject({ loadBalancer: { kind: "least-request" }, connectionPool: { maxConnections: 7 } });
    expect(v1?.settings.byPort.get(80)).toMatchObject({ loadBalancer: { kind: "least-request" }, connectionPool: undefined });
    expect(v2?.settings.byPort.get(80)).toMatchObject({ loadBalancer: { kind: "round-robin" }, connectionPool: undefined });
    expect(snapshot.problems.map(({ code, origin }) => `${code} ${origin.name} ${origin.path}`)).toEqual([
      "conflicting-destination-rules two spec.trafficPolicy",
      "conflicting-destination-rules two spec.subsets[1]",
    ]);
  });
});

describe("an access policy", () => {
  const service = yaml(
    "ServiceEntry",
    "shop/a",
    "{hosts: [a.shop.svc.cluster.local], resolution: STATIC, ports: [{number: 80, name: http}]}",
  );

  it("has patterns for what is written with a star", () => {
    const snapshot = snapshotOf(
      yaml("AuthorizationPolicy", "shop/a", "{selector: {matchLabels: {app: a}}, rules: [{from: [{source: {serviceAccounts: [y]}}]}]}"),
      yaml("AuthorizationPolicy", "shop/b", "{action: DENY, rules: [{to: [{operation: {paths: ['/a*', '*b', '/x/{*}/y'], notMethods: [GET], ports: ['80']}}], when: [{key: 'request.headers[X-A]', values: ['*']}]}]}", '{istio.io/dry-run: "true"}'),
    ); // prettier-ignore
    const [a, b] = snapshot.accessPolicies;
    expect(a).toMatchObject({ action: "allow", selector: { app: "a" }, dryRun: false });
    expect(a?.rules[0]?.from[0]?.serviceAccounts).toEqual({ any: [{ kind: "exact", value: "shop/y" }], none: [] });
    expect(b).toMatchObject({ action: "deny", dryRun: true });
    expect(b?.rules[0]?.to[0]).toMatchObject({
      paths: {
        any: [
          { kind: "prefix", value: "/a" },
          { kind: "suffix", value: "b" },
          { kind: "template", value: "/x/{*}/y" },
        ],
      },
      methods: { any: [], none: [{ kind: "exact", value: "GET" }] },
      ports: { any: [80] },
    });
    expect(b?.rules[0]?.when[0]).toMatchObject({ key: { kind: "request-header", name: "x-a" }, values: { any: ["*"] } });
  });

  it("may have a service asked, or only mark; one that selects by reference is none here", () => {
    const snapshot = snapshotOf(
      yaml("IstioOperator", "istio-system/mesh", "{meshConfig: {extensionProviders: [{name: x, envoyExtAuthzGrpc: {service: shop/A.shop.svc.cluster.local, port: 80}}, {name: y, zipkin: {}}]}}"),
      service,
      yaml("AuthorizationPolicy", "shop/custom", "{action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {paths: [/a]}}]}]}"),
      yaml("AuthorizationPolicy", "shop/audit", "{action: AUDIT, rules: [{}]}"),
      yaml("AuthorizationPolicy", "shop/referring", "{targetRefs: [{kind: Service, name: a}], rules: [{}]}"),
    ); // prettier-ignore
    const [custom, audit, ...rest] = snapshot.accessPolicies;
    expect(custom).toMatchObject({ action: "custom", provider: "x", rules: [{ to: [{}] }] });
    expect(audit).toMatchObject({ action: "audit" });
    expect(rest).toEqual([]);
    expect(snapshot.authorizationProviders).toMatchObject([
      { name: "x", host: "a.shop.svc.cluster.local", namespace: "shop", port: 80, timeoutMs: 600_000, protocol: { kind: "grpc" } },
    ]);
    expect(snapshot.problems).toEqual([]);
  });

  it.each([
    ["{name: z, envoyExtAuthzGrpc: {service: a.shop.svc.cluster.local, port: 80}}", "unknown-provider"],
    ["{name: x, envoyExtAuthzGrpc: {service: a.shop.svc.cluster.local, port: 81}}", "unknown-host"],
    ["{name: x, envoyExtAuthzGrpc: {service: far/a.shop.svc.cluster.local, port: 80}}", "unknown-host"],
  ])("is told when nobody can be asked: %s", (provider, code) => {
    const snapshot = snapshotOf(
      yaml("IstioOperator", "istio-system/mesh", `{meshConfig: {extensionProviders: [${provider}]}}`),
      service,
      yaml("AuthorizationPolicy", "shop/custom", "{action: CUSTOM, provider: {name: x}, rules: [{}]}"),
    );
    expect(snapshot.problems.map((problem) => problem.code)).toEqual([code]);
  });

  it.each([
    ["request.auth.claims[a][b]", { kind: "request-claim", path: ["a", "b"] }],
    ["request.auth.audiences", { kind: "request-audience" }],
    ["request.headers[X-A]", { kind: "request-header", name: "x-a" }],
    ["experimental.envoy.filters.network.mysql_proxy[db.table]", { kind: "filter-metadata", filter: "envoy.filters.network.mysql_proxy", key: "db.table" }],
  ])("condition %s is an attribute of its kind", (key, expected) => {
    const snapshot = snapshotOf(yaml("AuthorizationPolicy", "shop/a", `{rules: [{when: [{key: "${key}", values: [x]}]}]}`));
    expect(snapshot.accessPolicies[0]?.rules[0]?.when[0]?.key).toEqual(expected);
  }); // prettier-ignore
});

describe("tokens of end users", () => {
  it("are verified with keys that are written, or fetched from where they are", () => {
    const rules = [
      `{issuer: a, jwks: '{"keys": []}', jwksUri: "https://a.example.com/keys"}`,
      `{issuer: b, jwksUri: "https://B.example.com/keys?x=y", timeout: 2s}`,
      `{issuer: c, jwksUri: "http://[::1]:8080/keys"}`,
      "{issuer: d}",
    ];
    const snapshot = snapshotOf(yaml("RequestAuthentication", "shop/a", `{jwtRules: [${rules.join(", ")}]}`));
    expect(snapshot.requestAuthentications[0]?.rules.map(({ keys }) => keys)).toEqual([
      { kind: "inline", jwks: '{"keys": []}' },
      { kind: "remote", uri: "https://B.example.com/keys?x=y", host: "b.example.com", port: 443, isTls: true, timeoutMs: 2_000 },
      { kind: "remote", uri: "http://[::1]:8080/keys", host: "::1", port: 8080, isTls: false, timeoutMs: 5_000 },
      { kind: "unknown" },
    ]);
  });

  it("are of no concern to policies that select by reference", () => {
    const snapshot = snapshotOf(yaml("RequestAuthentication", "shop/a", "{targetRef: {kind: Gateway, name: x}, jwtRules: [{issuer: a}]}"));
    expect(snapshot.requestAuthentications).toEqual([]);
  });
});

describe("the next snapshot", () => {
  const files = {
    "a.yaml": yaml(
      "ServiceEntry",
      "shop/a",
      "{hosts: [a.shop.svc.cluster.local], resolution: STATIC, ports: [{number: 80, name: http}], workloadSelector: {labels: {app: a}}}",
    ),
    "b.yaml": yaml(
      "ServiceEntry",
      "shop/b",
      "{hosts: [b.shop.svc.cluster.local], resolution: STATIC, ports: [{number: 80, name: http}], workloadSelector: {labels: {app: b}}}",
    ),
    "rules.yaml":
      yaml("VirtualService", "shop/a", "{hosts: [a], http: [{route: [{destination: {host: a}}]}]}") +
      yaml("DestinationRule", "shop/a", "{host: a, subsets: [{name: v1}]}") +
      yaml("AuthorizationPolicy", "shop/a", "{rules: [{}]}"),
    "workloads.yaml":
      yaml("WorkloadEntry", "shop/a1", "{address: 10.0.0.1, labels: {app: a}}") +
      yaml("WorkloadEntry", "shop/b1", "{address: 10.0.0.2, labels: {app: b}}"),
  };

  function both(change: (source: MemorySource) => void): readonly [MeshSnapshot, MeshSnapshot] {
    const source = createMemorySource(files);
    const builder = createSnapshotBuilder();
    const before = builder.build(source.objects);
    change(source);
    return [before, builder.build(source.objects)];
  }

  it("consists of the same objects when nothing changed", () => {
    const [before, after] = both(() => {});
    expect(after).toEqual(before);
    for (const part of Object.keys(before)) expect(Reflect.get(after, part)).toBe(Reflect.get(before, part));
  });

  it("has other endpoints only for the service whose workloads changed, and nothing else new", () => {
    const [before, after] = both((source) =>
      source.setFile("more.yaml", yaml("WorkloadEntry", "shop/b2", "{address: 10.0.0.3, labels: {app: b}}")),
    );
    expect(endpointsOf(after, "a")).toBe(endpointsOf(before, "a"));
    expect(endpointsOf(after, "b")).not.toBe(endpointsOf(before, "b"));
    expect(endpointsOf(after, "b")?.get(80)?.[1]).toBe(endpointsOf(before, "b")?.get(80)?.[0]);
    expect(after.services).toBe(before.services);
    expect(after.routingRules).toBe(before.routingRules);
    expect(after.trafficPolicies).toBe(before.trafficPolicies);
    expect(after.problems).toBe(before.problems);
  });

  it("keeps the policies of a file in which another object changed", () => {
    const [before, after] = both((source) => source.setFile("rules.yaml", files["rules.yaml"].replace("rules: [{}]", "rules: []")));
    expect(after.routingRules).toBe(before.routingRules);
    expect(after.trafficPolicies).toBe(before.trafficPolicies);
    expect(after.accessPolicies).not.toBe(before.accessPolicies);
  });
});
