import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { ReadableResource } from "../offline.ts";

/** Certificates in place of the files that a configuration names. */
export interface TestFiles {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const HTTP2 = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: { http2_protocol_options: {} },
  },
};

/**
 * A bootstrap that has all of a proxy's resources in it, for `envoy --mode validate`: route tables stand inside the listeners that name them, tables that
 * nothing names inside a listener of their own.
 */
export function toStaticBootstrap(resources: readonly ReadableResource[], files: TestFiles): JsonObject {
  const ofType = (type: ReadableResource["type"]): JsonObject[] =>
    resources.filter((resource) => resource.type === type).map(({ resource }) => resource);
  const tables = new Map(resources.filter(({ type }) => type === "route").map(({ name, resource }) => [name, resource]));
  const fill = (value: JsonValue): JsonValue => withTables(withFiles(value, files), tables);
  return {
    node: { id: "sidecar~10.0.0.1~test.default~default.svc.cluster.local", cluster: "test" },
    bootstrap_extensions: [
      {
        name: "envoy.bootstrap.internal_listener",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener" },
      },
    ],
    dynamic_resources: {
      ads_config: { api_type: "DELTA_GRPC", transport_api_version: "V3", grpc_services: [{ envoy_grpc: { cluster_name: "xds-grpc" } }] },
    },
    static_resources: {
      listeners: ofType("listener").map(fill),
      clusters: [...ofType("cluster").map(fill), grpcCluster("xds-grpc"), grpcCluster("sds-grpc")],
    },
  };
}

function grpcCluster(name: string): JsonObject {
  const address = { socket_address: { address: "127.0.0.1", port_value: 1 } };
  return {
    name,
    type: "STATIC",
    typed_extension_protocol_options: HTTP2,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

function withTables(value: JsonValue, tables: ReadonlyMap<string, JsonObject>): JsonValue {
  return mapObjects(value, ({ rds, ...rest }) => {
    if (rds === undefined) return undefined;
    const name = isObject(rds) && typeof rds.route_config_name === "string" ? rds.route_config_name : "";
    return { ...rest, route_config: tables.get(name) ?? { name } };
  });
}

function withFiles(value: JsonValue, { certificatePem, privateKeyPem }: TestFiles): JsonValue {
  // There is no list of revoked certificates among the test's files.
  const trusting = mapObjects(value, ({ crl, ...rest }) => (crl === undefined ? undefined : rest));
  return mapObjects(trusting, ({ filename }) =>
    typeof filename === "string" ? { inline_string: filename.includes("key") ? privateKeyPem : certificatePem } : undefined,
  );
}

/** Replaces every object, wherever it is, for which `replace` has something else. */
function mapObjects(value: JsonValue, replace: (object: JsonObject) => JsonObject | undefined): JsonValue {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, replace));
  if (!isObject(value)) return value;
  const replaced = replace(value) ?? value;
  return Object.fromEntries(Object.entries(replaced).map(([key, child]) => [key, mapObjects(child, replace)]));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
