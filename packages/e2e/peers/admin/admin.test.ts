import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { createTempFolder, freePort, send, startProcess, until } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peer } from "../../src/peers.ts";
import { type Resources, startXdsServer } from "./xds-server.ts";

/**
 * What operators and their tools read from a stock Envoy and from our proxy, with the same resources from one xDS server: one after the other, since
 * both listen on the same ports.
 */

const PROXY = fileURLToPath(new URL("../../../dataplane/dist/main.js", import.meta.url));
const NODE_ID = "sidecar~127.0.0.1~client.default~default.svc.cluster.local";

const temp = createTempFolder("fairlead-admin-");

interface Answers {
  readonly configDump: JsonObject;
  readonly clustersText: string;
  readonly clusters: JsonObject;
  readonly listenersText: string;
  readonly listeners: JsonObject;
  readonly serverInfo: JsonObject;
  readonly certs: JsonObject;
  readonly memory: JsonObject;
  readonly stats: string;
}

let ours: Answers;
let envoys: Answers;

beforeAll(async () => {
  await using xds = await startXdsServer(resources(await freePort(), await freePort()));
  ours = await ask(await freePort(), (adminPort) => {
    writeFileSync(temp.join("proxy.json"), JSON.stringify(proxySettings(xds.port, adminPort)));
    return { command: process.execPath, args: [PROXY, "--settings", temp.join("proxy.json")] };
  });
  envoys = await ask(await freePort(), (adminPort) => {
    writeFileSync(temp.join("envoy.json"), JSON.stringify(envoyBootstrap(xds.port, adminPort)));
    const args = ["-c", temp.join("envoy.json"), "--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id"];
    return { command: peer("envoy"), args };
  });
});

afterAll(() => temp.remove());

/** One cluster with endpoints of its own and one whose endpoints come apart, one listener that brings its routes and one whose routes come apart. */
function resources(ownPort: number, apartPort: number): Resources {
  const ads = { ads: {}, resource_api_version: "V3" };
  return {
    clusters: [
      {
        name: "own",
        type: "STATIC",
        connect_timeout: "1s",
        circuit_breakers: { thresholds: [{ max_requests: 77, max_retries: 5 }] },
        load_assignment: { cluster_name: "own", endpoints: [{ lb_endpoints: [{ endpoint: { address: address(1) } }] }] },
      },
      {
        name: "apart",
        type: "EDS",
        connect_timeout: "1s",
        lb_policy: "LEAST_REQUEST",
        eds_cluster_config: { service_name: "apart.eds", eds_config: ads },
      },
    ],
    assignments: [
      {
        cluster_name: "apart.eds",
        endpoints: [
          {
            locality: { region: "r", zone: "z", sub_zone: "s" },
            lb_endpoints: [
              { endpoint: { address: address(2), hostname: "two" }, load_balancing_weight: 3 },
              { endpoint: { address: address(3) }, health_status: "UNHEALTHY" },
            ],
          },
          { priority: 1, lb_endpoints: [{ endpoint: { address: address(4) }, health_status: "DEGRADED" }] },
        ],
      },
    ],
    listeners: [
      toListener("own", ownPort, { route_config: routes("own-routes", "own") }),
      toListener("apart", apartPort, { rds: { route_config_name: "apart-routes", config_source: ads } }),
    ],
    routes: [routes("apart-routes", "apart")],
  };
}

const routes = (name: string, cluster: string): JsonObject => ({
  name,
  virtual_hosts: [
    {
      name: "all",
      domains: ["*"],
      routes: [{ match: { prefix: "/" }, route: { cluster, timeout: "3s", retry_policy: { retry_on: "5xx" } } }],
    },
  ],
});

function toListener(name: string, port: number, source: JsonObject): JsonObject {
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: name,
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
    ...source,
  };
  return {
    name,
    address: address(port),
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function address(port: number): JsonObject {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function proxySettings(xdsPort: number, adminPort: number): object {
  return {
    type: "sidecar",
    name: "client",
    namespace: "default",
    serviceAccount: "client",
    labels: { app: "client" },
    addresses: ["127.0.0.1"],
    trustDomain: "cluster.local",
    interceptionMode: "NONE",
    adminAddress: `127.0.0.1:${adminPort}`,
    stateDirectory: temp.join("proxy"),
    workers: 1,
    drainMs: 0,
    xds: "sotw",
    pilot: { address: `127.0.0.1:${xdsPort}`, insecure: true },
    identity: {
      citadelAddress: "127.0.0.1:1",
      rootCertificateFile: temp.join("none.pem"),
      tokenFile: temp.join("none.token"),
      namespace: "default",
      serviceAccount: "client",
    },
  };
}

/** The same node as ours. */
function envoyBootstrap(xdsPort: number, adminPort: number): object {
  const metadata = {
    NAMESPACE: "default",
    INTERCEPTION_MODE: "NONE",
    LABELS: { app: "client" },
    CLUSTER_ID: "Kubernetes",
    MESH_ID: "cluster.local",
  };
  const address = { socket_address: { address: "127.0.0.1", port_value: xdsPort } };
  const ads = { ads: {}, resource_api_version: "V3" };
  return {
    node: { id: NODE_ID, cluster: "client.default", metadata },
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: adminPort } } },
    dynamic_resources: {
      cds_config: ads,
      lds_config: ads,
      ads_config: { api_type: "GRPC", transport_api_version: "V3", grpc_services: [{ envoy_grpc: { cluster_name: "xds-grpc" } }] },
    },
    static_resources: {
      clusters: [
        {
          name: "xds-grpc",
          type: "STATIC",
          connect_timeout: "1s",
          load_assignment: { cluster_name: "xds-grpc", endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
          typed_extension_protocol_options: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
  };
}

async function ask(
  adminPort: number,
  start: (adminPort: number) => { readonly command: string; readonly args: readonly string[] },
): Promise<Answers> {
  const get = async (path: string): Promise<string> => {
    const outcome = await send({ url: `http://127.0.0.1:${adminPort}${path}` });
    if (outcome.kind === "error") throw new Error(`${path}: ${outcome.code}`);
    return outcome.body;
  };
  const json = async (path: string): Promise<JsonObject> => JSON.parse(await get(path));
  const { command, args } = start(adminPort);
  await using running = await startProcess({ command, args: [...args], isReady: async () => (await get("/ready")).startsWith("LIVE") });
  await until("routes are there", async () => (await get("/config_dump")).includes("apart-routes"));
  expect(running.isRunning).toBe(true);
  return {
    configDump: await json("/config_dump?include_eds"),
    clustersText: await get("/clusters"),
    clusters: await json("/clusters?format=json"),
    listenersText: await get("/listeners"),
    listeners: await json("/listeners?format=json"),
    serverInfo: await json("/server_info"),
    certs: await json("/certs"),
    memory: await json("/memory"),
    stats: await get("/stats"),
  };
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter((item) => isObject(item)) : [];

const textOf = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");

/** What differs by nature: who asked when. */
const INCOMPARABLE = new Set(["version_info", "last_updated"]);

/** Paths at which our answer says something that Envoy's does not say, or something else. What we do not model is not ours to show. */
function deviations(our: JsonValue, envoy: JsonValue | undefined, path: string): readonly string[] {
  if (Array.isArray(our) && Array.isArray(envoy)) {
    const lengths = our.length === envoy.length ? [] : [`${path}: ${our.length} instead of ${envoy.length}`];
    return [...lengths, ...our.flatMap((item, index) => deviations(item, envoy[index], `${path}[${index}]`))];
  }
  if (isObject(our) && isObject(envoy)) {
    return Object.entries(our).flatMap(([key, value]) => (INCOMPARABLE.has(key) ? [] : deviations(value, envoy[key], `${path}.${key}`)));
  }
  return JSON.stringify(our) === JSON.stringify(envoy) ? [] : [`${path}: ${JSON.stringify(our)} instead of ${JSON.stringify(envoy)}`];
}

function dumpOf({ configDump }: Answers, kind: string): JsonObject {
  const dump = listOf(configDump["configs"]).find((config) => config["@type"] === `type.googleapis.com/envoy.admin.v3.${kind}`);
  if (dump === undefined) throw new Error(`there is no ${kind}`);
  return dump;
}

/** Resources of a list by name, wherever Envoy's shape keeps it. */
function byName(list: readonly JsonObject[], field: string, name: string): ReadonlyMap<string, JsonObject> {
  const resources = list.flatMap((item) => {
    const state = isObject(item["active_state"]) ? item["active_state"] : item;
    const resource = state[field];
    return isObject(resource) ? [[textOf(resource[name]), resource] as const] : [];
  });
  return new Map(resources);
}

describe("/config_dump", () => {
  it("has the same dumps in the same order", () => {
    const [our, envoy] = [ours, envoys].map(({ configDump }) => listOf(configDump["configs"]).map((config) => config["@type"]));
    expect(our).toEqual(envoy);
  });

  it.each([
    ["ClustersConfigDump", "dynamic_active_clusters", "cluster", "name"],
    ["ListenersConfigDump", "dynamic_listeners", "listener", "name"],
    ["RoutesConfigDump", "dynamic_route_configs", "route_config", "name"],
  ])("shows the same resources in %s, field by field", (kind, list, field, name) => {
    const [our, envoy] = [ours, envoys].map((answers) => byName(listOf(dumpOf(answers, kind)[list]), field, name));
    expect([...(our?.keys() ?? [])].toSorted()).toEqual([...(envoy?.keys() ?? [])].toSorted());
    expect(our?.size).toBeGreaterThan(0);
    expect([...(our ?? [])].flatMap(([key, resource]) => deviations(resource, envoy?.get(key), key))).toEqual([]);
  });

  it("names elements by the same keys", () => {
    for (const [kind, list] of [
      ["ClustersConfigDump", "dynamic_active_clusters"],
      ["ListenersConfigDump", "dynamic_listeners"],
      ["RoutesConfigDump", "dynamic_route_configs"],
    ] as const) {
      const keys = (answers: Answers) => Object.keys(listOf(dumpOf(answers, kind)[list])[0] ?? {}).toSorted();
      expect(keys(ours)).toEqual(keys(envoys));
    }
  });
});

/** Those that Envoy's bootstrap has, and what we do not count. */
const comparable = (text: string) =>
  text
    .split("\n")
    .filter(
      (line) =>
        !line.startsWith("xds-grpc::") && !/::(cx_total|rq_pending_active|rq_timeout|success_rate|local_origin_success_rate)::/.test(line),
    )
    .toSorted();

function withoutUncounted(status: JsonObject): JsonObject {
  const hosts = listOf(status["host_statuses"]).map((host) => ({
    ...host,
    stats: listOf(host["stats"]).filter(({ name }) => !["cx_total", "rq_timeout", "rq_pending_active"].includes(textOf(name))),
  }));
  return { ...status, ...(hosts.length === 0 ? {} : { host_statuses: hosts }) };
}

describe("/clusters", () => {
  it("prints the same lines", () => {
    expect(comparable(ours.clustersText)).toEqual(comparable(envoys.clustersText));
  });

  it("has the same in JSON", () => {
    const [our, envoy] = [ours, envoys].map(
      ({ clusters }) => new Map(listOf(clusters["cluster_statuses"]).map((status) => [textOf(status["name"]), withoutUncounted(status)])),
    );
    expect(our?.size).toBe(2);
    expect([...(our ?? [])].flatMap(([name, status]) => deviations(status, envoy?.get(name), name))).toEqual([]);
  });
});

describe("the rest", () => {
  it("prints listeners the same way", () => {
    expect(ours.listenersText.split("\n").toSorted()).toEqual(envoys.listenersText.split("\n").toSorted());
    const [our, envoy] = [ours, envoys].map(
      ({ listeners }) => new Map(listOf(listeners["listener_statuses"]).map((status) => [status["name"], status])),
    );
    expect(our).toEqual(envoy);
  });

  it("has no field that Envoy has not in /server_info, /memory and /certs", () => {
    expect(Object.keys(envoys.serverInfo)).toEqual(expect.arrayContaining(Object.keys(ours.serverInfo)));
    const [our, envoy] = [ours, envoys].map(({ serverInfo }) => Object.keys(serverInfo["command_line_options"] ?? {}));
    expect(envoy).toEqual(expect.arrayContaining(our ?? []));
    expect(Object.keys(ours.memory).toSorted()).toEqual(Object.keys(envoys.memory).toSorted());
    expect(ours.certs).toEqual(envoys.certs);
    expect(ours.serverInfo["state"]).toBe("LIVE");
  });

  it("has counters by Envoy's names for what probes and dashboards ask first", () => {
    const [our, envoy] = [ours, envoys].map(({ stats }) => new Set(stats.split("\n").map((line) => line.slice(0, line.lastIndexOf(": ")))));
    const shared = ["server.state", "server.live", "server.uptime", "server.concurrency", "server.total_connections"];
    const managers = ["listener_manager.total_listeners_active", "listener_manager.workers_started", "cluster_manager.active_clusters"];
    const updates = ["cluster_manager.cds.update_success", "listener_manager.lds.update_success", "control_plane.connected_state"];
    const clusters = [
      "upstream_rq_total",
      "upstream_cx_active",
      "upstream_cx_connect_fail",
      "upstream_rq_retry",
      "upstream_rq_pending_overflow",
      "membership_total",
    ];
    const wanted = [...shared, ...managers, ...updates, ...clusters.map((name) => `cluster.own.${name}`)];
    expect(wanted.filter((name) => our?.has(name) !== true)).toEqual([]);
    expect(wanted.filter((name) => envoy?.has(name) !== true)).toEqual([]);
  });
});
