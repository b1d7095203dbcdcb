import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import type { DataSource } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
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
import { SecretSchema } from "@fairlead/api/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb";
import { createLogger, Secret } from "@fairlead/kit";
import { until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openGrpcCall } from "../grpc-call.ts";
import { toSecretResources } from "../secret-resources.ts";
import { type SdsServer, startSdsServer } from "./sds-server.ts";

let directory: string;
let socketPath: string;
let server: SdsServer;
let client: Client;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-sds-"));
  socketPath = join(directory, "sds.sock");
  server = await startSdsServer(socketPath, createLogger({ component: "test", level: "silent" }));
  client = new Client(`unix:${socketPath}`, credentials.createInsecure());
});

afterEach(() => {
  client.close();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

const secrets = (serialNumber: string) =>
  toSecretResources({
    certificateChainPem: `chain ${serialNumber}`,
    privateKeyPem: new Secret(`key ${serialNumber}`),
    trustBundlePem: "roots",
    spiffeId: "spiffe://cluster.local/ns/default/sa/reviews",
    serialNumber,
    notBeforeMs: 0,
    notAfterMs: 1,
  });

function decode(response: DiscoveryResponse | undefined) {
  return fromBinary(SecretSchema, response?.resources[0]?.value ?? new Uint8Array());
}

function text(source: DataSource | undefined): string | undefined {
  return source?.specifier.case === "inlineBytes" ? Buffer.from(source.specifier.value).toString() : undefined;
}

function openSotw() {
  const responses: DiscoveryResponse[] = [];
  const call = openGrpcCall<DiscoveryRequest, DiscoveryResponse>({
    client,
    method: "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets",
    serialize: (message) => toBinary(DiscoveryRequestSchema, message),
    deserialize: (bytes) => fromBinary(DiscoveryResponseSchema, bytes),
    onMessage: (message) => responses.push(message),
    onEnd: () => undefined,
  });
  const send = (request: MessageInitShape<typeof DiscoveryRequestSchema>): void => call.send(create(DiscoveryRequestSchema, request));
  return { responses, send };
}

function openDelta() {
  const responses: DeltaDiscoveryResponse[] = [];
  const call = openGrpcCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse>({
    client,
    method: "/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets",
    serialize: (message) => toBinary(DeltaDiscoveryRequestSchema, message),
    deserialize: (bytes) => fromBinary(DeltaDiscoveryResponseSchema, bytes),
    onMessage: (message) => responses.push(message),
    onEnd: () => undefined,
  });
  const send = (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void =>
    call.send(create(DeltaDiscoveryRequestSchema, request));
  return { responses, send };
}

describe("the secret server", () => {
  it("listens on a socket that only this user may open", () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  it("serves key and certificate, and the roots, each to who asks for it", async () => {
    server.publish(secrets("1"));
    const [own, roots] = [openSotw(), openSotw()];
    own.send({ resourceNames: ["default"] });
    roots.send({ resourceNames: ["ROOTCA"] });
    await until("own has one response and roots has one response", () => own.responses.length === 1 && roots.responses.length === 1);
    const [certificate, bundle] = [decode(own.responses[0]), decode(roots.responses[0])];
    expect([certificate.name, bundle.name]).toEqual(["default", "ROOTCA"]);
    const pair = certificate.type.case === "tlsCertificate" ? certificate.type.value : undefined;
    expect([text(pair?.certificateChain), text(pair?.privateKey)]).toEqual(["chain 1", "key 1"]);
    expect(bundle.type.case === "validationContext" ? text(bundle.type.value.trustedCa) : undefined).toBe("roots");
  });

  it("answers once there is something to answer with", async () => {
    const stream = openSotw();
    stream.send({ resourceNames: ["default"] });
    const probe = openSotw();
    probe.send({ resourceNames: ["ROOTCA"] });
    server.publish(secrets("1"));
    await until("stream has one response and probe has one response", () => stream.responses.length === 1 && probe.responses.length === 1);
  });

  it("pushes a rotated certificate, and leaves those alone whose roots are the same", async () => {
    server.publish(secrets("1"));
    const [own, roots] = [openSotw(), openSotw()];
    own.send({ resourceNames: ["default"] });
    roots.send({ resourceNames: ["ROOTCA"] });
    await until("own has one response and roots has one response", () => own.responses.length === 1 && roots.responses.length === 1);
    server.publish(secrets("2"));
    await until("own has two responses", () => own.responses.length === 2);
    expect(own.responses.map(({ versionInfo }) => versionInfo)).toEqual(["1", "2"]);
    expect(roots.responses.length).toBe(1);
  });

  it("does not answer an acknowledgement or a refusal with the same again", async () => {
    server.publish(secrets("1"));
    const stream = openSotw();
    stream.send({ resourceNames: ["default"] });
    await until("stream has one response", () => stream.responses.length === 1);
    stream.send({ resourceNames: ["default"], versionInfo: "1", responseNonce: "1" });
    stream.send({ resourceNames: ["default"], responseNonce: "1", errorDetail: { message: "no" } });
    stream.send({ resourceNames: ["default", "ROOTCA"], responseNonce: "1" });
    await until("stream has two responses", () => stream.responses.length === 2);
    expect(stream.responses[1]?.resources.length).toBe(2);
  });

  it("speaks the incremental protocol: only what changed, and nothing the client has already", async () => {
    server.publish(secrets("1"));
    const stream = openDelta();
    stream.send({ resourceNamesSubscribe: ["default", "ROOTCA"], initialResourceVersions: { default: "1" } });
    await until("stream has one response", () => stream.responses.length === 1);
    expect(stream.responses[0]?.resources.map(({ name }) => name)).toEqual(["ROOTCA"]);
    server.publish(secrets("2"));
    await until("stream has two responses", () => stream.responses.length === 2);
    expect(stream.responses[1]?.resources.map(({ name, version }) => [name, version])).toEqual([["default", "2"]]);
    stream.send({ resourceNamesUnsubscribe: ["default"] });
    stream.send({ resourceNamesSubscribe: ["ROOTCA"] });
    await until("stream has three responses", () => stream.responses.length === 3);
    expect(stream.responses[2]?.resources.map(({ name }) => name)).toEqual(["ROOTCA"]);
  });
});
