import { defineFilter, type FilterJson } from "@fairlead/dataplane/filter";

/** Lets in who has a key, tells the upstream and the log who it is, and counts what each may still do. */

interface Config {
  /** Clients by their keys. */
  readonly clients: ReadonlyMap<string, string>;
  /** Requests that each client may make in a minute. */
  readonly perMinute: number;
}

const NAMESPACE = "samples.api-key";
const MINUTE_MS = 60_000;

/** Of this thread: with several threads each has its own. */
const used = new Map<string, { minute: number; count: number }>();

export const filter = defineFilter<Config>({
  parseConfig,
  onRequest(request, { config, setMetadata }) {
    const client = config.clients.get(request.headers.get("x-api-key") ?? "");
    if (client === undefined) return { status: 401, headers: { "www-authenticate": "ApiKey" }, body: "an x-api-key is needed\n" };
    const left = config.perMinute - countOf(client);
    setMetadata(NAMESPACE, { client, left });
    if (left < 0) return { status: 429, headers: { "retry-after": "60" }, body: "enough for this minute\n" };
    request.headers.delete("x-api-key");
    request.headers.set("x-client", client);
    return undefined;
  },
  onResponse(response, { metadata }) {
    const known = metadata[NAMESPACE];
    if (isObject(known) && typeof known["left"] === "number") response.headers.set("x-requests-left", `${known["left"]}`);
  },
});

function countOf(client: string): number {
  const minute = Math.floor((performance.timeOrigin + performance.now()) / MINUTE_MS);
  const before = used.get(client);
  const count = before?.minute === minute ? before.count + 1 : 1;
  used.set(client, { minute, count });
  return count;
}

function parseConfig(config: FilterJson | undefined): Config {
  if (!isObject(config)) throw new TypeError("write { clients: { key: name }, perMinute }");
  const { clients, perMinute } = config;
  if (!isObject(clients)) throw new TypeError("clients: write { key: name }");
  if (typeof perMinute !== "number" || perMinute < 1) throw new TypeError(`perMinute: ${JSON.stringify(perMinute)} is no number from 1 on`);
  return { clients: new Map(Object.entries(clients).map(([key, name]) => [key, clientName(key, name)])), perMinute };
}

function clientName(key: string, name: FilterJson): string {
  if (typeof name !== "string") throw new TypeError(`clients.${key}: ${JSON.stringify(name)} is no name`);
  return name;
}

function isObject(value: FilterJson | undefined): value is { readonly [key: string]: FilterJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
