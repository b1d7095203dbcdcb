import { describeProblem } from "@fairlead/kit";
import { describe, expect, it } from "vitest";
import type { MeshObject } from "./config-object.ts";
import { readDocuments } from "./document.ts";
import { parse } from "./parse.ts";

/** What a person is told about a text: one line for each problem. */
function problemsOf(text: string): readonly string[] {
  const { documents, problems } = readDocuments(text, "a.yaml");
  const parsed = documents.map((document) => parse(document));
  return [...problems, ...parsed.flatMap((result) => (result.ok ? result.value.warnings : result.error))].map(describeProblem);
}

function objectOf(text: string): MeshObject {
  const [document] = readDocuments(text, "a.yaml").documents;
  if (document === undefined) throw new Error("no document");
  const result = parse(document);
  if (!result.ok) throw new Error(result.error.map(describeProblem).join("\n"));
  return result.value;
}

/** An object of a kind, with this spec in YAML flow style. */
function withSpec(kind: string, spec: string): string {
  const group = kind.endsWith("Authentication") || kind === "AuthorizationPolicy" ? "security" : "networking";
  const apiVersion = kind === "IstioOperator" ? "install.istio.io/v1alpha1" : `${group}.istio.io/v1`;
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: ${spec}\n`;
}

const route = "route: [{destination: {host: a}}]";

describe("a mistake", () => {
  const cases: readonly (readonly [what: string, kind: string, spec: string, told: string])[] = [
    ["an unknown field, with the one that was meant", "VirtualService", `{hosts: [a], http: [{macth: [], ${route}}]}`, 'macth: there is no such field; did you mean "match"?'],
    ["a field in snake case", "DestinationRule", "{host: a, traffic_policy: {}}", 'traffic_policy: there is no such field; did you mean "trafficPolicy"?'],
    ["a missing field", "DestinationRule", "{}", "host: is required"],
    ["a number in quotes", "VirtualService", '{hosts: [a], http: [{route: [{destination: {host: a, port: {number: "80"}}}]}]}', 'number: must be a number, got "80"; remove the quotes'],
    ["a bare number where text is meant", "WorkloadEntry", "{address: 10.0.0.1, labels: {version: 1}}", 'version: must be a text, got 1; put it in quotes: "1"'],
    ["an empty field", "VirtualService", `{hosts: [a], http: [{match: , ${route}}]}`, "match: must be a list, got nothing"],
    ["a port out of range", "ServiceEntry", "{hosts: [a.b], ports: [{number: 70000, name: x}]}", "number: must be at most 65535, got 70000"],
    ["a value that is none of the choices", "PeerAuthentication", "{mtls: {mode: Strict}}", 'mode: must be UNSET, DISABLE, PERMISSIVE or STRICT, got "Strict"; did you mean "STRICT"?'],
    ["a duration in words", "VirtualService", `{hosts: [a], http: [{timeout: 5 seconds, ${route}}]}`, 'timeout: "5 seconds" is no duration; write for example 500ms, 1.5s or 1h'],
    ["a duration below a millisecond", "DestinationRule", "{host: a, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 1us}}}}", 'connectTimeout: must be at least 1ms, got "1us"'],
    ["a URL for a host", "VirtualService", '{hosts: [a], http: [{route: [{destination: {host: "http://a:80/x"}}]}]}', 'host: "http://a:80/x": must be a host name; a wildcard "*" only as its leftmost label; write "a"'],
    ["a wildcard in the middle of a host", "DestinationRule", "{host: a.*.b}", 'host: "a.*.b": must be a host name; a wildcard "*" only as its leftmost label'],
    ["a regular expression that a proxy does not take", "VirtualService", `{hosts: [a], http: [{match: [{uri: {regex: "a(?=b)"}}], ${route}}]}`, 'regex: "a(?=b)" is no regular expression that all proxies take: look-around such as (?=…) or (?!…) is not supported'],
    ["two ways to compare", "VirtualService", `{hosts: [a], http: [{match: [{uri: {exact: /, prefix: /}}], ${route}}]}`, "prefix: exact and prefix exclude each other; keep one of exact, prefix, regex"],
    ["a rule that does nothing", "VirtualService", "{hosts: [a], http: [{timeout: 1s}]}", "http[0]: one of route, redirect, directResponse, delegate is required"],
    ["route beside redirect", "VirtualService", `{hosts: [a], http: [{redirect: {uri: /x}, ${route}}]}`, "redirect: route and redirect exclude each other; keep one of route, redirect, directResponse, delegate"],
    ["fault beside redirect", "VirtualService", "{hosts: [a], http: [{redirect: {uri: /x}, fault: {abort: {httpStatus: 500}}}]}", "fault: fault has no meaning together with redirect"],
    ["weights that leave nothing to choose", "VirtualService", "{hosts: [a], http: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]}", "route: all weights are 0, so nothing could be chosen; give at least one destination a weight"],
    ["a rewrite that changes nothing", "VirtualService", `{hosts: [a], http: [{rewrite: {}, ${route}}]}`, "rewrite: a rewrite has to change something; set uri, authority or uriRegexRewrite"],
    ["a prefix rewrite without a prefix", "VirtualService", "{hosts: [a], http: [{redirect: {prefixRewrite: /x}}]}", "prefixRewrite: prefixRewrite needs a match by uri prefix; use uri to replace the whole path"],
    ["a header with control characters", "VirtualService", `{hosts: [a], http: [{headers: {request: {set: {x: "a\\u0000"}}}, ${route}}]}`, "x: a header's value must not contain control characters"],
    ["a pseudo header to match on", "VirtualService", `{hosts: [a], http: [{match: [{headers: {":method": {exact: GET}}}], ${route}}]}`, '[":method"]: ":method" is no header to match on; use the field method of the match'],
    ["an unknown condition to retry on", "VirtualService", `{hosts: [a], http: [{retries: {attempts: 1, retryOn: "5xx,timeout"}, ${route}}]}`, 'retryOn: "timeout" is no condition to retry on; conditions are'],
    ["a percentage above 100", "VirtualService", `{hosts: [a], http: [{fault: {abort: {httpStatus: 500, percentage: {value: 120}}}, ${route}}]}`, "value: must be at most 100, got 120"],
    ["a catch-all host for sidecars", "VirtualService", `{hosts: ["*"], http: [{${route}}]}`, 'hosts[0]: host "*" is for gateways only: here it would take over all traffic of the mesh; name a gateway in gateways'],
    ["a server name that is no host of the rule", "VirtualService", "{hosts: [a.example.com], tls: [{match: [{sniHosts: [b.example.com]}], route: [{destination: {host: a}}]}]}", 'sniHosts[0]: server name "b.example.com" is none of the hosts'],
    ["two subsets of one name", "DestinationRule", "{host: a, subsets: [{name: v1}, {name: v1}]}", 'name: another subset is called "v1" already'],
    ["two ways to hash", "DestinationRule", "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x, useSourceIp: true}}}}", "useSourceIp: httpHeaderName and useSourceIp exclude each other"],
    ["a table size that is no prime", "DestinationRule", "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 100}}}}}", "tableSize: must be a prime number, got 100"],
    ["mutual TLS without a certificate", "DestinationRule", "{host: a, trafficPolicy: {tls: {mode: MUTUAL, privateKey: /k}}}", "clientCertificate: mode MUTUAL needs clientCertificate"],
    ["an HTTPS server without TLS settings", "Gateway", "{servers: [{port: {number: 443, protocol: HTTPS, name: x}, hosts: ['*']}]}", "tls: protocol HTTPS needs tls; say tls.mode and where the certificate is"],
    ["a protocol that does not exist", "Gateway", "{servers: [{port: {number: 80, protocol: HTP, name: x}, hosts: ['*']}]}", 'protocol: "HTP" is no protocol; protocols are'],
    ["a service without hosts", "ServiceEntry", "{hosts: []}", "hosts: must not be empty; fill it or leave it out"],
    ["endpoints beside a selector", "ServiceEntry", "{hosts: [a.b], resolution: STATIC, endpoints: [{address: 1.2.3.4}], workloadSelector: {labels: {a: b}}}", "workloadSelector: endpoints and workloadSelector exclude each other; keep one of them"],
    ["a name where an address is needed", "ServiceEntry", "{hosts: [a.b], resolution: STATIC, endpoints: [{address: a.example.com}]}", 'address: resolution STATIC needs an IP address, got "a.example.com"; use DNS for host names'],
    ["a wildcard to resolve", "ServiceEntry", '{hosts: ["*.a.b"], resolution: DNS}', "resolution: resolution DNS cannot resolve a wildcard; name full hosts, or endpoints"],
    ["a port mapping to no port", "ServiceEntry", "{hosts: [a.b], resolution: STATIC, ports: [{number: 80, name: http}], endpoints: [{address: 1.2.3.4, ports: {htp: 8080}}]}", 'htp: no port of the service is called "htp"'],
    ["a workload without address", "WorkloadEntry", "{}", "address: is required; give the IP address of the workload"],
    ["ports without a selector", "PeerAuthentication", "{portLevelMtls: {8080: {mode: DISABLE}}}", "portLevelMtls: portLevelMtls needs a selector: ports belong to workloads; add selector.matchLabels"],
    ["a claim to route by in sidecars", "VirtualService", `{hosts: [a], http: [{match: [{headers: {"@request.auth.claims.x": {exact: y}}}], ${route}}]}`, '["@request.auth.claims.x"]: only gateways route by what is in tokens; name a gateway in gateways'],
    ["a claim without a name", "VirtualService", `{hosts: [a], gateways: [g], http: [{match: [{headers: {"@request.auth.claims[x": {exact: y}}}], ${route}}]}`, '["@request.auth.claims[x"]: "@request.auth.claims[x" names no claim; write'],
    ["tokens of nobody", "RequestAuthentication", "{jwtRules: [{jwks: '{\"keys\": []}'}]}", "issuer: issuer or jwksUri is required"],
    ["keys at no address", "RequestAuthentication", "{jwtRules: [{issuer: a, jwksUri: 'ftp://a/keys'}]}", 'jwksUri: "ftp://a/keys" is no address of keys; write for example https://accounts.example.com/jwks.json'],
    ["keys that are no key set", "RequestAuthentication", "{jwtRules: [{issuer: a, jwks: '{}'}]}", 'jwks: has no list of keys; write a JSON Web Key Set: {"keys": [...]}'],
    ["an empty list in a policy", "AuthorizationPolicy", "{rules: [{to: [{operation: {methods: []}}]}]}", "methods: must not be empty; fill it or leave it out"],
    ["an empty source in a policy", "AuthorizationPolicy", "{rules: [{from: [{source: {}}]}]}", "source: a source without any field matches everything"],
    ["an unknown attribute in a condition", "AuthorizationPolicy", "{rules: [{when: [{key: source.port, values: ['1']}]}]}", 'key: "source.port" is no attribute; attributes are'],
    ["a deny policy that denies nothing", "AuthorizationPolicy", "{action: DENY}", "rules: a DENY policy without rules never denies; write rules: [{}] to deny everything"],
    ["a path template with a wildcard inside", "AuthorizationPolicy", "{rules: [{to: [{operation: {paths: ['/a/{**}/{*}']}}]}]}", 'paths[0]: "/a/{**}/{*}" is no valid path template'],
  ]; // prettier-ignore

  it.each(cases)("is told: %s", (_what, kind, spec, told) => {
    const problems = problemsOf(withSpec(kind, spec));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^error: /);
    expect(problems[0]).toContain(`): ${told}`);
  });

  it("is told with file, line and path, and so are all others of the object, in order", () => {
    const text = [
      "# comment",
      "apiVersion: networking.istio.io/v1",
      "kind: VirtualService",
      "metadata:",
      "  name: reviews",
      "  namespace: shop",
      "spec:",
      "  hosts: [reviews]",
      "  http:",
      "  - name: one",
      "    timeout: soon",
      "    route:",
      "    - destination:",
      "        host: reviews",
      "        subest: v1",
    ].join("\n");
    expect(problemsOf(text)).toEqual([
      'error: VirtualService shop/reviews (a.yaml:11, spec.http[0].timeout): timeout: "soon" is no duration; write for example 500ms, 1.5s or 1h',
      'error: VirtualService shop/reviews (a.yaml:15, spec.http[0].route[0].destination.subest): subest: there is no such field; did you mean "subset"?',
    ]);
  });

  it("in the YAML itself is told with its line, and the other documents are read", () => {
    const text = `${withSpec("DestinationRule", "{host: a}")}---\na: [\n`;
    expect(readDocuments(text, "a.yaml").documents).toHaveLength(1);
    expect(problemsOf(text)[0]).toMatch(/^error: File a\.yaml \(a\.yaml:\d+\): cannot read this YAML: /);
  });

  it("such as nesting without end is told too", () => {
    expect(problemsOf("[".repeat(200_000))[0]).toMatch(/^error: File a\.yaml \(a\.yaml:1\): cannot read this YAML: /);
    expect(
      problemsOf("a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]")[0],
    ).toMatch(/excessive alias count/i);
  });

  it("in the kind is told with the kind that was meant", () => {
    expect(problemsOf("apiVersion: networking.istio.io/v1\nkind: VirtualServce\nmetadata: {name: x}")).toEqual([
      'error: VirtualServce default/x (a.yaml:2, kind): kind: there is no kind "VirtualServce" in "networking.istio.io"; did you mean "VirtualService"?',
    ]);
  });
});

describe("what is right in Istio but not done here", () => {
  it.each([
    [
      "Gateway",
      "{servers: [{port: {number: 443, protocol: HTTPS, name: x}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: c}}]}",
      "spec.servers[0].tls.credentialName",
    ],
    ["VirtualService", `{hosts: [a], http: [{corsPolicy: {allowOrigins: [{exact: b}]}, ${route}}]}`, "spec.http[0].corsPolicy"],
    [
      "DestinationRule",
      "{host: a, subsets: [{name: v1, trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: true}}}}]}",
      "spec.subsets[0].trafficPolicy.loadBalancer.localityLbSetting",
    ],
    ["ServiceEntry", '{hosts: ["*.a.b"], resolution: DYNAMIC_DNS}', "spec.resolution"],
    ["WorkloadEntry", "{address: 1.2.3.4, network: far}", "spec.network"],
    ["RequestAuthentication", "{jwtRules: [{issuer: a, jwks: '{\"keys\": []}'}, {issuer: b}]}", "spec.jwtRules[1]"],
    ["IstioOperator", "{meshConfig: {extensionProviders: [{name: x, zipkin: {}}]}}", "spec.meshConfig.extensionProviders[0].zipkin"],
    ["IstioOperator", "{meshConfig: {trustDomain: x}}", "spec.meshConfig.trustDomain"],
    ["IstioOperator", "{profile: demo}", "spec.profile"],
  ])("%s %s is read and warned about at %s", (kind, spec, path) => {
    const { warnings } = objectOf(withSpec(kind, spec));
    expect(warnings.map(({ severity, code, origin }) => ({ severity, code, path: origin.path }))).toEqual([
      { severity: "warning", code: "unsupported-field", path },
    ]);
  });

  it("is a warning for a whole kind too", () => {
    expect(problemsOf("apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: x}")).toEqual([
      "warning: EnvoyFilter default/x (a.yaml:2, kind): kind: EnvoyFilter is not supported by this version: the object has no effect",
    ]);
  });
});

describe("an object", () => {
  it("has its defaults, and durations in milliseconds", () => {
    const object = objectOf(withSpec("VirtualService", `{hosts: [a], http: [{timeout: 1m1.5s, ${route}}]}`));
    if (object.kind !== "VirtualService") throw new Error(object.kind);
    expect(object.namespace).toBe("default");
    expect(object.spec.http[0]).toMatchObject({ timeout: 61_500, match: [], mirrors: [] });
    expect(object.spec.gateways).toEqual([]);
  });

  it("knows the line of each of its fields, and of what is around a field that is not written", () => {
    const object = objectOf(
      "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: x}\nspec:\n  host: a\n  subsets:\n  - name: v1\n    labels:\n      version: v1\n",
    );
    expect(object.originOf(["spec", "subsets", 0, "labels", "version"])).toMatchObject({ line: 9, path: "spec.subsets[0].labels.version" });
    expect(object.originOf(["spec", "subsets", 0, "trafficPolicy"])).toMatchObject({ line: 7 });
    expect(object.origin).toEqual({ kind: "DestinationRule", namespace: "default", name: "x", file: "a.yaml", line: 1 });
  });

  it("may carry what a cluster adds to metadata and status", () => {
    const text = withSpec("DestinationRule", "{host: a}").replace("{name: x}", "{name: x, uid: u, generation: 1, managedFields: []}");
    expect(problemsOf(`${text}status: {}\n`)).toEqual([]);
  });
});
