import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { sizeDelimitedDecodeStream, sizeDelimitedEncode } from "@bufbuild/protobuf/wire";
import { DeltaDiscoveryResponseSchema } from "@fairlead/api/gen/envoy/service/discovery/v3/discovery_pb";
import { type Cancel, type Clock, type Logger, messageOf, replaceFile } from "@fairlead/kit";
import type { ResourceUpsert } from "../native/engine.ts";
import type { ResourceStore } from "./resource-store.ts";
import { TYPE_ORDER_WITH_NAMES } from "./type-urls.ts";

/** The newest good configuration on disk: what a proxy starts from while its xDS server is away. Secrets are never in it. */
export interface LastGood {
  /** What a former process of the same node has left, in the order to apply; nothing where the file is missing, damaged or another node's. */
  load(): Promise<readonly SavedType[]>;
  /** Writes the store soon; calls in quick succession are one write. */
  save(store: ResourceStore): void;
  /** Writes what `save` was told and has not been written. */
  close(): Promise<void>;
}

export interface SavedType {
  readonly typeUrl: string;
  readonly version: string;
  readonly upserts: readonly ResourceUpsert[];
}

export interface LastGoodOptions {
  readonly directory: string;
  /** Configuration of another node is not ours to serve. */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const FILE = "last-known-good.xds";
const FORMAT = "fairlead last known good 1";
const LIMIT_BYTES = 128 << 20;
/** Least time between a change and its write … */
const WRITE_DELAY_MS = 500;
/** … and longer for large configurations, so that a busy mesh costs a bounded share of the disk. */
const WRITE_BYTES_PER_MS = 1_000;

export function createLastGood(options: LastGoodOptions): LastGood {
  const { clock, logger } = options;
  const path = join(options.directory, FILE);
  let pending: ResourceStore | undefined;
  let cancel: Cancel | undefined;
  let writing: Promise<void> = Promise.resolve();
  let lastByteCount = 0;

  const write = async (): Promise<void> => {
    const store = pending;
    pending = undefined;
    if (store === undefined) return;
    try {
      const bytes = encode(store, options.nodeId);
      lastByteCount = bytes.length;
      if (bytes.length > LIMIT_BYTES)
        return logger.warn({ bytes: bytes.length, limit: LIMIT_BYTES }, "configuration is too large to keep on disk");
      await replaceFile(path, bytes, 0o600);
    } catch (error) {
      logger.warn({ err: error, path }, "cannot keep the configuration on disk");
    }
  };
  const flush = (): Promise<void> => (writing = writing.then(write));

  return {
    async load() {
      try {
        return await decode(await readFile(path), options.nodeId);
      } catch (error) {
        logger.info({ path, reason: messageOf(error) }, "no last known good configuration");
        return [];
      }
    },
    save(store) {
      if (pending === undefined) cancel = clock.after(WRITE_DELAY_MS + lastByteCount / WRITE_BYTES_PER_MS, () => void flush());
      pending = store;
    },
    close() {
      cancel?.();
      return flush();
    },
  };
}

/** `<format>\n<sha256 of the rest>\n<node id>\n`, then one size-delimited DeltaDiscoveryResponse per type. */
function encode(store: ResourceStore, nodeId: string): Buffer {
  const responses = TYPE_ORDER_WITH_NAMES.map((typeUrl) =>
    sizeDelimitedEncode(
      DeltaDiscoveryResponseSchema,
      create(DeltaDiscoveryResponseSchema, {
        typeUrl,
        systemVersionInfo: store.version(typeUrl),
        resources: store.resources(typeUrl).map(({ name, version, bytes }) => ({ name, version, resource: { typeUrl, value: bytes } })),
      }),
    ),
  );
  const body = Buffer.concat([Buffer.from(`${nodeId}\n`), ...responses]);
  return Buffer.concat([Buffer.from(`${FORMAT}\n${digest(body)}\n`), body]);
}

async function decode(file: Buffer, nodeId: string): Promise<readonly SavedType[]> {
  const [format, file1] = splitLine(file);
  const [sha256, body] = splitLine(file1);
  const [owner, messages] = splitLine(body);
  if (format !== FORMAT) throw new Error("not a file of this version");
  if (sha256 !== digest(body)) throw new Error("the file is damaged");
  if (owner !== nodeId) throw new Error(`the file belongs to node ${owner}`);
  const types: SavedType[] = [];
  for await (const response of sizeDelimitedDecodeStream(DeltaDiscoveryResponseSchema, once(messages))) {
    const upserts = response.resources.map(({ name, version, resource }) => ({
      name,
      version,
      bytes: resource?.value ?? new Uint8Array(),
    }));
    if (upserts.length > 0) types.push({ typeUrl: response.typeUrl, version: response.systemVersionInfo, upserts });
  }
  return types;
}

function splitLine(bytes: Buffer): readonly [line: string, rest: Buffer] {
  const end = bytes.indexOf("\n");
  if (end < 0) throw new Error("the file is damaged");
  return [bytes.toString("utf8", 0, end), bytes.subarray(end + 1)];
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
