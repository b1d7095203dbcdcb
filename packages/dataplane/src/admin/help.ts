/** What is at a path, with its parameters. */
interface Entry {
  readonly path: string;
  readonly method?: "POST";
  readonly help: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

const ENTRIES: readonly Entry[] = [
  { path: "/", help: "this list" },
  { path: "/certs", help: "certificates in use, with their dates" },
  {
    path: "/clusters",
    help: "clusters and the state of their endpoints",
    parameters: { format: "text or json", filter: "regular expression for names" },
  },
  {
    path: "/config_dump",
    help: "what the xDS server has sent and the proxy has taken; private keys are not shown",
    parameters: {
      resource: "only the elements of this list, such as dynamic_listeners",
      mask: "only these fields",
      name_regex: "only resources with such a name",
      include_eds: "with endpoints",
      include_nds: "with the names that are answered",
    },
  },
  {
    path: "/drain_listeners",
    method: "POST",
    help: "let nobody new in, and let who is there end",
    parameters: { inboundonly: "inbound listeners only", graceful: "accepted; a drain is always graceful" },
  },
  { path: "/explain", method: "POST", help: "which way the request in the body (JSON) would take, and why" },
  { path: "/fairlead/certs", help: "the workload's own certificate" },
  { path: "/fairlead/clusters", help: "clusters and endpoints in the engine's own words" },
  { path: "/fairlead/config_dump", help: "what runs, in the engine's own words, with the files and lines that it comes from" },
  { path: "/fairlead/server_info", help: "state of the proxy, its xDS stream and its reports" },
  { path: "/fairlead/stats", help: "every sample, with its labels" },
  { path: "/healthcheck/fail", method: "POST", help: "make probes fail" },
  { path: "/healthcheck/ok", method: "POST", help: "make probes say what is" },
  { path: "/help", help: "this list" },
  { path: "/init_dump", help: "who waits, and for what" },
  { path: "/listeners", help: "listeners and where they are bound", parameters: { format: "text or json" } },
  { path: "/logging", method: "POST", help: "show or change the level of the log", parameters: { level: "the new level" } },
  { path: "/memory", help: "memory of the process" },
  { path: "/quitquitquit", method: "POST", help: "end the process, after a drain" },
  { path: "/ready", help: "200 while the proxy serves, else 503" },
  { path: "/reopen_logs", method: "POST", help: "open the files of access logs anew, after they were moved away" },
  { path: "/reset_counters", method: "POST", help: "let counters begin at zero" },
  { path: "/rotate_certificates", method: "POST", help: "replace key and certificate now" },
  { path: "/server_info", help: "version, state and node" },
  {
    path: "/stats",
    help: "counters and gauges",
    parameters: {
      usedonly: "only those that are not zero",
      filter: "regular expression for names",
      invert_filter: "those that the filter does not match",
      format: "text, json or prometheus",
    },
  },
  {
    path: "/tap",
    method: "POST",
    help: "requests with their responses as they end, for what the body (envoy.admin.v3.TapRequest as JSON) says",
    parameters: { secrets: "shown: with the values of authorization, cookie and the like" },
  },
  { path: "/stats/prometheus", help: "the same in Prometheus' text format", parameters: { usedonly: "", filter: "", invert_filter: "" } },
];

/** `/help`: every path with what it is for. */
export function formatHelp(): string {
  const lines = ENTRIES.flatMap(({ path, method, help, parameters = {} }) => [
    `  ${path}${method === undefined ? "" : ` (${method})`}: ${help}`,
    ...Object.entries(parameters).map(([name, text]) => `      ${name}${text === "" ? "" : `: ${text}`}`),
  ]);
  return `admin commands are:\n${lines.join("\n")}\n`;
}

/** `/`: every path. */
export function formatHome(): string {
  return ENTRIES.map(({ path }) => `${path}\n`).join("");
}
