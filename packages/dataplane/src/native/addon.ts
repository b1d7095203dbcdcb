import type { ProxyExplanation } from "@fairlead/api";
import type * as NativeAddon from "@fairlead/dataplane-native";
import { messageOf } from "@fairlead/kit";
import { toBuffer } from "../buffer.ts";
import type { Engine, EngineBootstrap } from "./engine.ts";
import { ProxyError, type ProxyErrorCode } from "./errors.ts";

type Addon = typeof NativeAddon;

/** Starts the native engine: its threads run, nothing listens before the first configuration. */
export async function createNativeEngine(bootstrap: EngineBootstrap): Promise<Engine> {
  const addon = await loadAddon();
  // Held by every function below: the engine stops when nobody holds it any more.
  const handle = typed(() => addon.createProxy(JSON.stringify(bootstrap)));
  return {
    applyXds: (typeUrl, upserts, removed) =>
      typedAsync(() =>
        addon.applyXds(
          handle,
          typeUrl,
          upserts.map(({ name, version, bytes }) => ({ name, version, bytes: toBuffer(bytes) })),
          [...removed],
        ),
      ),
    applyConfig: (json) => typedAsync(() => addon.applyConfig(handle, json)),
    drain: (deadlineMs, scope) => typedAsync(() => addon.drain(handle, deadlineMs, scope === "inbound")),
    stop: () => typedAsync(() => addon.stop(handle)),
    stats: () => typedAsync(() => addon.readStats(handle)),
    reopenLogs: () => typedAsync(() => addon.reopenLogs(handle)),
    onReport: (listener) => typed(() => addon.onEvents(handle, listener)),
    explain: (request) => typedAsync(async () => parseExplanation(await addon.explain(handle, JSON.stringify(request)))),
    dumpConfig: () => typedAsync(async () => parseObject(await addon.dumpConfig(handle))),
    startTap: ({ configId, config, showsSecrets }, listener) => {
      const number = typed(() => addon.startTap(handle, { configId, config: toBuffer(config), showsSecrets }, listener));
      return () => typed(() => addon.endTap(handle, number));
    },
    isReady: () => addon.isReady(handle),
    isHandedOver: () => addon.isHandedOver(handle),
    proxyNumber: () => typed(() => addon.proxyNumber(handle)),
    onFilterThreadHang: (listener) => typed(() => addon.onFilterThreadHang(handle, listener)),
  };
}

/** Loaded when first needed, so that tools which only need types start without it. */
async function loadAddon(): Promise<Addon> {
  try {
    return await import("@fairlead/dataplane-native");
  } catch (error) {
    const reason = messageOf(error);
    throw new ProxyError(
      "engine-unavailable",
      `the native engine cannot be loaded: ${reason}; was it built for ${process.arch}-${process.platform}?`,
      {
        cause: error,
      },
    );
  }
}

function typed<Value>(call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    throw toProxyError(error);
  }
}

async function typedAsync<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    throw toProxyError(error);
  }
}

/** Codes of the boundary (BOUNDARY.md in dataplane-native). */
const NATIVE_CODES: ReadonlySet<string> = new Set<ProxyErrorCode>(["start-failed", "stopped", "cannot-explain", "cannot-tap", "internal"]);

function toProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  const code = error instanceof Error && "code" in error && isNativeCode(error.code) ? error.code : "internal";
  return new ProxyError(code, messageOf(error), { cause: error });
}

function isNativeCode(code: unknown): code is ProxyErrorCode {
  return typeof code === "string" && NATIVE_CODES.has(code);
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  if (!isObject(value)) throw new ProxyError("internal", "the engine answered JSON that is no object");
  return value;
}

function parseExplanation(json: string): ProxyExplanation {
  const value = parseObject(json);
  if (!isExplanation(value)) throw new ProxyError("internal", "the engine answered an explanation without decisions");
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The engine is ours and of the same version: what tells an explanation from something else is enough. */
function isExplanation(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & ProxyExplanation {
  return Array.isArray(value["decisions"]);
}
