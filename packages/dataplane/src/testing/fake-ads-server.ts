import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type handleBidiStreamingCall, Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { until } from "@fairlead/testkit";

/** Everything is in this process: what comes, comes at once. */
const FAST = { intervalMs: 1 };

/** One stream that a client has opened. */
export interface FakeStream<Request, Response> {
  readonly requests: Request[];
  send(response: Response): void;
  /** Ends the stream as a dying server does. */
  fail(): void;
}

export type DeltaStream = FakeStream<DeltaDiscoveryRequest, MessageInitShape<typeof DeltaDiscoveryResponseSchema>>;
export type SotwStream = FakeStream<DiscoveryRequest, MessageInitShape<typeof DiscoveryResponseSchema>>;

/** A real gRPC server on loopback whose answers the test gives. */
export interface FakeAdsServer {
  readonly address: string;
  readonly deltaStreams: DeltaStream[];
  readonly sotwStreams: SotwStream[];
  /** Waits for the stream with this number, counted from 0. */
  delta(index: number): Promise<DeltaStream>;
  sotw(index: number): Promise<SotwStream>;
  close(): void;
}

/** Listens on a port of 127.0.0.1, a free one unless `port` says which. */
export async function startFakeAdsServer(port = 0): Promise<FakeAdsServer> {
  const deltaStreams: DeltaStream[] = [];
  const sotwStreams: SotwStream[] = [];
  const server = new Server();
  const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
  server.register(
    `${service}/DeltaAggregatedResources`,
    collectStreams(DeltaDiscoveryResponseSchema, deltaStreams),
    serializer(DeltaDiscoveryResponseSchema),
    (bytes: Buffer) => fromBinary(DeltaDiscoveryRequestSchema, bytes),
    "bidi",
  );
  server.register(
    `${service}/StreamAggregatedResources`,
    collectStreams(DiscoveryResponseSchema, sotwStreams),
    serializer(DiscoveryResponseSchema),
    (bytes: Buffer) => fromBinary(DiscoveryRequestSchema, bytes),
    "bidi",
  );
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, result) => (error ? reject(error) : resolve(result))),
  );
  return {
    address: `127.0.0.1:${bound}`,
    deltaStreams,
    sotwStreams,
    delta: (index) => until(`delta stream ${index} is open`, () => deltaStreams[index], FAST),
    sotw: (index) => until(`state-of-the-world stream ${index} is open`, () => sotwStreams[index], FAST),
    close: () => server.forceShutdown(),
  };
}

/** Waits until the stream's client has sent a request that `accepts` agrees to. */
export function request<Request, Response>(
  stream: FakeStream<Request, Response>,
  accepts: (request: Request) => boolean,
): Promise<Request> {
  return until("the request has come", () => stream.requests.find(accepts), FAST);
}

function serializer<Desc extends DescMessage>(desc: Desc): (message: MessageShape<Desc>) => Buffer {
  return (message) => Buffer.from(toBinary(desc, message));
}

function collectStreams<Request, Desc extends DescMessage>(
  desc: Desc,
  streams: FakeStream<Request, MessageInitShape<Desc>>[],
): handleBidiStreamingCall<Request, MessageShape<Desc>> {
  return (call: ServerDuplexStream<Request, MessageShape<Desc>>) => {
    const requests: Request[] = [];
    call.on("data", (message: Request) => requests.push(message));
    call.on("error", () => undefined);
    call.on("end", () => call.end());
    streams.push({
      requests,
      send: (response) => void call.write(create(desc, response)),
      fail: () => void call.emit("error", { code: status.UNAVAILABLE, details: "the server is restarted" }),
    });
  };
}
