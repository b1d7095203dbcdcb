import { createRegistry, create, fromJson, fromBinary, type DescMessage, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import { ListenerSchema } from "@fairlead/api/gen/envoy/config/listener/v3/listener_pb";
import { RouteConfigurationSchema } from "@fairlead/api/gen/envoy/config/route/v3/route_pb";
import { RouterSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/router/v3/router_pb";
import { HttpConnectionManagerSchema } from "@fairlead/api/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";

/** Everything that a proxy gets, as JSON in the names of the proto files. */
export interface Resources {
  readonly clusters: readonly JsonObject[];
  readonly assignments: readonly JsonObject[];
  readonly listeners: readonly JsonObject[];
  readonly routes: readonly JsonObject[];
}

const SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";

/** An xDS server (state of the world) on loopback whose resources never change. */
export async function startXdsServer(resources: Resources): Promise<AsyncDisposable & { readonly port: number }> {
  const registry = createRegistry(HttpConnectionManagerSchema, RouterSchema);
  const pack = (schema: DescMessage, list: readonly JsonObject[]): readonly [string, readonly Any[]] => [
    `type.googleapis.com/${schema.typeName}`,
    list.map((json) => anyPack(schema, fromJson(schema, json, { registry }))),
  ];
  const byType = new Map([
    pack(ClusterSchema, resources.clusters),
    pack(ClusterLoadAssignmentSchema, resources.assignments),
    pack(ListenerSchema, resources.listeners),
    pack(RouteConfigurationSchema, resources.routes),
  ]);
  const server = new Server();
  const handle = (stream: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>): void => {
    stream.on("data", ({ typeUrl, responseNonce, errorDetail }: DiscoveryRequest) => {
      if (errorDetail !== undefined) stream.destroy(new Error(`${typeUrl} was refused: ${errorDetail.message}`));
      // A second request of a type is the answer to our response.
      else if (responseNonce === "")
        stream.write(
          create(DiscoveryResponseSchema, { typeUrl, versionInfo: "1", nonce: typeUrl, resources: [...(byType.get(typeUrl) ?? [])] }),
        );
    });
    stream.on("end", () => stream.end());
    stream.on("error", () => undefined);
  };
  server.register(
    SERVICE,
    handle,
    (response: DiscoveryResponse) => Buffer.from(toBinary(DiscoveryResponseSchema, response)),
    (bytes: Buffer) => fromBinary(DiscoveryRequestSchema, bytes),
    "bidi",
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
