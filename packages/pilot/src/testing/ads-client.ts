import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { type ChannelCredentials, Client, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import type { ResourceType } from "../xds/resource-type.ts";
import { typeUrlOf } from "../xds/resource-type.ts";

const PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** A proxy as far as Pilot sees one: it subscribes, remembers what it is sent, and acknowledges. */
export class TestAdsClient {
  /** Version by name, by type. */
  readonly resources = new Map<string, Map<string, string>>();
  readonly bytes = new Map<string, Uint8Array>();
  error: ServiceError | undefined;
  /** Resources per response, to see what a push held. */
  readonly received: (readonly string[])[] = [];
  readonly #client: Client;
  readonly #call: ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

  constructor(options: {
    readonly address: string;
    readonly credentials: ChannelCredentials;
    readonly node: NonNullable<DeltaDiscoveryRequest["node"]>;
  }) {
    this.#client = new Client(options.address, options.credentials, {
      "grpc.ssl_target_name_override": "pilot.test",
      "grpc.default_authority": "pilot.test",
    });
    this.#call = this.#client.makeBidiStreamRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
      PATH,
      (request) => Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request)),
      (bytes) => fromBinary(DeltaDiscoveryResponseSchema, bytes),
    );
    this.#call.on("data", (response: DeltaDiscoveryResponse) => this.#take(response));
    this.#call.on("error", (error: ServiceError) => (this.error = error));
    for (const type of ["cluster", "listener"] as const) {
      this.#call.write(create(DeltaDiscoveryRequestSchema, { node: options.node, typeUrl: typeUrlOf(type) }));
    }
  }

  subscribe(type: ResourceType, names: readonly string[]): void {
    this.#call.write(create(DeltaDiscoveryRequestSchema, { typeUrl: typeUrlOf(type), resourceNamesSubscribe: [...names] }));
  }

  names(type: ResourceType): readonly string[] {
    return [...(this.resources.get(typeUrlOf(type))?.keys() ?? [])];
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  #take(response: DeltaDiscoveryResponse): void {
    const known = this.resources.get(response.typeUrl) ?? new Map<string, string>();
    this.resources.set(response.typeUrl, known);
    for (const { name, version, resource } of response.resources) {
      known.set(name, version);
      if (resource !== undefined) this.bytes.set(name, resource.value);
    }
    for (const name of response.removedResources) known.delete(name);
    this.received.push(response.resources.map(({ name }) => name));
    this.#call.write(create(DeltaDiscoveryRequestSchema, { typeUrl: response.typeUrl, responseNonce: response.nonce }));
  }
}
