import { relative } from "node:path";
import type { Style } from "../render/style.ts";
import { renderTable } from "../render/table.ts";
import { type MeshLayout, PORTS } from "./layout.ts";
import type { PlannedWorkload } from "./plan.ts";

/** What runs where, one line for each thing that listens. */
export function renderProcesses(layout: MeshLayout, style: Style): string {
  const { pilot, citadel, mixer } = layout;
  const rows = [
    { what: style.bold("pilot"), where: `${pilot.host}:${PORTS.pilotXds}`, about: "configuration of the proxies (xDS over mTLS)" },
    { what: style.bold("citadel"), where: `${citadel.host}:${PORTS.citadel}`, about: "certificates" },
    {
      what: style.bold("mixer"),
      where: `${mixer.host}:${PORTS.mixerQuery}`,
      about: `telemetry: http://${mixer.host}:${PORTS.mixerQuery}/openapi.json`,
    },
    ...layout.workloads.map((workload) => ({
      what: style.bold(workload.name),
      where: listensAt(workload),
      about: describeWorkload(workload),
    })),
  ];
  const table = renderTable(
    [
      { title: "what", value: (row) => row.what },
      { title: "where", value: (row) => row.where },
      { title: "", value: (row) => row.about },
    ],
    rows,
    style,
  );
  return indent(table);
}

function listensAt(workload: PlannedWorkload): string {
  const ports = workload.ports.map((port) => port.number).join(",");
  return ports === "" ? workload.address : `${workload.address}:${ports}`;
}

function describeWorkload(workload: PlannedWorkload): string {
  const { application, proxy } = workload;
  const app =
    application === undefined ? "" : `application at ${application.host}${application.port === undefined ? "" : `:${application.port}`}`;
  switch (proxy) {
    case "gateway":
      return "gateway: the way in";
    case "sidecar":
      return app === "" ? "sidecar" : `sidecar, ${app}`;
    case "none":
      return app === "" ? "no proxy" : `no proxy, ${app}`;
    default:
      return proxy satisfies never;
  }
}

/** What to do with a mesh that is up. */
export function renderSuggestions(
  options: {
    readonly layout: MeshLayout;
    readonly urls: readonly string[];
    /** Hosts of a service that the gateway leads to, and of one inside that has routes. */
    readonly example: { readonly caller: string | undefined; readonly called: string | undefined };
    readonly files: readonly string[];
    readonly command: string;
    readonly cwd: string;
  },
  style: Style,
): string {
  const { layout, urls, files, example, command, cwd } = options;
  const [url] = urls;
  const [file] = files;
  const asker = layout.workloads.find((workload) => workload.proxy === "sidecar" && isOf(workload, example.caller));
  const target = layout.workloads.find((workload) => workload.proxy === "sidecar" && isOf(workload, example.called));
  const rows: readonly (readonly [string, string])[] = [
    ...(url === undefined ? [] : ([["browse", url]] as const)),
    ...(url === undefined ? [] : ([["ask", `curl -i ${url}`]] as const)),
    ...(file === undefined ? [] : ([["change", `edit ${relative(cwd, file) || file} and save: traffic follows within a second`]] as const)),
    ["look", `${command} status   ${command} topology   ${command} metrics`],
    ...(asker === undefined || target === undefined || example.called === undefined
      ? []
      : ([
          ["why", `${command} explain ${asker.name} GET http://${example.called.split(".")[0]}:${target.ports[0]?.number ?? 80}/`],
        ] as const)),
    ["stop", "Ctrl-C"],
  ];
  return rows.map(([what, how]) => `  ${style.cyan(what.padEnd(7))} ${how}`).join("\n");
}

/** Whether a workload belongs to the service that a route calls `host`, in short or in full. */
function isOf(workload: PlannedWorkload, host: string | undefined): boolean {
  return host !== undefined && workload.services.some((service) => service === host || service.startsWith(`${host}.`));
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
