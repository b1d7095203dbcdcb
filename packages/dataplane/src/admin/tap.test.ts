import { createMonitoring, FakeClock, type Monitoring } from "@fairlead/kit";
import { fromBinary } from "@bufbuild/protobuf";
import { TapConfigSchema } from "@fairlead/api/gen/envoy/config/tap/v3/common_pb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProxyError } from "../native/errors.ts";
import { FakeEngine } from "../testing/fake-engine.ts";
import { guard } from "./guard.ts";
import { addTap } from "./tap.ts";

const ANY = { any_match: true };
const STREAMING = { config_id: "fairlead", tap_config: { match: ANY, output_config: { sinks: [{ streaming_admin: {} }] } } };
const together = (maxTraces: number, timeout?: string) => ({
  configId: "fairlead",
  tapConfig: { match: { anyMatch: true }, outputConfig: { sinks: [{ bufferedAdmin: { maxTraces, timeout } }] } },
});

let engine: FakeEngine;
let clock: FakeClock;
let server: Monitoring;
let address: string;

beforeEach(async () => {
  engine = new FakeEngine();
  clock = new FakeClock();
  server = createMonitoring({ address: "127.0.0.1:0", isReady: () => true });
  guard(server.server);
  addTap(server.server, { engine, clock });
  address = await server.listen();
});
afterEach(() => server.close());

const ask = (body: unknown, query = "", signal?: AbortSignal): Promise<Response> =>
  fetch(`${address}/tap${query}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
    ...(signal === undefined ? {} : { signal }),
  });
const record = (line: string): void => engine.taps.forEach(({ listener }) => listener(Buffer.from(line)));

describe("POST /tap", () => {
  it("answers with what is recorded as it comes, and ends that when the client goes", async () => {
    const client = new AbortController();
    const answer = await ask(STREAMING, "", client.signal);
    expect(answer.status).toBe(200);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const line of ['{"a":1}\n', '{"b":2}\n']) {
      record(line);
      expect((await reader?.read())?.value).toBe(line);
    }
    client.abort();
    await vi.waitFor(() => expect(engine.taps).toEqual([]));
  });

  it("asks the engine for what the client wants, in either spelling of its fields", async () => {
    const client = new AbortController();
    await ask(STREAMING, "?secrets=shown", client.signal);
    const [tap] = engine.taps;
    expect(tap?.request).toMatchObject({ configId: "fairlead", showsSecrets: true });
    const config = fromBinary(TapConfigSchema, tap?.request.config ?? new Uint8Array());
    expect(config.match?.rule.case).toBe("anyMatch");
    client.abort();
  });

  it("answers with all at once where the client wants so many together", async () => {
    const answering = ask(together(2));
    await vi.waitFor(() => expect(engine.taps).toHaveLength(1));
    expect(engine.taps[0]?.request.showsSecrets).toBe(false);
    record("1\n");
    record("2\n");
    record("3\n");
    expect(await (await answering).text()).toBe("1\n2\n");
    await vi.waitFor(() => expect(engine.taps).toEqual([]));
  });

  it("answers with fewer when the time is over", async () => {
    const answering = ask(together(2, "1.5s"));
    await vi.waitFor(() => expect(engine.taps).toHaveLength(1));
    record("1\n");
    await clock.advance(1500);
    expect(await (await answering).text()).toBe("1\n");
  });

  it("refuses what it does not understand, and what the engine refuses", async () => {
    expect(await (await ask({ ...STREAMING, config_id: "" })).json()).toMatchObject({
      error: expect.stringMatching(/^config_id: is missing/),
    });
    expect(await (await ask({ nonsense: 1 })).json()).toMatchObject({ error: expect.stringMatching(/nonsense/) });
    expect((await ask(STREAMING, "?secrets=yes")).status).toBe(400);
    expect((await ask(together(0))).status).toBe(400);
    engine.startTap = () => {
      throw new ProxyError("cannot-tap", "match: is missing");
    };
    const refused = await ask(STREAMING);
    expect([refused.status, await refused.json()]).toEqual([400, { error: "match: is missing" }]);
  });
});
