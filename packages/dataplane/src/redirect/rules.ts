import { isIP } from "node:net";
import type { RedirectSettings } from "./settings.ts";

export type IpFamily = "ipv4" | "ipv6";

/**
 * Tables that have rules of ours; `mangle` only where what comes in keeps its source (`interceptionMode` TPROXY), `raw` only where questions of DNS go to
 * the proxy.
 */
export type Table = "nat" | "mangle" | "raw";

/** Chains that are ours, named as Istio's so that people and tools recognise them. */
export const CHAINS = {
  nat: ["ISTIO_INBOUND", "ISTIO_IN_REDIRECT", "ISTIO_OUTPUT", "ISTIO_OUTPUT_DNS", "ISTIO_REDIRECT"],
  mangle: ["ISTIO_INBOUND", "ISTIO_DIVERT", "ISTIO_TPROXY", "ISTIO_OUTPUT"],
  raw: ["ISTIO_INBOUND", "ISTIO_OUTPUT_DNS"],
} as const satisfies Readonly<Record<Table, readonly string[]>>;

/** Of packets that the kernel is to give to this machine's sockets whatever their addresses say, and of the proxy's connections that have the client's. */
export const MARK = 1337;

/** The table of routes for marked packets. */
export const ROUTE_TABLE = 133;

/** Where the kernel's own chains enter ours. */
const TCP_JUMPS = ["PREROUTING -p tcp -j ISTIO_INBOUND", "OUTPUT -p tcp -j ISTIO_OUTPUT"] as const;
const JUMPS: Readonly<Record<Table, readonly string[]>> = {
  nat: [...TCP_JUMPS, "OUTPUT -p udp -j ISTIO_OUTPUT_DNS"],
  mangle: TCP_JUMPS,
  raw: ["PREROUTING -p udp -j ISTIO_INBOUND", "OUTPUT -p udp -j ISTIO_OUTPUT_DNS"],
};

const DNS_PORT = 53;

/** Of connection tracking: what the proxy asks others, and what it is asked itself. */
const ZONES = { proxy: 1, application: 2 } as const;

/** The proxy's own servers: admin, merged metrics, readiness, Envoy's metrics. Probes and scrapes must reach them as they are. */
const PROXY_PORTS = [15_000, 15_020, 15_021, 15_090] as const;

const LOOPBACK: Readonly<Record<IpFamily, { readonly own: string; readonly inboundSource: string }>> = {
  // The second is what the proxy's connections to its own application come from (upstream_bind_config of the inbound clusters).
  ipv4: { own: "127.0.0.1/32", inboundSource: "127.0.0.6/32" },
  ipv6: { own: "::1/128", inboundSource: "::6/128" },
};

/** The rules of one family in table `nat`, in order: `-A CHAIN …` without what leads into them. */
export function buildRules(settings: RedirectSettings, family: IpFamily): readonly string[] {
  return [
    `-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports ${settings.inboundPort}`,
    `-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports ${settings.outboundPort}`,
    // Where what comes in keeps its source, table "mangle" has given it to the proxy before.
    ...(settings.interceptionMode === "TPROXY" ? [] : inboundRules(settings, ["ISTIO_IN_REDIRECT"])),
    ...outboundRules(settings, family),
    ...dnsRules(settings, family),
  ];
}

/**
 * The rules of one family in table `raw`, for questions of DNS over UDP. A question of the application and the proxy's own one for the same resolver may
 * come from the same port: in one zone of connection tracking an answer of the resolver would be taken for one to the application.
 */
export function buildRawRules(settings: RedirectSettings, family: IpFamily): readonly string[] {
  const owners = [`--uid-owner ${settings.proxyUid}`, `--gid-owner ${settings.proxyGid}`];
  return [
    ...owners.flatMap((owner) => [
      `-A ISTIO_OUTPUT_DNS -p udp --dport ${DNS_PORT} -m owner ${owner} -j CT --zone ${ZONES.proxy}`,
      `-A ISTIO_OUTPUT_DNS -p udp --sport ${settings.dnsPort} -m owner ${owner} -j CT --zone ${ZONES.application}`,
    ]),
    ...resolvers(settings, family).flatMap((resolver) => [
      `-A ISTIO_OUTPUT_DNS -p udp --dport ${DNS_PORT}${toResolver("-d", resolver)} -j CT --zone ${ZONES.application}`,
      `-A ISTIO_INBOUND -p udp --sport ${DNS_PORT}${toResolver("-s", resolver)} -j CT --zone ${ZONES.proxy}`,
    ]),
  ];
}

/**
 * The rules of one family in table `mangle`, for TPROXY: what comes in is given to the proxy's socket with both its addresses. The proxy's connections to
 * the application come from the client's address and have the mark; what the application answers on them gets it back, and so finds the proxy.
 */
export function buildMangleRules(settings: RedirectSettings, family: IpFamily): readonly string[] {
  const { own, inboundSource } = LOOPBACK[family];
  return [
    `-A ISTIO_DIVERT -j MARK --set-mark ${MARK}`,
    "-A ISTIO_DIVERT -j ACCEPT",
    `-A ISTIO_TPROXY ! -d ${own} -p tcp -j TPROXY --on-port ${settings.inboundPort} --tproxy-mark ${MARK}/0xffffffff`,
    // The proxy's own connections to the application.
    `-A ISTIO_INBOUND -p tcp -m mark --mark ${MARK} -j CONNMARK --save-mark`,
    `-A ISTIO_INBOUND -p tcp -m mark --mark ${MARK} -j RETURN`,
    `-A ISTIO_INBOUND -s ${inboundSource} -i lo -j RETURN`,
    // What stays in the pod is redirected on its way out, if at all.
    "-A ISTIO_INBOUND -p tcp -i lo -j RETURN",
    ...inboundRules(settings, ["ISTIO_DIVERT -m conntrack --ctstate RELATED,ESTABLISHED", "ISTIO_TPROXY"]),
    `-A ISTIO_OUTPUT -p tcp -m connmark --mark ${MARK} -j CONNMARK --restore-mark`,
  ];
}

/**
 * Input of `iptables-restore --noflush` that makes the rules so, whatever was there before: `saved` is what `iptables-save -t TABLE` said. One
 * transaction, so that no connection ever finds half of the rules; rules of others stay.
 */
export function toApplyInput(rules: readonly string[], saved: string, table: Table = "nat"): string {
  // Naming a chain of ours makes it, or empties the one that is there.
  const chains = CHAINS[table].map((chain) => `:${chain} - [0:0]`);
  return toInput(table, [...chains, ...removedJumps(saved), ...rules, ...JUMPS[table].map((jump) => `-A ${jump}`)]);
}

/** Input that takes away what `toApplyInput` made; undefined where nothing of it is left. */
export function toCleanInput(saved: string, table: Table = "nat"): string | undefined {
  const present = CHAINS[table].filter((chain) => saved.split("\n").some((line) => line.startsWith(`:${chain} `)));
  const lines = [
    ...removedJumps(saved),
    // All are emptied first: a chain that another one leads to cannot be deleted.
    ...present.map((chain) => `-F ${chain}`),
    ...present.map((chain) => `-X ${chain}`),
  ];
  return lines.length === 0 ? undefined : toInput(table, lines);
}

/** `targets` are chains, with what has to match for them. */
function inboundRules({ includeInboundPorts, excludeInboundPorts }: RedirectSettings, targets: readonly string[]): readonly string[] {
  const toTargets = (match: string): readonly string[] =>
    targets.map((target) => {
      const [chain, ...condition] = target.split(" ");
      return ["-A ISTIO_INBOUND", match, ...condition, `-j ${chain}`].join(" ");
    });
  if (includeInboundPorts !== "*")
    return unique(includeInboundPorts)
      .filter((port) => !excludeInboundPorts.includes(port))
      .flatMap((port) => toTargets(`-p tcp --dport ${port}`));
  return [
    ...unique([...PROXY_PORTS, ...excludeInboundPorts]).map((port) => `-A ISTIO_INBOUND -p tcp --dport ${port} -j RETURN`),
    ...toTargets("-p tcp"),
  ];
}

function outboundRules(settings: RedirectSettings, family: IpFamily): readonly string[] {
  const { own, inboundSource } = LOOPBACK[family];
  const ofFamily = (cidrs: readonly string[]): readonly string[] => unique(cidrs).filter((cidr) => familyOf(cidr) === family);
  const { includeOutboundCidrs: included } = settings;
  return [
    // What came in through the proxy goes on to the application.
    `-A ISTIO_OUTPUT -s ${inboundSource} -o lo -j RETURN`,
    ...proxyRules("uid", settings.proxyUid, { own, dnsCapture: settings.dnsCapture }),
    ...proxyRules("gid", settings.proxyGid, { own, dnsCapture: settings.dnsCapture }),
    ...(settings.dnsCapture ? dnsRedirects("ISTIO_OUTPUT", "tcp", settings, family) : []),
    `-A ISTIO_OUTPUT -d ${own} -j RETURN`,
    ...unique(settings.excludeOutboundPorts).map((port) => `-A ISTIO_OUTPUT -p tcp --dport ${port} -j RETURN`),
    ...ofFamily(settings.excludeOutboundCidrs).map((cidr) => `-A ISTIO_OUTPUT -d ${cidr} -j RETURN`),
    ...unique(settings.includeOutboundPorts).map((port) => `-A ISTIO_OUTPUT -p tcp --dport ${port} -j ISTIO_REDIRECT`),
    ...(included === "*"
      ? ["-A ISTIO_OUTPUT -j ISTIO_REDIRECT"]
      : ofFamily(included).map((cidr) => `-A ISTIO_OUTPUT -d ${cidr} -j ISTIO_REDIRECT`)),
  ];
}

/** How connections of the proxy (or of its group) are told from the application's. */
function proxyRules(
  by: "uid" | "gid",
  id: number,
  { own, dnsCapture }: { readonly own: string; readonly dnsCapture: boolean },
): readonly string[] {
  // A resolver may be in the pod itself.
  const butDns = dnsCapture ? ` -p tcp ! --dport ${DNS_PORT}` : "";
  return [
    // The application called a service that it is itself an endpoint of: the proxy's connection to the pod's own address has to arrive as any other's.
    `-A ISTIO_OUTPUT ! -d ${own} -o lo -p tcp${dnsCapture ? ` ! --dport ${DNS_PORT}` : ""} -m owner --${by}-owner ${id} -j ISTIO_IN_REDIRECT`,
    // The application talks to itself.
    ...(by === "uid" ? [`-A ISTIO_OUTPUT -o lo${butDns} -m owner ! --uid-owner ${id} -j RETURN`] : []),
    `-A ISTIO_OUTPUT -m owner --${by}-owner ${id} -j RETURN`,
  ];
}

/** Questions over UDP; those over TCP are among what goes out. */
function dnsRules(settings: RedirectSettings, family: IpFamily): readonly string[] {
  if (!settings.dnsCapture) return [];
  const owners = [`--uid-owner ${settings.proxyUid}`, `--gid-owner ${settings.proxyGid}`];
  return [
    ...owners.map((owner) => `-A ISTIO_OUTPUT_DNS -p udp --dport ${DNS_PORT} -m owner ${owner} -j RETURN`),
    ...dnsRedirects("ISTIO_OUTPUT_DNS", "udp", settings, family),
  ];
}

function dnsRedirects(chain: string, protocol: "tcp" | "udp", settings: RedirectSettings, family: IpFamily): readonly string[] {
  return resolvers(settings, family).map(
    (resolver) => `-A ${chain} -p ${protocol} --dport ${DNS_PORT}${toResolver("-d", resolver)} -j REDIRECT --to-ports ${settings.dnsPort}`,
  );
}

/** undefined is every one. */
function resolvers({ captureAllDns, dnsServers = [] }: RedirectSettings, family: IpFamily): readonly (string | undefined)[] {
  return captureAllDns ? [undefined] : unique(dnsServers).filter((server) => familyOf(server) === family);
}

function toResolver(side: "-s" | "-d", resolver: string | undefined): string {
  return resolver === undefined ? "" : ` ${side} ${resolver}`;
}

function removedJumps(saved: string): readonly string[] {
  return saved
    .split("\n")
    .filter((line) => /^-A (PREROUTING|OUTPUT)\b.* -j ISTIO_(INBOUND|OUTPUT|OUTPUT_DNS)\s*$/.test(line))
    .map((line) => line.replace(/^-A/, "-D").trimEnd());
}

function toInput(table: Table, lines: readonly string[]): string {
  return [`*${table}`, ...lines, "COMMIT", ""].join("\n");
}

function familyOf(cidr: string): IpFamily {
  return isIP(cidr.split("/")[0] ?? "") === 6 ? "ipv6" : "ipv4";
}

function unique<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}
