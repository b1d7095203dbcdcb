import type { z } from "zod";
import { duplicates, exportTo } from "../schema/common.ts";
import { hostOrAddress } from "../schema/network.ts";
import { checked, type Finding, list, nonEmptyList, object } from "../schema/object.ts";
import type { UnsupportedField } from "../unsupported.ts";
import { routeDestination, weightFindings } from "./destination.ts";
import { httpRoute } from "./http-route.ts";
import { gatewayName, l4Match, tlsMatch } from "./match.ts";

const tlsRoute = checked(object({ match: nonEmptyList(tlsMatch), route: nonEmptyList(routeDestination) }), (route) =>
  weightFindings(route.route).map((finding) => ({ ...finding, path: ["route"] })),
);

const tcpRoute = checked(object({ match: list(l4Match), route: nonEmptyList(routeDestination) }), (route) =>
  weightFindings(route.route).map((finding) => ({ ...finding, path: ["route"] })),
);

const virtualServiceFields = object({
  hosts: list(hostOrAddress),
  gateways: list(gatewayName),
  http: list(httpRoute),
  tls: list(tlsRoute),
  tcp: list(tcpRoute),
  exportTo,
});

/** How requests and connections to some hosts are routed (networking.istio.io VirtualService). */
export const virtualServiceSchema = checked(virtualServiceFields, (spec) => [
  ...hostFindings(spec),
  ...ruleFindings(spec),
  ...sniFindings(spec),
  ...nameFindings(spec.http),
  ...claimFindings(spec),
]);

export type VirtualServiceSpec = z.output<typeof virtualServiceFields>;
type Spec = Pick<VirtualServiceSpec, "hosts" | "gateways" | "http" | "tls" | "tcp">;

/** What of the kind this version reads but does not do. */
export const virtualServiceUnsupported: readonly UnsupportedField[] = [
  { path: "http[].delegate", effect: "requests of this rule are answered with 503", hint: "write the delegate's rules here" },
  { path: "http[].corsPolicy", effect: "preflight requests reach the service" },
  { path: "http[].match[].statPrefix", effect: "no separate statistics are kept" },
  { path: "http[].retries.retryRemoteLocalities", effect: "a retry may go to any locality" },
  { path: "http[].fault.delay.exponentialDelay", effect: "no delay is injected", hint: "use fixedDelay" },
  { path: "http[].fault.abort.http2Error", effect: "no abort is injected", hint: "use httpStatus or grpcStatus" },
  { path: "tcp[].match[].sourceSubnet", effect: "the condition never matches" },
];

/** Only a delegate has no hosts, and a delegate has no gateways either. */
function hostFindings(spec: Spec): readonly Finding[] {
  const isForMesh = spec.gateways.length === 0 || spec.gateways.includes("mesh");
  return [
    ...(spec.hosts.length === 0 && spec.gateways.length > 0
      ? [{ code: "missing-field", message: "hosts must name at least one host", path: ["hosts"] }]
      : []),
    ...duplicates(spec.hosts).map(({ value, index }) => ({ message: `host "${value}" is there twice`, path: ["hosts", index] })),
    ...spec.hosts.flatMap((host, index) =>
      host === "*" && isForMesh
        ? [
            {
              message: 'host "*" is for gateways only: here it would take over all traffic of the mesh',
              hint: "name a gateway in gateways",
              path: ["hosts", index],
            },
          ]
        : [],
    ),
  ];
}

function ruleFindings(spec: Spec): readonly Finding[] {
  const isEmpty = spec.http.length + spec.tls.length + spec.tcp.length === 0;
  return isEmpty ? [{ code: "missing-field", message: "there is no rule", hint: "add http, tls or tcp" }] : [];
}

function sniFindings(spec: Spec): readonly Finding[] {
  return spec.tls.flatMap((route, routeIndex) =>
    route.match.flatMap((match, matchIndex) =>
      match.sniHosts.flatMap((sni, index) =>
        spec.hosts.some((host) => covers(host, sni))
          ? []
          : [{ message: `server name "${sni}" is none of the hosts`, path: ["tls", routeIndex, "match", matchIndex, "sniHosts", index] }],
      ),
    ),
  );
}

function covers(host: string, sni: string): boolean {
  return host === sni || (host.startsWith("*") && sni.endsWith(host.slice(1)));
}

function nameFindings(routes: Spec["http"]): readonly Finding[] {
  const names = routes.map((route) => route.name ?? "");
  return duplicates(names)
    .filter(({ value }) => value !== "")
    .map(({ value, index }) => ({ message: `another rule is called "${value}" already`, path: ["http", index, "name"] }));
}

/** Sidecars do not verify tokens of the requests that they send. */
function claimFindings(spec: Spec): readonly Finding[] {
  if (spec.hosts.length === 0 || spec.gateways.some((gateway) => gateway !== "mesh")) return [];
  return spec.http.flatMap((route, routeIndex) =>
    route.match.flatMap((match, matchIndex) =>
      (["headers", "withoutHeaders"] as const).flatMap((field) =>
        Object.keys(match[field])
          .filter((name) => name.toLowerCase().startsWith("@request.auth.claims"))
          .map((name) => ({
            message: "only gateways route by what is in tokens",
            hint: "name a gateway in gateways",
            path: ["http", routeIndex, "match", matchIndex, field, name],
          })),
      ),
    ),
  );
}
