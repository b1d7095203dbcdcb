import type { ProxyCertificate, ProxyEngineConfig } from "@fairlead/api";
import { type JsonView, viewJson } from "./json-view.ts";
import type { Style } from "./style.ts";
import { renderTable } from "./table.ts";
import { formatSpan } from "./units.ts";

export const CONFIG_SECTIONS = ["listeners", "routes", "clusters", "endpoints", "names", "secrets"] as const;
export type ConfigSection = (typeof CONFIG_SECTIONS)[number];

/** A section of the engine's configuration as it is. */
export function sectionOf(config: ProxyEngineConfig, section: ConfigSection): unknown {
  return config[section] ?? [];
}

/** A section as a table for people: names, what matters most, and the file it comes from. */
export function renderSection(
  section: ConfigSection,
  shown: { readonly config: ProxyEngineConfig; readonly certificate: ProxyCertificate | null },
  style: Style,
): string {
  if (section === "names") return renderNames(viewJson(sectionOf(shown.config, section)), style);
  const items = viewJson(sectionOf(shown.config, section)).list.map(toConfig);
  if (items.length === 0) return style.dim("none");
  switch (section) {
    case "listeners":
      return renderListeners(items, style);
    case "routes":
      return renderRoutes(items, style);
    case "clusters":
      return renderClusters(items, style);
    case "endpoints":
      return renderEndpoints(items, style);
    case "secrets":
      return renderSecrets(items, shown.certificate, style);
    default:
      return section satisfies never;
  }
}

/** What the engine was told, where it stands inside what became of it. */
function toConfig(item: JsonView): JsonView {
  const config = item.get("config");
  return config.exists ? config : item;
}

function renderListeners(listeners: readonly JsonView[], style: Style): string {
  return renderTable(
    [
      { title: "name", value: (listener) => listener.get("name").text },
      { title: "address", value: (listener) => listener.get("address").text },
      { title: "traffic", value: (listener) => listener.get("trafficDirection").text.replace("unspecified", "-") },
      { title: "chains", align: "right", value: (listener) => String(chainsOf(listener).length) },
      { title: "serves", value: served },
      { title: "from", value: (listener) => style.dim(originsOf(listener)) },
    ],
    listeners,
    style,
  );
}

function served(listener: JsonView): string {
  return [
    ...new Set(
      chainsOf(listener).flatMap((chain) =>
        chain.get("filters").list.flatMap((filter) => filter.entries.map(([kind, body]) => describeFilter(kind, body))),
      ),
    ),
  ]
    .filter((text) => text !== "")
    .join(", ");
}

function chainsOf(listener: JsonView): readonly JsonView[] {
  return [...listener.get("filterChains").list, listener.get("defaultFilterChain")].filter((chain) => chain.exists);
}

function describeFilter(kind: string, body: JsonView): string {
  if (kind === "tcpProxy") return `tcp → ${body.get("cluster").text || "clusters"}`;
  if (kind !== "httpConnectionManager") return "";
  const named = body.get("routes").get("named").text;
  return `http by ${named === "" ? `routes ${body.get("routes").get("inline").get("name").text}` : `routes ${named}`}`;
}

interface RouteRow {
  readonly configuration: string;
  readonly host: string;
  readonly route: JsonView;
}

function renderRoutes(configurations: readonly JsonView[], style: Style): string {
  const rows = configurations.flatMap((configuration) =>
    configuration.get("virtualHosts").list.flatMap((host) =>
      host.get("routes").list.map((route): RouteRow => ({
        configuration: configuration.get("name").text,
        host: host.get("domains").list[0]?.text ?? host.get("name").text,
        route,
      })),
    ),
  );
  return renderTable(
    [
      { title: "routes", value: (row) => row.configuration },
      { title: "host", value: (row) => row.host },
      { title: "name", value: (row) => row.route.get("name").text },
      { title: "match", value: (row) => describeMatch(row.route.get("match")) },
      { title: "action", value: (row) => describeAction(row.route.get("action")) },
      { title: "from", value: (row) => style.dim(originsOf(row.route)) },
    ],
    rows,
    style,
  );
}

function describeMatch(match: JsonView): string {
  const path = match.get("path");
  const [kind, value] = path.entries[0] ?? [path.text, undefined];
  const shown =
    value === undefined
      ? kind
      : `${{ prefix: "", exact: "= ", regex: "~ ", separatedPrefix: "" }[kind] ?? ""}${value.text}${kind === "prefix" ? "*" : kind === "separatedPrefix" ? "[/*]" : ""}`;
  const headers = match.get("headers").list.map((header) => describeHeader(header));
  const query = match.get("query").list.map((parameter) => `?${parameter.get("name").text}`);
  return [shown, ...headers, ...query].filter((part) => part !== "").join(" ");
}

function describeHeader(header: JsonView): string {
  const value = header.get("value");
  const exact = findText(value);
  return `${header.get("invert").text === "true" ? "not " : ""}${header.get("name").text}${exact === "" ? "" : `: ${exact}`}`;
}

/** The first text inside, however it is wrapped (`{string: {exact: "jason"}}`). */
function findText(view: JsonView): string {
  if (view.text !== "" && typeof view.value === "string") return view.text;
  for (const [, field] of view.entries) {
    const found = findText(field);
    if (found !== "") return found;
  }
  return "";
}

function describeAction(action: JsonView): string {
  const forward = action.get("forward");
  if (forward.exists) {
    const weighted = forward.get("weightedClusters").get("clusters").list;
    if (weighted.length > 0) return weighted.map((cluster) => `${cluster.get("weight").text} → ${cluster.get("name").text}`).join(", ");
    return `→ ${forward.get("cluster").text || `the cluster that header ${forward.get("clusterHeader").text} names`}`;
  }
  const redirect = action.get("redirect");
  if (redirect.exists) return `redirect ${redirect.get("status").text} ${redirect.get("host").text}${findText(redirect.get("path"))}`;
  return `answer ${action.get("directResponse").get("status").text}`;
}

function renderClusters(clusters: readonly JsonView[], style: Style): string {
  return renderTable(
    [
      { title: "name", value: (cluster) => cluster.get("name").text },
      { title: "kind", value: (cluster) => tagOf(cluster.get("kind")) },
      { title: "balancing", value: (cluster) => tagOf(cluster.get("lbPolicy")) },
      { title: "transport", value: describeTransport },
      { title: "from", value: (cluster) => style.dim(originsOf(cluster)) },
    ],
    clusters,
    style,
  );
}

/** Name of a variant: `"static"` or `{eds: {…}}`. */
function tagOf(view: JsonView): string {
  return view.text === "" ? (view.entries[0]?.[0] ?? "") : view.text;
}

function describeTransport(cluster: JsonView): string {
  const matches = cluster.get("transportMatches").list.map((match) => tagOf(match.get("transport")));
  return [...new Set(matches.length > 0 ? matches : [tagOf(cluster.get("transport"))])].join(" or ");
}

interface EndpointRow {
  readonly cluster: string;
  readonly endpoint: JsonView;
}

function renderEndpoints(assignments: readonly JsonView[], style: Style): string {
  const rows = assignments.flatMap((assignment) =>
    assignment.get("endpoints").list.map((endpoint): EndpointRow => ({ cluster: assignment.get("clusterName").text, endpoint })),
  );
  if (rows.length === 0) return style.dim("none");
  return renderTable(
    [
      { title: "cluster", value: (row) => row.cluster },
      { title: "address", value: (row) => row.endpoint.get("address").text },
      { title: "workload", value: (row) => row.endpoint.get("workload").get("name").text },
      { title: "health", value: (row) => describeHealth(row.endpoint, style) },
      { title: "weight", align: "right", value: (row) => row.endpoint.get("weight").text },
      { title: "mtls", value: (row) => (row.endpoint.get("tlsMode").text === "istio" ? style.green("yes") : "no") },
    ],
    rows,
    style,
  );
}

function describeHealth(endpoint: JsonView, style: Style): string {
  if (endpoint.get("ejected").text === "true") return style.yellow("ejected");
  return endpoint.get("healthy").text === "false" ? style.yellow(endpoint.get("health").text) : "ok";
}

/** What the proxy answers questions of DNS by; none where it answers none. */
function renderNames(names: JsonView, style: Style): string {
  const rows = names.get("tables").list.flatMap((table) => table.get("hosts").entries);
  if (rows.length === 0) return style.dim("none");
  return renderTable(
    [
      { title: "host", value: ([host]) => host },
      { title: "addresses", value: ([, facts]) => addressesOf(facts).join(", ") },
      { title: "short names", value: ([, facts]) => style.dim(shortNameOf(facts.get("kubernetes"))) },
    ],
    rows,
    style,
  );
}

function addressesOf(facts: JsonView): readonly string[] {
  return facts.get("addresses").list.map(({ text }) => text);
}

function shortNameOf(service: JsonView): string {
  return service.exists ? `${service.get("shortname").text}.${service.get("namespace").text}` : "";
}

function renderSecrets(secrets: readonly JsonView[], certificate: ProxyCertificate | null, style: Style): string {
  const table = renderTable(
    [
      { title: "name", value: (secret) => secret.get("name").text },
      {
        title: "holds",
        value: (secret) => (secret.get("kind").text === "trustBundle" ? "certificates to trust" : "certificate, key [redacted]"),
      },
    ],
    secrets,
    style,
  );
  if (certificate === null) return table;
  const { spiffeId, serialNumber, validTo, remainingMs } = certificate;
  return `${table}\n\n${spiffeId}, serial number ${serialNumber}, valid until ${validTo} (${formatSpan(remainingMs)} from now)`;
}

/** `routing.yaml:12` where a file is known, else `VirtualService default/reviews`. */
function originsOf(view: JsonView): string {
  const places = view.get("origins").list.map((origin) => {
    const file = origin.get("file").text;
    const line = origin.get("line").text;
    return file === ""
      ? `${origin.get("kind").text} ${origin.get("namespace").text}/${origin.get("name").text}`
      : `${file}${line === "" ? "" : `:${line}`}`;
  });
  return [...new Set(places)].join(", ");
}
