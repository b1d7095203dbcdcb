import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  create,
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt";
import { CertificatesSchema } from "@fairlead/api/gen/envoy/admin/v3/certs_pb";
import { ClustersSchema } from "@fairlead/api/gen/envoy/admin/v3/clusters_pb";
import { ConfigDumpSchema, file_envoy_admin_v3_config_dump } from "@fairlead/api/gen/envoy/admin/v3/config_dump_pb";
import { file_envoy_admin_v3_config_dump_shared } from "@fairlead/api/gen/envoy/admin/v3/config_dump_shared_pb";
import { UnreadyTargetsDumpsSchema } from "@fairlead/api/gen/envoy/admin/v3/init_dump_pb";
import { ListenersSchema } from "@fairlead/api/gen/envoy/admin/v3/listeners_pb";
import { MemorySchema } from "@fairlead/api/gen/envoy/admin/v3/memory_pb";
import { ServerInfo_State, ServerInfoSchema } from "@fairlead/api/gen/envoy/admin/v3/server_info_pb";
import {
  Cluster_DiscoveryType,
  ClusterSchema,
  file_envoy_config_cluster_v3_cluster,
} from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import {
  ClusterLoadAssignmentSchema,
  file_envoy_config_endpoint_v3_endpoint,
} from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import { file_envoy_config_listener_v3_listener, ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import { file_envoy_config_route_v3_route } from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import {
  file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager as file_http_connection_manager,
  HttpConnectionManagerSchema,
} from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import {
  file_envoy_extensions_filters_http_router_v3_router,
  RouterSchema,
} from "@fairlead/api/gen/envoy/extensions/filters/http/router/v3/router_pb";
import {
  file_envoy_extensions_transport_sockets_tls_v3_tls,
  DownstreamTlsContextSchema,
} from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb";
import { HealthStatus } from "@fairlead/api/gen/envoy/config/core/v3/health_check_pb";
import { NameTableSchema } from "@fairlead/api/gen/istio/networking/nds/v1/nds_pb";
import { createLogger, FakeClock } from "@fairlead/kit";
import { createSelfSigned, until } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLUSTER, ENDPOINT, LISTENER, NAME_TABLE, ROUTE } from "../ads/type-urls.ts";
import { type App, startApp } from "../app.ts";
import { createNativeEngine } from "../native/addon.ts";
import { type FakeAdsServer, request, startFakeAdsServer } from "../testing/fake-ads-server.ts";
import { resource, routeConfiguration } from "../testing/resources.ts";
import { sidecarSettings } from "../testing/settings.ts";

/** These run on the engine itself, with resources as an xDS server sends them. */

const UNKNOWN = "type.googleapis.com/example.SecretThing";
/** What a reader of Envoy's JSON knows. */
const TYPES = createRegistry(
  file_envoy_admin_v3_config_dump,
  file_envoy_admin_v3_config_dump_shared,
  file_envoy_config_cluster_v3_cluster,
  file_envoy_config_endpoint_v3_endpoint,
  file_envoy_config_listener_v3_listener,
  file_envoy_config_route_v3_route,
  file_http_connection_manager,
  file_envoy_extensions_filters_http_router_v3_router,
  file_envoy_extensions_transport_sockets_tls_v3_tls,
);

let server: FakeAdsServer;
let directory: string;
let app: App;
let privateKeyPem: string;
const logger = createLogger({ component: "test", level: "silent" });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-admin-"));
  server = await startFakeAdsServer();
  app = await startApp({
    settings: sidecarSettings({
      stateDirectory: directory,
      pilot: { address: server.address, insecure: true },
      workers: 1,
      dnsCapture: true,
    }),
    engine: await createNativeEngine({ workers: 1, reportIntervalMs: 0 }),
    clock: new FakeClock(),
    random: () => 0.5,
    logger,
    onQuit: () => undefined,
  });
  await configure();
});

afterAll(async () => {
  await app.stop();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

const encode = <Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>): Uint8Array =>
  toBinary(schema, create(schema, init));
const socket = (portValue: number) =>
  ({
    address: { case: "socketAddress", value: { address: "127.0.0.1", portSpecifier: { case: "portValue", value: portValue } } },
  }) as const;

async function configure(): Promise<void> {
  const { certificatePem, privateKeyPem: key } = await createSelfSigned();
  privateKeyPem = key;
  const stream = await server.delta(0);
  const cluster = encode(ClusterSchema, {
    name: "backends",
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { serviceName: "backends.eds", edsConfig: { configSourceSpecifier: { case: "ads", value: {} } } },
    circuitBreakers: { thresholds: [{ maxRequests: 7 }] },
    metadata: { typedFilterMetadata: { unknown: create(AnySchema, { typeUrl: UNKNOWN, value: Buffer.from("hush") }) } },
  });
  stream.send({ typeUrl: CLUSTER, nonce: "n1", systemVersionInfo: "v1", resources: [resource(CLUSTER, "backends", "1", cluster)] });
  const assignment = encode(ClusterLoadAssignmentSchema, {
    clusterName: "backends.eds",
    endpoints: [
      {
        locality: { region: "r", zone: "z" },
        priority: 0,
        lbEndpoints: [
          { hostIdentifier: { case: "endpoint", value: { address: socket(1), hostname: "one" } }, loadBalancingWeight: 3 },
          { hostIdentifier: { case: "endpoint", value: { address: socket(2) } }, healthStatus: HealthStatus.UNHEALTHY },
        ],
      },
    ],
  });
  await request(stream, ({ resourceNamesSubscribe }) => resourceNamesSubscribe.includes("backends.eds"));
  stream.send({ typeUrl: ENDPOINT, nonce: "n2", resources: [resource(ENDPOINT, "backends.eds", "1", assignment)] });
  const listeners = [
    resource(LISTENER, "web", "1", listener("web", certificatePem, "web-routes")),
    resource(LISTENER, "waits", "1", listener("waits", certificatePem, "missing")),
    resource(LISTENER, "broken", "1", encode(ListenerSchema, { name: "broken" })),
  ];
  stream.send({ typeUrl: LISTENER, nonce: "n3", systemVersionInfo: "v1", resources: listeners });
  await request(stream, ({ resourceNamesSubscribe }) => resourceNamesSubscribe.includes("web-routes"));
  stream.send({ typeUrl: ROUTE, nonce: "n4", resources: [resource(ROUTE, "web-routes", "1", routeConfiguration("web-routes"))] });
  await request(stream, ({ responseNonce }) => responseNonce === "n4");
  const names = encode(NameTableSchema, { table: { "db.example.com": { ips: ["240.240.0.1"], registry: "External" } } });
  stream.send({ typeUrl: NAME_TABLE, nonce: "n5", resources: [resource(NAME_TABLE, "", "1", names)] });
  await request(stream, ({ responseNonce }) => responseNonce === "n5");
}

const text = (value: string) => ({ specifier: { case: "inlineString", value } }) as const;

function listener(name: string, certificatePem: string, routeConfigName: string): Uint8Array {
  const tls = create(DownstreamTlsContextSchema, {
    commonTlsContext: { tlsCertificates: [{ certificateChain: text(certificatePem), privateKey: text(privateKeyPem) }] },
  });
  const http = create(HttpConnectionManagerSchema, {
    statPrefix: name,
    routeSpecifier: { case: "rds", value: { routeConfigName, configSource: { configSourceSpecifier: { case: "ads", value: {} } } } },
    httpFilters: [{ name: "router", configType: { case: "typedConfig", value: anyPack(RouterSchema, create(RouterSchema)) } }],
  });
  return encode(ListenerSchema, {
    name,
    address: socket(0),
    filterChains: [
      {
        filters: [{ name: "http", configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, http) } }],
        transportSocket: { name: "tls", configType: { case: "typedConfig", value: anyPack(DownstreamTlsContextSchema, tls) } },
      },
    ],
  });
}

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${app.adminAddress}${path}`, init);
const post = (path: string): Promise<Response> => get(path, { method: "POST" });
const textOf = async (path: string, init?: RequestInit): Promise<string> => (await get(path, init)).text();
const configsOf = async (path: string): Promise<readonly unknown[]> => JSON.parse(await textOf(path)).configs;
/** Reads an answer as strictly as a reader of Envoy's messages can; unknown types of an `Any` are all that it forgives. */
async function read<Schema extends DescMessage>(schema: Schema, path: string): Promise<MessageShape<Schema>> {
  const json: JsonValue = JSON.parse((await textOf(path)).replaceAll(UNKNOWN, "type.googleapis.com/envoy.admin.v3.ScopedRoutesConfigDump"));
  return fromJson(schema, json, { registry: TYPES });
}

describe("/config_dump", () => {
  it("can be read as Envoy's message, one dump of each kind in Envoy's order", async () => {
    const { configs } = await read(ConfigDumpSchema, "/config_dump?include_eds");
    expect(configs.map(({ typeUrl }) => typeUrl.replace("type.googleapis.com/envoy.admin.v3.", ""))).toEqual([
      "BootstrapConfigDump",
      "ClustersConfigDump",
      "EndpointsConfigDump",
      "ListenersConfigDump",
      "ScopedRoutesConfigDump",
      "RoutesConfigDump",
      "SecretsConfigDump",
    ]);
  });

  it("has the names that are answered for who asks for them, and not for readers who know Envoy's messages only", async () => {
    expect((await configsOf("/config_dump?include_nds")).at(-1)).toEqual({
      "@type": NAME_TABLE,
      table: { "db.example.com": { ips: ["240.240.0.1"], registry: "External" } },
    });
    expect(JSON.stringify(await configsOf("/config_dump?include_eds"))).not.toContain("db.example.com");
  });

  it("shows resources as they were sent, with version and time, in the names of the proto files", async () => {
    expect(JSON.parse(await textOf("/config_dump?resource=dynamic_active_clusters"))).toMatchObject({
      configs: [
        {
          "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster",
          version_info: "1",
          last_updated: expect.stringMatching(/Z$/),
          cluster: { "@type": CLUSTER, name: "backends", type: "EDS", eds_cluster_config: { service_name: "backends.eds" } },
        },
      ],
    });
  });

  it("shows the bootstrap of an Envoy in its place, as far as there is one", async () => {
    const [config] = JSON.parse(await textOf("/config_dump?mask=bootstrap")).configs;
    expect(config.bootstrap).toMatchObject({
      node: { metadata: { NAMESPACE: "default" } },
      dynamic_resources: { ads_config: { grpc_services: [{ envoy_grpc: { cluster_name: "xds-grpc" } }] } },
      static_resources: { clusters: [{ name: "xds-grpc", type: "STATIC" }] },
    });
  });

  it("shows endpoints only when asked", async () => {
    expect(await textOf("/config_dump")).not.toContain("EndpointsConfigDump");
    const { configs } = JSON.parse(await textOf("/config_dump?resource=dynamic_endpoint_configs"));
    expect(configs).toMatchObject([{ endpoint_config: { cluster_name: "backends.eds", endpoints: [{ locality: { region: "r" } }] } }]);
  });

  it("tells listeners that serve from those that wait and from those that were refused", async () => {
    const { configs } = JSON.parse(await textOf("/config_dump?resource=dynamic_listeners"));
    expect(configs).toMatchObject([
      { name: "web", active_state: { listener: { name: "web" } } },
      { name: "waits", warming_state: { listener: { name: "waits" } } },
      { name: "broken", error_state: { details: expect.any(String), version_info: "1", last_update_attempt: expect.any(String) } },
    ]);
  });

  it("never shows a private key, wherever it is", async () => {
    const text = await textOf("/config_dump?include_eds");
    expect(text).toContain('"private_key"');
    expect(text).toContain("[redacted]");
    expect(text).not.toContain(privateKeyPem.split("\n")[1]);
  });

  it("names what is of an unknown type, and shows nothing of it", async () => {
    const text = await textOf("/config_dump");
    expect(text).toContain(UNKNOWN);
    expect(text).not.toContain(Buffer.from("hush").toString("base64"));
  });

  it("is narrowed by a mask, with a resource and without", async () => {
    const masked = JSON.parse(await textOf("/config_dump?resource=dynamic_active_clusters&mask=cluster.name"));
    expect(masked.configs).toEqual([
      { "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster", cluster: { "@type": CLUSTER, name: "backends" } },
    ]);
    const whole = JSON.parse(await textOf("/config_dump?mask=bootstrap.node.id"));
    expect(whole.configs).toEqual([
      {
        "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
        bootstrap: { node: { id: "sidecar~127.0.10.11~reviews-v1.default~default.svc.cluster.local" } },
      },
    ]);
  });

  it("is narrowed by whole names", async () => {
    expect(JSON.parse(await textOf("/config_dump?resource=dynamic_listeners&name_regex=w.b")).configs).toMatchObject([{ name: "web" }]);
    expect(JSON.parse(await textOf("/config_dump?resource=dynamic_listeners&name_regex=w")).configs).toEqual([]);
  });

  it("says what it cannot do", async () => {
    expect((await get("/config_dump?resource=nope")).status).toBe(404);
    expect((await get("/config_dump?mask=nope")).status).toBe(400);
    expect(await textOf("/config_dump?name_regex=(")).toContain('name_regex: \\"(\\" is no regular expression');
  });
});

describe("/clusters", () => {
  it("prints endpoints as Envoy does", async () => {
    const lines = (await textOf("/clusters")).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "backends::observability_name::backends",
        "backends::default_priority::max_requests::7",
        "backends::high_priority::max_retries::3",
        "backends::added_via_api::true",
        "backends::eds_service_name::backends.eds",
        "backends::127.0.0.1:1::rq_total::0",
        "backends::127.0.0.1:1::hostname::one",
        "backends::127.0.0.1:1::health_flags::healthy",
        "backends::127.0.0.1:1::weight::3",
        "backends::127.0.0.1:1::region::r",
        "backends::127.0.0.1:2::health_flags::/failed_eds_health",
      ]),
    );
  });

  it("can be read as Envoy's message", async () => {
    const { clusterStatuses } = await read(ClustersSchema, "/clusters?format=json");
    expect(clusterStatuses).toMatchObject([
      {
        name: "backends",
        addedViaApi: true,
        edsServiceName: "backends.eds",
        hostStatuses: [
          { address: socket(1), weight: 3, hostname: "one", locality: { region: "r" } },
          { healthStatus: { edsHealthStatus: HealthStatus.UNHEALTHY } },
        ],
      },
    ]);
  });

  it("refuses a format that it does not have", async () => {
    expect(await textOf("/clusters?format=xml")).toContain('format: \\"xml\\" is none of text, json');
  });
});

describe("/listeners, /init_dump, /certs, /server_info and /memory", () => {
  it("show where listeners are bound, and who waits", async () => {
    expect(await textOf("/listeners")).toMatch(/^web::127\.0\.0\.1:\d+\n$/);
    const { listenerStatuses } = await read(ListenersSchema, "/listeners?format=json");
    expect(listenerStatuses).toMatchObject([{ name: "web", localAddress: { address: { case: "socketAddress" } } }]);
    const { unreadyTargetsDumps } = await read(UnreadyTargetsDumpsSchema, "/init_dump");
    expect(unreadyTargetsDumps).toMatchObject([{ name: "listener waits", targetNames: [expect.stringContaining("missing")] }]);
  });

  it("show the certificates that listeners bring, by number and date", async () => {
    const { certificates } = await read(CertificatesSchema, "/certs");
    expect(certificates).toMatchObject([{ certChain: [{ path: "<inline>", serialNumber: expect.stringMatching(/^[0-9a-f]+$/) }] }]);
  });

  it("say who the proxy is", async () => {
    const info = await read(ServerInfoSchema, "/server_info");
    expect(info).toMatchObject({
      version: expect.stringMatching(/^fairlead\//),
      state: ServerInfo_State.INITIALIZING,
      node: { cluster: "reviews.default" },
    });
    const memory = await read(MemorySchema, "/memory");
    expect(memory.totalPhysicalBytes).toBeGreaterThan(memory.allocated / 2n);
  });
});

describe("/stats", () => {
  it("has the names that probes and dashboards for Envoy ask for", async () => {
    expect(await textOf("/stats?usedonly&filter=^(server.state|listener_manager.workers_started)$")).toBe(
      "listener_manager.workers_started: 0\nserver.state: 3\n",
    );
    expect(await textOf("/stats?filter=cluster.backends.membership")).toBe(
      "cluster.backends.membership_degraded: 0\ncluster.backends.membership_healthy: 1\ncluster.backends.membership_total: 2\n",
    );
    expect(JSON.parse(await textOf("/stats?format=json&filter=cds.update_success"))).toEqual({
      stats: [{ name: "cluster_manager.cds.update_success", value: 1 }],
    });
  });

  it("filters Prometheus' text with the heads of what is left", async () => {
    const text = await textOf("/stats/prometheus?filter=cluster_endpoints$");
    expect(text.split("\n")).toEqual([
      "# HELP fairlead_proxy_cluster_endpoints Endpoints.",
      "# TYPE fairlead_proxy_cluster_endpoints gauge",
      'fairlead_proxy_cluster_endpoints{cluster="backends"} 2',
      "",
    ]);
  });
});

describe("commands", () => {
  it("take a POST, and say so", async () => {
    const answer = await get("/quitquitquit");
    expect([answer.status, answer.headers.get("allow"), await answer.text()]).toEqual([
      405,
      "POST",
      "Method GET not allowed, POST required.\n",
    ]);
  });

  it("change the level of the log", async () => {
    expect(await (await post("/logging?level=warning")).text()).toBe("active loggers:\n  proxy: warning\n");
    expect(logger.level).toBe("warn");
    expect((await post("/logging?level=loud")).status).toBe(400);
    expect(await (await post("/logging?paths=proxy:off")).text()).toBe("active loggers:\n  proxy: off\n");
  });

  it("make probes fail, and pass again", async () => {
    const stream = await server.delta(0);
    stream.send({ typeUrl: ROUTE, nonce: "n5", resources: [resource(ROUTE, "missing", "1", routeConfiguration("missing"))] });
    await until("the proxy is ready", async () => (await get("/ready")).status === 200);
    await post("/healthcheck/fail");
    expect(await textOf("/ready")).toBe("DRAINING\n");
    await post("/healthcheck/ok");
    expect(await textOf("/ready")).toBe("LIVE\n");
  });

  it("are listed with everything else", async () => {
    const home = (await textOf("/")).trim().split("\n");
    const help = await textOf("/help");
    for (const path of home) expect(help).toContain(`  ${path}`);
    for (const path of home) expect([path, (await get(path)).status === 404]).toEqual([path, false]);
  });
});
