import { chmodSync, rmSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { SecretDiscoveryService } from "@fairlead/api/gen/envoy/service/secret/v3/sds_pb";
import type { Logger } from "@fairlead/kit";
import type { SecretResource } from "../secret-resources.ts";

/** Envoy's secret discovery service on a Unix socket: what is published reaches everyone who asked for it, also after a rotation. */
export interface SdsServer {
  publish(secrets: readonly SecretResource[]): void;
  close(): void;
}

const TYPE_URL = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
/** A proxy asks for its certificate and its roots, once per cluster and listener at worst; more streams than this are a mistake. */
const STREAM_LIMIT = 1_000;
const NAME_LIMIT = 100;

/** One client's stream: told what is published, it sends what its client asked for. */
interface Subscriber {
  push(secrets: ReadonlyMap<string, SecretResource>): void;
}

/** Listens on a socket that only this user may open. */
export async function startSdsServer(socketPath: string, logger: Logger): Promise<SdsServer> {
  const secrets = new Map<string, SecretResource>();
  const subscribers = new Set<Subscriber>();
  const server = new Server({ "grpc.max_receive_message_length": 1 << 20 });
  const service = `/${SecretDiscoveryService.typeName}`;
  const accept = <Request, Response>(
    open: (call: ServerDuplexStream<Request, Response>) => Subscriber & { receive(request: Request): void },
  ) => {
    return (call: ServerDuplexStream<Request, Response>): void => {
      if (subscribers.size >= STREAM_LIMIT) return void call.destroy(new Error("too many streams"));
      const subscriber = open(call);
      subscribers.add(subscriber);
      const end = (): void => void subscribers.delete(subscriber);
      call.on("data", (request: Request) => {
        subscriber.receive(request);
        subscriber.push(secrets);
      });
      call.on("end", () => call.end());
      for (const event of ["close", "error", "cancelled"]) call.on(event, end);
    };
  };
  server.register(
    `${service}/${SecretDiscoveryService.method.streamSecrets.name}`,
    accept((call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>) => sotwSubscriber(call, logger)),
    (message: DiscoveryResponse) => Buffer.from(toBinary(DiscoveryResponseSchema, message)),
    (bytes: Buffer) => fromBinary(DiscoveryRequestSchema, bytes),
    "bidi",
  );
  server.register(
    `${service}/${SecretDiscoveryService.method.deltaSecrets.name}`,
    accept((call: ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>) => deltaSubscriber(call, logger)),
    (message: DeltaDiscoveryResponse) => Buffer.from(toBinary(DeltaDiscoveryResponseSchema, message)),
    (bytes: Buffer) => fromBinary(DeltaDiscoveryRequestSchema, bytes),
    "bidi",
  );
  await listen(server, socketPath);
  return {
    publish(published) {
      for (const secret of published) secrets.set(secret.name, secret);
      for (const subscriber of subscribers) subscriber.push(secrets);
    },
    close() {
      server.forceShutdown();
      rmSync(socketPath, { force: true });
    },
  };
}

function sotwSubscriber(
  call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>,
  logger: Logger,
): Subscriber & { receive(request: DiscoveryRequest): void } {
  let names: readonly string[] = [];
  let sent = "";
  let nonce = 0;
  return {
    receive(request) {
      names = request.resourceNames.slice(0, NAME_LIMIT);
      noteRefusal(request, logger);
    },
    push(secrets) {
      const wanted = names.flatMap((name) => secrets.get(name) ?? []);
      // What is there already, in this very version, is not sent again: neither after an ACK nor after a NACK.
      const key = wanted.map(({ name, version }) => `${name}@${version}`).join();
      if (key === sent || wanted.length === 0) return;
      sent = key;
      nonce += 1;
      call.write(
        create(DiscoveryResponseSchema, {
          typeUrl: TYPE_URL,
          versionInfo: wanted[0]?.version ?? "",
          nonce: String(nonce),
          resources: wanted.map(({ bytes }) => ({ typeUrl: TYPE_URL, value: bytes })),
        }),
      );
    },
  };
}

function deltaSubscriber(
  call: ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>,
  logger: Logger,
): Subscriber & { receive(request: DeltaDiscoveryRequest): void } {
  const versions = new Map<string, string>();
  let nonce = 0;
  return {
    receive(request) {
      for (const name of request.resourceNamesSubscribe.slice(0, NAME_LIMIT - versions.size)) {
        versions.set(name, request.initialResourceVersions[name] ?? "");
      }
      for (const name of request.resourceNamesUnsubscribe) versions.delete(name);
      noteRefusal(request, logger);
    },
    push(secrets) {
      const wanted = [...versions].flatMap(([name, version]) => {
        const secret = secrets.get(name);
        return secret === undefined || secret.version === version ? [] : [secret];
      });
      if (wanted.length === 0) return;
      for (const { name, version } of wanted) versions.set(name, version);
      nonce += 1;
      call.write(
        create(DeltaDiscoveryResponseSchema, {
          typeUrl: TYPE_URL,
          systemVersionInfo: wanted[0]?.version ?? "",
          nonce: String(nonce),
          resources: wanted.map(({ name, version, bytes }) => ({ name, version, resource: { typeUrl: TYPE_URL, value: bytes } })),
        }),
      );
    },
  };
}

function noteRefusal({ errorDetail }: DiscoveryRequest | DeltaDiscoveryRequest, logger: Logger): void {
  if (errorDetail !== undefined) logger.error({ reason: errorDetail.message.slice(0, 1_000) }, "the proxy refused a secret");
}

async function listen(server: Server, socketPath: string): Promise<void> {
  // Left by a process that was killed.
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error))),
  );
  chmodSync(socketPath, 0o600);
}
