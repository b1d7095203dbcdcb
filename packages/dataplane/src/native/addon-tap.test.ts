import { create, toBinary } from "@bufbuild/protobuf";
import { OutputSink_Format, TapConfigSchema } from "@fairlead/api/gen/envoy/config/tap/v3/common_pb";
import { freePort } from "@fairlead/testkit";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createNativeEngine } from "./addon.ts";
import type { Engine, EngineProblem } from "./engine.ts";

/** These run on the engine itself. */

const CONFIG = toBinary(
  TapConfigSchema,
  create(TapConfigSchema, {
    match: { rule: { case: "httpRequestHeadersMatch", value: { headers: [{ name: "x-mine" }] } } },
    outputConfig: {
      sinks: [{ format: OutputSink_Format.JSON_BODY_AS_STRING, outputSinkType: { case: "streamingAdmin", value: {} } }],
    },
  }),
);

let engine: Engine;
let url: string;
let problems: readonly EngineProblem[];

beforeEach(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  engine = await createNativeEngine({ workers: 1, reportIntervalMs: 0 });
  const routes = {
    inline: { virtualHosts: [{ name: "all", domains: ["*"], routes: [{ action: { directResponse: { status: 200, body: "hi" } } }] }] },
  };
  problems = await engine.applyConfig(
    JSON.stringify({ listeners: [{ name: "web", address, filterChains: [{ filters: [{ httpConnectionManager: { routes } }] }] }] }),
  );
  url = `http://${address}/`;
});
afterEach(() => engine.stop());

it("hands on the requests that an operator wants to see, until that ends", async () => {
  expect(problems).toEqual([]);
  const traces: string[] = [];
  const end = engine.startTap({ configId: "fairlead", config: CONFIG, showsSecrets: false }, (trace) =>
    traces.push(new TextDecoder().decode(trace)),
  );
  await fetch(`${url}other`);
  await fetch(`${url}mine`, { headers: { "x-mine": "1", cookie: "id=1" } });
  await vi.waitFor(() => expect(traces).toHaveLength(1));
  const { request, response } = JSON.parse(traces[0] ?? "{}").http_buffered_trace;
  expect(request.headers).toContainEqual({ key: ":path", value: "/mine" });
  expect(request.headers).toContainEqual({ key: "cookie", value: "[redacted]" });
  expect(response).toMatchObject({ headers: expect.arrayContaining([{ key: ":status", value: "200" }]), body: { as_string: "hi" } });
  end();
  await fetch(`${url}mine`, { headers: { "x-mine": "1" } });
  const again = engine.startTap({ configId: "fairlead", config: CONFIG, showsSecrets: true }, () => undefined);
  again();
  expect(traces).toHaveLength(1);
});

it("says what is wrong with what is asked for", () => {
  expect(ask("mine", CONFIG)).toThrow(expect.objectContaining({ code: "cannot-tap", message: 'no filter has the config_id "mine"' }));
  expect(ask("fairlead", new Uint8Array())).toThrow(expect.objectContaining({ code: "cannot-tap", fault: "caller" }));
});

function ask(configId: string, config: Uint8Array): () => unknown {
  return () => engine.startTap({ configId, config, showsSecrets: false }, () => undefined);
}
