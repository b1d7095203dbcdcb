import type { PeerCertificate } from "node:tls";
import { type Clock, failure, type Logger, messageOf, type Result, type SpiffeId, success } from "@fairlead/kit";
import { Server, type ServerCredentials, type ServerDuplexStream, type ServiceDefinition, status } from "@grpc/grpc-js";
import type { Node } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { parseProxyIdentity, type ProxyIdentity } from "../proxy-identity.ts";
import type { XdsSnapshot } from "../xds/xds-snapshot.ts";
import { type DeltaRequest, deltaProtocol, readDeltaRequest } from "./delta-stream.ts";
import { authorizePeer } from "./peer-auth.ts";
import { ProxyStream, type StreamProtocol, type StreamRequest } from "./proxy-stream.ts";
import { createPushQueue, type PushQueue } from "./push-queue.ts";
import { readSotwRequest, sotwProtocol, type SotwRequest } from "./sotw-stream.ts";

/** A call as far as its caller has to be known. */
export interface PeerCall {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}

export interface AdsServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trustDomain: string;
  /** What a proxy should run now; undefined as long as nobody knows. */
  readonly configure: (proxy: ProxyIdentity) => XdsSnapshot | undefined;
  readonly events: AdsEvents;
}

/** What happens, for metrics. */
export interface AdsEvents {
  readonly connected: (proxy: ProxyIdentity) => void;
  readonly disconnected: (proxy: ProxyIdentity) => void;
  readonly pushed: (bytes: number) => void;
  readonly rejected: (typeUrl: string) => void;
  readonly refused: () => void;
}

/** Who may connect: callers whose certificate `peer` reads, or, on a plaintext address, anybody. */
export type PeerCheck =
  | { readonly kind: "certificate"; readonly peer: (call: PeerCall) => Result<SpiffeId, string> }
  | { readonly kind: "none" };

const MAX_STREAMS = 20_000;
const MAX_STREAMS_PER_CONNECTION = 100;
const MAX_REQUEST_BYTES = 4 << 20;
const FIRST_REQUEST_TIMEOUT_MS = 15_000;
/** A certificate is looked at when a connection begins, so none lasts for ever; gRPC spreads the ends by a tenth. */
const MAX_CONNECTION_AGE_MS = 3_600_000;
const CONNECTION_GRACE_MS = 10_000;
const KEEPALIVE_INTERVAL_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

/** Serves proxies their configuration over Envoy's aggregated discovery service, in both protocols. */
export class AdsServer {
  readonly #options: AdsServerOptions;
  readonly #streams = new Set<ProxyStream>();
  readonly #queue: PushQueue<ProxyStream>;
  readonly #servers: Server[] = [];
  #open = 0;

  constructor(options: AdsServerOptions) {
    this.#options = options;
    this.#queue = createPushQueue({ clock: options.clock, push: (stream: ProxyStream) => this.#push(stream) });
  }

  /** Proxies that are connected and known. */
  get streams(): readonly ProxyStream[] {
    return [...this.#streams];
  }

  /** Clients that wait for a push. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Gives every proxy what it should run by now. */
  pushAll(): void {
    for (const stream of this.#streams) this.#queue.add(stream);
  }

  /** Starts to listen; answers `host:port` with the port it got. */
  async listen(address: string, credentials: ServerCredentials, check: PeerCheck): Promise<string> {
    const server = new Server({
      "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
      "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
      "grpc.max_connection_age_ms": MAX_CONNECTION_AGE_MS,
      "grpc.max_connection_age_grace_ms": CONNECTION_GRACE_MS,
      "grpc.keepalive_time_ms": KEEPALIVE_INTERVAL_MS,
      "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    });
    server.addService(ADS_SERVICE, {
      DeltaAggregatedResources: (call: Call) =>
        this.#serve<DeltaRequest>(call, check, { protocol: "delta", read: readDeltaRequest, speak: deltaProtocol }),
      StreamAggregatedResources: (call: Call) =>
        this.#serve<SotwRequest>(call, check, { protocol: "sotw", read: readSotwRequest, speak: sotwProtocol }),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    this.#servers.push(server);
    return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
  }

  close(): void {
    // Proxies keep what they run and look for another Pilot; nothing is gained by waiting for them.
    for (const server of this.#servers) server.forceShutdown();
  }

  #push(stream: ProxyStream): void {
    if (!this.#streams.has(stream)) return;
    const snapshot = this.#options.configure(stream.proxy);
    if (snapshot !== undefined) stream.update(snapshot);
  }

  #serve<Request extends StreamRequest & { readonly message: { readonly node?: Node | undefined } }>(
    call: Call,
    check: PeerCheck,
    dialect: Dialect<Request>,
  ): void {
    const { clock, logger, events } = this.#options;
    const refuse = (code: status, reason: string): void => {
      events.refused();
      logger.warn({ peer: call.getPeer(), reason }, "discovery stream refused");
      cancelWait();
      call.emit("error", { code, details: reason });
    };
    let stream: ProxyStream<Request> | undefined;
    let isOver = false;
    const cancelWait = clock.after(FIRST_REQUEST_TIMEOUT_MS, () => {
      if (stream === undefined) refuse(status.DEADLINE_EXCEEDED, "no request came");
    });
    const peer = check.kind === "none" ? undefined : check.peer(call);
    if (peer !== undefined && !peer.ok) return refuse(status.UNAUTHENTICATED, peer.error);
    if (this.#open >= MAX_STREAMS) return refuse(status.RESOURCE_EXHAUSTED, `more than ${MAX_STREAMS} streams`);
    this.#open += 1;

    const write = (response: Uint8Array): void => {
      events.pushed(response.length);
      call.write(response);
    };
    const open = (request: Request): ProxyStream<Request> | undefined => {
      const proxy = this.#identify(request.message.node, peer?.ok === true ? peer.value : undefined);
      if (!proxy.ok) {
        refuse(proxy.error.code, proxy.error.reason);
        return undefined;
      }
      cancelWait();
      const opened = new ProxyStream<Request>({
        proxy: proxy.value,
        protocol: dialect.protocol,
        connectedAtMs: clock.now(),
        speak: dialect.speak(write),
      });
      this.#streams.add(opened);
      this.#queue.add(opened);
      events.connected(proxy.value);
      logger.info({ node: proxy.value.id, engine: proxy.value.engine, protocol: dialect.protocol }, "proxy connected");
      return opened;
    };
    call.on("data", (bytes: Uint8Array) => {
      // What a refused caller had sent already is not listened to.
      if (isOver) return;
      try {
        const request = dialect.read(bytes);
        stream ??= open(request);
        const rejected = stream?.receive(request);
        if (rejected === undefined) return;
        events.rejected(rejected.type);
        logger.error(
          { node: stream?.proxy.id, type: rejected.type, resources: rejected.resources, reason: rejected.message },
          "proxy rejected its configuration",
        );
      } catch (error) {
        refuse(status.INVALID_ARGUMENT, `malformed discovery request: ${messageOf(error)}`);
      }
    });
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      cancelWait();
      this.#open -= 1;
      if (stream === undefined) return;
      this.#streams.delete(stream);
      this.#queue.delete(stream);
      events.disconnected(stream.proxy);
      logger.info({ node: stream.proxy.id }, "proxy disconnected");
    };
    call.on("end", () => {
      call.end();
      end();
    });
    call.on("cancelled", end);
    call.on("close", end);
    call.on("error", end);
  }

  #identify(node: Node | undefined, peer: SpiffeId | undefined): Result<ProxyIdentity, { readonly code: status; readonly reason: string }> {
    if (node === undefined) return failure({ code: status.INVALID_ARGUMENT, reason: "the first request names no node" });
    const proxy = parseProxyIdentity(node);
    if (!proxy.ok) return failure({ code: status.INVALID_ARGUMENT, reason: proxy.error });
    const allowed = peer === undefined ? success(true) : authorizePeer(peer, proxy.value, this.#options.trustDomain);
    return allowed.ok ? proxy : failure({ code: status.PERMISSION_DENIED, reason: allowed.error });
  }
}

type Call = ServerDuplexStream<Uint8Array, Uint8Array>;

interface Dialect<Request extends StreamRequest> {
  readonly protocol: "delta" | "sotw";
  readonly read: (bytes: Uint8Array) => Request;
  readonly speak: (write: (response: Uint8Array) => void) => StreamProtocol<Request>;
}

const SERVICE_PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService";

/** Messages stay bytes here: requests are decoded once their kind is known, responses are put together from what is encoded already. */
const ADS_SERVICE: ServiceDefinition = Object.fromEntries(
  ["StreamAggregatedResources", "DeltaAggregatedResources"].map((method) => [
    method,
    {
      path: `${SERVICE_PATH}/${method}`,
      requestStream: true,
      responseStream: true,
      requestDeserialize: (bytes: Buffer): Uint8Array => bytes,
      requestSerialize: (bytes: Uint8Array): Buffer => Buffer.from(bytes),
      responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
      responseSerialize: (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    },
  ]),
);
