import { credentials, status } from "@grpc/grpc-js";
import { createLogger, FakeClock } from "@fairlead/kit";
import { until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeBatch, type FakeMixer, type FakeReportStream, startFakeMixer } from "../testing/fake-mixer.ts";
import { untilLater } from "../testing/until-later.ts";
import { MixerClient } from "./mixer-client.ts";

let clock: FakeClock;
let mixer: FakeMixer;
let client: MixerClient;

beforeEach(async () => {
  clock = new FakeClock();
  mixer = await startFakeMixer();
  client = new MixerClient({
    server: mixer.address,
    clock,
    random: () => 0.5,
    logger: createLogger({ component: "test", level: "silent" }),
  });
});

afterEach(async () => {
  const stopped = client.stop(0);
  await clock.advance(0);
  await stopped;
  mixer.close();
});

const sequences = (stream: FakeReportStream): number[] => stream.batches.map(({ sequence }) => Number(sequence));
const stream = (index: number): Promise<FakeReportStream> => untilLater(clock, `stream ${index} is open`, () => mixer.streams[index]);

describe("reporting to mixer", () => {
  it("passes the engine's batches on, in order", async () => {
    client.start(credentials.createInsecure());
    client.push(encodeBatch(1, "/a"));
    client.push(encodeBatch(2));
    const first = await stream(0);
    await until("first has two batches", () => first.batches.length === 2);
    expect(sequences(first)).toEqual([1, 2]);
    expect(first.batches[0]?.accessLogs[0]?.path).toBe("/a");
  });

  it("is connected although there is nothing to report, and not when mixer is gone", async () => {
    client.start(credentials.createInsecure());
    await stream(0);
    await until("the client is connected", () => client.status().connected);
    mixer.close();
    await until("the client has noticed the end", () => !client.status().connected);
  });

  it("keeps a batch until it is acknowledged and sends what is not again on a new stream", async () => {
    client.start(credentials.createInsecure());
    for (const sequence of [1, 2, 3]) client.push(encodeBatch(sequence));
    const first = await stream(0);
    await until("first has three batches", () => first.batches.length === 3);
    first.acknowledge(1);
    await until("a batch is acknowledged", () => client.status().acknowledgedBatches === 1);
    first.fail();
    const second = await stream(1);
    await until("second has two batches", () => second.batches.length === 2);
    expect(sequences(second)).toEqual([2, 3]);
    second.acknowledge(3);
    await until("every batch is acknowledged", () => client.status().unacknowledgedBatches === 0);
    expect(client.status()).toMatchObject({ connected: true, acknowledgedBatches: 3, droppedBatches: 0 });
  });

  it("sends no more than a window ahead of the acknowledgements", async () => {
    client.start(credentials.createInsecure());
    for (let sequence = 1; sequence <= 20; sequence += 1) client.push(encodeBatch(sequence));
    const first = await stream(0);
    await until("first has eight batches", () => first.batches.length === 8);
    first.acknowledge(5);
    await until("first has thirteen batches", () => first.batches.length === 13);
    expect(sequences(first).at(-1)).toBe(13);
  });

  it("gives up the oldest batches when mixer stays away, and counts them", () => {
    for (let sequence = 1; sequence <= 603; sequence += 1) client.push(encodeBatch(sequence));
    expect(client.status()).toMatchObject({ unacknowledgedBatches: 600, droppedBatches: 3 });
  });

  it("bounds the memory of large batches too", () => {
    for (let sequence = 1; sequence <= 20; sequence += 1) client.push(encodeBatch(sequence, "x".repeat(1 << 20)));
    expect(client.status()).toMatchObject({ unacknowledgedBatches: 15, droppedBatches: 5 });
  });

  it("drops what carries no sequence, which nobody could acknowledge", () => {
    client.push(Uint8Array.of(0xff, 0xff));
    client.push(new Uint8Array());
    expect(client.status()).toMatchObject({ unacknowledgedBatches: 0, droppedBatches: 2 });
  });

  it("gives up a batch that mixer calls wrong, so that those behind it arrive", async () => {
    client.start(credentials.createInsecure());
    client.push(encodeBatch(1));
    client.push(encodeBatch(2));
    const first = await stream(0);
    await until("first has two batches", () => first.batches.length === 2);
    first.fail(status.INVALID_ARGUMENT);
    const second = await stream(1);
    await until("second has one batch", () => second.batches.length === 1);
    expect(sequences(second)).toEqual([2]);
    expect(client.status().droppedBatches).toBe(1);
  });

  it("opens a new stream when acknowledgements stop coming", async () => {
    client.start(credentials.createInsecure());
    client.push(encodeBatch(1));
    const first = await stream(0);
    await until("first has one batch", () => first.batches.length === 1);
    await clock.advance(30_000);
    const second = await stream(1);
    await until("second has one batch", () => second.batches.length === 1);
    expect(client.status().lastError).toContain("no acknowledgement");
  });

  it("stops once mixer has everything", async () => {
    client.start(credentials.createInsecure());
    client.push(encodeBatch(1));
    const first = await stream(0);
    await until("first has one batch", () => first.batches.length === 1);
    const stopped = client.stop(60_000);
    first.acknowledge(1);
    await stopped;
    expect(client.status().unacknowledgedBatches).toBe(0);
  });
});
