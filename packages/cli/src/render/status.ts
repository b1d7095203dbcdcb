import type { Origin } from "@fairlead/kit";
import { type MeshStatus, type ProxyStatus, type ProxyVerdict, verdictOf } from "../mesh-status.ts";
import { renderProblem } from "./problem.ts";
import type { Style } from "./style.ts";
import { renderTable } from "./table.ts";
import { formatSpan, plural } from "./units.ts";

/** The mesh, its parts, its proxies, and then whatever is wrong, each with what it is about. */
export function renderStatus(status: MeshStatus, output: { readonly style: Style; readonly nowMs: number }): string {
  const { style, nowMs } = output;
  const { mesh, components, proxies } = status;
  const upMs = nowMs - Date.parse(mesh.startedAt);
  const head = `${style.bold("mesh")} ${mesh.folder} ${style.dim(`up ${formatSpan(upMs)}${mesh.gatewayUrls.length === 0 ? "" : `, entered at ${mesh.gatewayUrls.join(", ")}`}`)}`;
  const parts = components
    .map(
      ({ name, isReady, address }) =>
        `${isReady ? style.green("✓") : style.red("✗")} ${name} ${style.dim(isReady ? address : `${address} does not answer`)}`,
    )
    .join("   ");
  const table = renderTable(
    [
      { title: "proxy", value: (proxy) => proxy.name },
      { title: "namespace", value: (proxy) => proxy.namespace },
      { title: "kind", value: (proxy) => proxy.type },
      { title: "state", value: (proxy) => renderVerdict(verdictOf(proxy), style) },
      { title: "resources", align: "right", value: countResources },
      {
        title: "connected",
        align: "right",
        value: (proxy) => (proxy.sync === undefined ? "-" : formatSpan(nowMs - proxy.sync.connectedAtMs)),
      },
      {
        title: "certificate",
        align: "right",
        value: (proxy) => (proxy.certificate === null ? "none" : formatSpan(proxy.certificate.remainingMs)),
      },
      { title: "mixer", value: (proxy) => renderReport(proxy, style) },
      { title: "engine", value: (proxy) => style.dim(proxy.sync?.engine ?? proxy.info?.version ?? "") },
    ],
    proxies,
    style,
  );
  const trouble = [...proxies.flatMap((proxy) => troublesOf(proxy, style)), ...problemsOf(status, style)];
  return [head, parts, "", table, ...(trouble.length === 0 ? [] : ["", ...trouble])].join("\n");
}

function renderVerdict(verdict: ProxyVerdict, style: Style): string {
  if (verdict === "in sync") return style.green(verdict);
  return verdict === "down" || verdict === "rejected" ? style.red(verdict) : style.yellow(verdict);
}

function countResources({ sync }: ProxyStatus): string {
  if (sync === undefined) return "-";
  const total = sync.types.reduce((sum, type) => sum + type.resources, 0);
  const acknowledged = sync.types.reduce((sum, type) => sum + type.acknowledged, 0);
  return acknowledged === total ? String(total) : `${acknowledged}/${total}`;
}

function renderReport({ info }: ProxyStatus, style: Style): string {
  if (info === undefined || info.report === null) return "-";
  return info.report.connected ? style.green("yes") : style.yellow("no");
}

function troublesOf(proxy: ProxyStatus, style: Style): readonly string[] {
  const { name, error, info, sync } = proxy;
  if (error !== undefined) return [`${style.red("✗")} ${style.bold(name)} ${error}`];
  const rejections = (sync?.types ?? []).flatMap(({ type, rejections: list }) =>
    list.map(
      (rejection) =>
        `${style.red("✗")} ${style.bold(name)} rejected ${type} ${rejection.name}: ${rejection.message}${describeOrigins(rejection.origins, style)}`,
    ),
  );
  // Where Pilot does not say it, the proxy does.
  const own =
    rejections.length > 0
      ? []
      : (info?.xds.types ?? []).flatMap(({ problems }) =>
          problems.map(({ name: resource, reason }) => `${style.red("✗")} ${style.bold(name)} rejected ${resource}: ${reason}`),
        );
  const disconnected =
    info === undefined || info.xds.connected
      ? []
      : [
          `${style.yellow("!")} ${style.bold(name)} is not connected to pilot${info.xds.fromLastKnownGood ? " and serves its last known good configuration" : ""}${info.xds.lastError === null ? "" : `: ${info.xds.lastError}`}`,
        ];
  return [...rejections, ...own, ...disconnected];
}

function describeOrigins(origins: readonly Origin[], style: Style): string {
  return origins
    .map(
      ({ kind, namespace, name, file, line }) =>
        `\n    ${style.dim(`↳ ${file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}  `}${kind} ${namespace}/${name}`)}`,
    )
    .join("");
}

function problemsOf({ problems }: MeshStatus, style: Style): readonly string[] {
  if (problems === undefined || problems.length === 0) return [];
  return [`${plural(problems.length, "problem")} in the configuration:`, ...problems.map((problem) => renderProblem(problem, style))];
}
