import { expect, test } from "vitest";
import type { ProxyIdentity } from "../proxy-identity.ts";
import { RESOURCE_TYPES, type ResourceType, typeUrlOf } from "../xds/resource-type.ts";
import { NO_RESOURCES, type Resource, type XdsSnapshot } from "../xds/xds-snapshot.ts";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { deltaProtocol, type DeltaRequest } from "./delta-stream.ts";
import { ProxyStream } from "./proxy-stream.ts";
import { sotwProtocol, type SotwRequest } from "./sotw-stream.ts";

const PROXY: ProxyIdentity = {
  id: "sidecar~10.0.0.1~a.default~default.svc.cluster.local",
  kind: "sidecar",
  address: "10.0.0.1",
  name: "a",
  namespace: "default",
  serviceAccount: "a",
  labels: {},
  interception: "none",
  httpProxyPort: undefined,
  appAddress: "127.0.0.1",
  autoAddresses: undefined,
  adminAddress: "",
  engine: "",
};

function resource(type: ResourceType, name: string, version: string): Resource {
  const any = new BinaryWriter().tag(1, WireType.LengthDelimited).string(`${name}@${version}`).finish();
  const delta = new BinaryWriter().tag(1, WireType.LengthDelimited).string(version).tag(3, WireType.LengthDelimited).string(name).finish();
  return { type, name, version, any, delta, message: unreadable, origins: () => [] };
}

function unreadable(): never {
  throw new Error("nobody reads it here");
}

/** `{ cluster: { a: "1" } }`: one cluster of version 1. */
function state(content: Partial<Record<ResourceType, Readonly<Record<string, string>>>>): XdsSnapshot {
  const of = (type: ResourceType): ReadonlyMap<string, Resource> =>
    new Map(Object.entries(content[type] ?? {}).map(([name, version]) => [name, resource(type, name, version)]));
  return { cluster: of("cluster"), endpoint: of("endpoint"), listener: of("listener"), route: of("route"), "name-table": of("name-table") };
}

function short(typeUrl: string): string {
  return RESOURCE_TYPES.find((type) => typeUrlOf(type) === typeUrl) ?? typeUrl;
}

class DeltaClient {
  readonly responses: DeltaDiscoveryResponse[] = [];
  readonly stream: ProxyStream<DeltaRequest>;

  constructor() {
    const speak = deltaProtocol((bytes) => this.responses.push(fromBinary(DeltaDiscoveryResponseSchema, bytes)));
    this.stream = new ProxyStream({ proxy: PROXY, protocol: "delta", connectedAtMs: 0, speak });
  }

  subscribe(type: ResourceType, names: readonly string[], initial: Readonly<Record<string, string>> = {}): void {
    this.#send(type, { resourceNamesSubscribe: [...names], initialResourceVersions: { ...initial } });
  }

  unsubscribe(type: ResourceType, names: readonly string[]): void {
    this.#send(type, { resourceNamesUnsubscribe: [...names] });
  }

  /** Answers everything that came since the last time; says what it was: `cluster +a@1 -b`. */
  acknowledge(): readonly string[] {
    const seen: string[] = [];
    for (let response = this.responses.shift(); response !== undefined; response = this.responses.shift()) {
      const added = response.resources.map(({ name, version }) => `+${name}@${version}`);
      seen.push([short(response.typeUrl), ...added, ...response.removedResources.map((name) => `-${name}`)].join(" "));
      this.#sendUrl(response.typeUrl, { responseNonce: response.nonce });
    }
    return seen;
  }

  reject(message: string): ReturnType<ProxyStream["receive"]> {
    const response = this.responses.shift();
    return this.#sendUrl(response?.typeUrl ?? "", { responseNonce: response?.nonce ?? "", errorDetail: { code: 3, message } });
  }

  #send(type: ResourceType, fields: Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1]): void {
    this.#sendUrl(typeUrlOf(type), fields);
  }

  #sendUrl(typeUrl: string, fields: Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1]): ReturnType<ProxyStream["receive"]> {
    const message = create(DeltaDiscoveryRequestSchema, fields);
    return this.stream.receive({ message, typeUrl, nonce: message.responseNonce, rejection: message.errorDetail?.message });
  }
}

test("a client that asks for everything gets clusters before endpoints, listeners and routes, whatever it asked for first", () => {
  const client = new DeltaClient();
  client.subscribe("listener", []);
  client.subscribe("route", ["r"]);
  client.subscribe("endpoint", ["c"]);
  client.subscribe("cluster", []);
  client.stream.update(state({ cluster: { c: "1" }, endpoint: { c: "1" }, listener: { l: "1" }, route: { r: "1" } }));
  expect(client.acknowledge()).toEqual(["cluster +c@1", "endpoint +c@1", "listener +l@1", "route +r@1"]);
});

test("a push holds what changed and nothing else", () => {
  const client = new DeltaClient();
  client.subscribe("cluster", []);
  client.stream.update(state({ cluster: { a: "1", b: "1" } }));
  client.acknowledge();
  client.stream.update(state({ cluster: { a: "1", b: "2" } }));
  expect(client.acknowledge()).toEqual(["cluster +b@2"]);
  client.stream.update(state({ cluster: { a: "1", b: "2" } }));
  expect(client.acknowledge()).toEqual([]);
});

test("what is gone is taken away after everything new was sent", () => {
  const client = new DeltaClient();
  for (const type of ["cluster", "listener"] as const) client.subscribe(type, []);
  client.stream.update(state({ cluster: { old: "1" }, listener: { l: "1", gone: "1" } }));
  client.acknowledge();
  client.stream.update(state({ cluster: { new: "1" }, listener: { l: "2" } }));
  expect(client.acknowledge()).toEqual(["cluster +new@1", "listener +l@2", "cluster -old", "listener -gone"]);
});

test("a client that is slow to answer gets the newest state once it does, not every one between", () => {
  const client = new DeltaClient();
  client.subscribe("cluster", []);
  for (const version of ["1", "2", "3"]) client.stream.update(state({ cluster: { a: version } }));
  expect(client.acknowledge()).toEqual(["cluster +a@1", "cluster +a@3"]);
});

test("a client that comes back and says what it has gets the difference", () => {
  const client = new DeltaClient();
  client.subscribe("cluster", [], { same: "1", changed: "1", gone: "1" });
  client.stream.update(state({ cluster: { same: "1", changed: "2", new: "1" } }));
  expect(client.acknowledge()).toEqual(["cluster +changed@2 +new@1", "cluster -gone"]);
});

test("who subscribes to a name again gets the resource again", () => {
  const client = new DeltaClient();
  client.subscribe("endpoint", ["c"]);
  client.stream.update(state({ endpoint: { c: "1" } }));
  client.acknowledge();
  client.unsubscribe("endpoint", ["c"]);
  client.subscribe("endpoint", ["c"]);
  expect(client.acknowledge()).toEqual(["endpoint +c@1"]);
});

test("a name that is not there is answered as removed", () => {
  const client = new DeltaClient();
  client.subscribe("route", ["nowhere"]);
  client.stream.update(state({}));
  expect(client.acknowledge()).toEqual(["route -nowhere"]);
});

test("a changed cluster is followed by its endpoints, which a proxy waits for", () => {
  const client = new DeltaClient();
  client.subscribe("cluster", []);
  client.subscribe("endpoint", ["a", "b"]);
  client.stream.update(state({ cluster: { a: "1", b: "1" }, endpoint: { a: "1", b: "1" } }));
  client.acknowledge();
  client.stream.update(state({ cluster: { a: "2", b: "1" }, endpoint: { a: "1", b: "1" } }));
  expect(client.acknowledge()).toEqual(["cluster +a@2", "endpoint +a@1"]);
});

test("a rejected resource is remembered with its reason and not sent again until it changes", () => {
  const client = new DeltaClient();
  client.subscribe("listener", []);
  client.stream.update(state({ listener: { good: "1", bad: "1" } }));
  expect(client.reject("Error adding/updating listener(s) bad: no such file")).toEqual({
    type: typeUrlOf("listener"),
    resources: ["bad"],
    message: "Error adding/updating listener(s) bad: no such file",
  });
  const subscription = client.stream.subscriptionOf("listener");
  expect(subscription?.acknowledged.get("good")).toBe("1");
  expect(subscription?.rejected.get("bad")?.version).toBe("1");
  client.stream.update(state({ listener: { good: "1", bad: "1" } }));
  expect(client.acknowledge()).toEqual([]);
  client.stream.update(state({ listener: { good: "1", bad: "2" } }));
  expect(client.acknowledge()).toEqual(["listener +bad@2"]);
  expect(subscription?.rejected.size).toBe(0);
});

test("an answer to an older response changes nothing", () => {
  const client = new DeltaClient();
  client.subscribe("cluster", []);
  client.stream.update(state({ cluster: { a: "1" } }));
  const message = create(DeltaDiscoveryRequestSchema, { responseNonce: "no-such-nonce" });
  client.stream.receive({ message, typeUrl: typeUrlOf("cluster"), nonce: "no-such-nonce", rejection: undefined });
  client.stream.update(state({ cluster: { a: "2" } }));
  expect(client.acknowledge()).toEqual(["cluster +a@1", "cluster +a@2"]);
});

test("a client that asks for type after type is cut off at a bound", () => {
  const client = new DeltaClient();
  client.stream.update(NO_RESOURCES);
  const ask = (typeUrl: string): void => {
    client.stream.receive({ message: create(DeltaDiscoveryRequestSchema), typeUrl, nonce: "", rejection: undefined });
  };
  for (let index = 0; index < 1000; index += 1) ask(`type.googleapis.com/made.up.Type${index}`);
  expect(client.responses.length).toBeLessThanOrEqual(32);
});

class SotwClient {
  readonly responses: DiscoveryResponse[] = [];
  readonly stream: ProxyStream<SotwRequest>;
  readonly #names = new Map<string, readonly string[]>();

  constructor() {
    const speak = sotwProtocol((bytes) => this.responses.push(fromBinary(DiscoveryResponseSchema, bytes)));
    this.stream = new ProxyStream({ proxy: PROXY, protocol: "sotw", connectedAtMs: 0, speak });
  }

  subscribe(type: ResourceType, resourceNames: readonly string[], nonce = ""): void {
    this.#names.set(typeUrlOf(type), resourceNames);
    this.#send(typeUrlOf(type), nonce);
  }

  /** `cluster a@1 b@1`: everything in the response. */
  acknowledge(): readonly string[] {
    const seen: string[] = [];
    for (let response = this.responses.shift(); response !== undefined; response = this.responses.shift()) {
      seen.push([short(response.typeUrl), ...response.resources.map((any) => any.typeUrl)].join(" "));
      this.#send(response.typeUrl, response.nonce);
    }
    return seen;
  }

  #send(typeUrl: string, nonce: string): void {
    const message = create(DiscoveryRequestSchema, { resourceNames: [...(this.#names.get(typeUrl) ?? [])], responseNonce: nonce });
    this.stream.receive({ message, typeUrl, nonce, rejection: undefined });
  }
}

test("in the state-of-the-world protocol a response for clusters holds all of them, one for endpoints what changed", () => {
  const client = new SotwClient();
  client.subscribe("cluster", []);
  client.subscribe("endpoint", ["a", "b"]);
  client.stream.update(state({ cluster: { a: "1", b: "1" }, endpoint: { a: "1", b: "1" } }));
  expect(client.acknowledge()).toEqual(["cluster a@1 b@1", "endpoint a@1 b@1"]);
  client.stream.update(state({ cluster: { a: "1", b: "1" }, endpoint: { a: "2", b: "1" } }));
  expect(client.acknowledge()).toEqual(["endpoint a@2"]);
});

test("in the state-of-the-world protocol a cluster stays until nothing points at it any more", () => {
  const client = new SotwClient();
  client.subscribe("cluster", []);
  client.subscribe("listener", []);
  client.stream.update(state({ cluster: { old: "1" }, listener: { l: "1" } }));
  client.acknowledge();
  client.stream.update(state({ cluster: { new: "1" }, listener: { l: "2" } }));
  expect(client.acknowledge()).toEqual(["cluster new@1 old@1", "listener l@2", "cluster new@1"]);
});

test("in the state-of-the-world protocol a new name in a subscription is answered, the old ones are not repeated", () => {
  const client = new SotwClient();
  client.subscribe("route", ["a"]);
  client.stream.update(state({ route: { a: "1", b: "1" } }));
  expect(client.acknowledge()).toEqual(["route a@1"]);
  client.subscribe("route", ["a", "b"]);
  expect(client.acknowledge()).toEqual(["route b@1"]);
});

test("in the state-of-the-world protocol a client is answered even when nothing it asks for is there", () => {
  const client = new SotwClient();
  client.subscribe("endpoint", ["nowhere"]);
  client.stream.update(state({}));
  expect(client.acknowledge()).toEqual(["endpoint"]);
});
