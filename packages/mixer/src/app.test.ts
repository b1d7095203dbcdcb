import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  accessLogsAnswerSchema,
  type RequestsAnswer,
  requestsAnswerSchema,
  telemetryErrorSchema,
  timeseriesAnswerSchema,
  topologyAnswerSchema,
  traceAnswerSchema,
  tracesAnswerSchema,
  workloadsAnswerSchema,
} from "@fairlead/api";
import { FakeClock } from "@fairlead/kit";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Mixer } from "./app.ts";
import { buildReport, type FakeReport, workload } from "./testing/report-builder.ts";
import { openReporter, startTestMixer } from "./testing/test-mixer.ts";

const NOW_MS = 1_700_000_000_000;
const productpage = workload("productpage-v1", { service: "productpage" });
const reviews1 = workload("reviews-v1", { service: "reviews" });
const reviews3 = workload("reviews-v3", { service: "reviews", version: "v3" });
const ratings = workload("ratings-v1", { service: "ratings", namespace: "backend" });

let directory = "";
let mixer: Mixer;
let clock: FakeClock;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "mixer-"));
  clock = new FakeClock(NOW_MS);
  mixer = await startTestMixer({ stateDirectory: directory, clock });
});

afterEach(async () => {
  await mixer.close();
  rmSync(directory, { recursive: true });
});

describe("a report", () => {
  test("is acknowledged with its sequence once its numbers can be asked for", async () => {
    expect(
      await report({
        workload: productpage,
        endMs: NOW_MS,
        sequence: 7,
        requests: [{ reporter: "source", peer: reviews1, durationsUs: [1000] }],
      }),
    ).toBe(7n);
    expect((await requests("")).rows).toHaveLength(1);
  });

  const twice = {
    workload: productpage,
    endMs: NOW_MS,
    sequence: 3,
    requests: [{ reporter: "source", peer: reviews1, durationsUs: [1, 2] }],
  } as const;

  test("that comes twice counts once and is acknowledged again", async () => {
    expect(await report(twice)).toBe(3n);
    expect(await report(twice)).toBe(3n);
    expect((await requests("groupBy=")).rows.map((row) => row.count)).toEqual([2]);
  });

  test("that Mixer stored before its restart counts once afterwards", async () => {
    await report(twice);
    await restart();
    expect(await report(twice)).toBe(3n);
    expect((await requests("groupBy=")).rows.map((row) => row.count)).toEqual([2]);
    expect(await report({ ...twice, sequence: 4 })).toBe(4n);
    expect((await requests("groupBy=")).rows.map((row) => row.count)).toEqual([4]);
  });

  test("of one workload does not move another's sequence, even under the same reporter id", async () => {
    await report({ reporterId: "same", sequence: 100, workload: ratings, endMs: NOW_MS });
    await report({
      reporterId: "same",
      sequence: 1,
      workload: productpage,
      endMs: NOW_MS,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [1] }],
    });
    expect((await requests("groupBy=")).rows.map((row) => row.count)).toEqual([1]);
  });

  test("in another workload's name is refused", async () => {
    const attempt = reportAs(ratings.principal, { workload: productpage, endMs: NOW_MS });
    await expect(attempt).rejects.toMatchObject({ code: status.PERMISSION_DENIED, details: expect.stringContaining("is not the caller") });
    const elsewhere = reportAs(productpage.principal, { workload: { ...productpage, namespace: "other" }, endMs: NOW_MS });
    await expect(elsewhere).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('namespace "other"'),
    });
  });

  test("with references outside of its string table is refused with the field's path", async () => {
    const batch = buildReport({
      workload: productpage,
      endMs: NOW_MS,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [1] }],
    });
    for (const each of batch.requests) each.methodRef = 999;
    const reporter = openReporter(mixer.reportAddress, productpage.principal);
    await expect(reporter.send(batch)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining("requests[0].method_ref 999 is outside of the string table"),
    });
    reporter.close();
  });

  test("from a clock far ahead is taken for now", async () => {
    await report({
      workload: productpage,
      endMs: NOW_MS + 86_400_000,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [1] }],
    });
    const answer = await requests(`groupBy=&end=${NOW_MS + 120_000}`);
    expect(answer.rows.map((row) => row.count)).toEqual([1]);
  });
});

describe("GET /api/v1/requests", () => {
  beforeEach(async () => {
    await report({
      workload: productpage,
      endMs: NOW_MS,
      requests: [
        {
          reporter: "source",
          peer: reviews1,
          host: "reviews.default.svc.cluster.local",
          durationsUs: Array.from({ length: 80 }, (_, i) => 1000 * (i + 1)),
        },
        {
          reporter: "source",
          peer: reviews3,
          host: "reviews.default.svc.cluster.local",
          durationsUs: Array.from({ length: 18 }, () => 10),
        },
        {
          reporter: "source",
          peer: reviews3,
          host: "reviews.default.svc.cluster.local",
          code: 503,
          flags: "UF,URX",
          durationsUs: [20, 20],
        },
      ],
    });
  });

  test("counts, rates and measures by what it is asked to group by", async () => {
    const answer = await requests("window=100s&groupBy=destinationVersion");
    expect(answer.range.seconds).toBe(100);
    expect(answer.rows.map((row) => [row.labels.destinationVersion, row.count, row.rate, row.errors, row.errorRate])).toEqual([
      ["v1", 80, 0.8, 0, 0],
      ["v3", 20, 0.2, 2, 0.1],
    ]);
    const [v1] = answer.rows;
    expect(v1?.latencyMs.p50).toBeGreaterThan(40 * 0.9375);
    expect(v1?.latencyMs.p50).toBeLessThan(40 * 1.0625);
    expect(v1?.latencyMs.p99).toBeGreaterThan(79 * 0.9375);
    expect(v1?.mtlsShare).toBe(1);
    expect(v1?.responseBytes).toBe(80_000);
  });

  test.each([
    ["destination=reviews", 100],
    ["destination=default/reviews-v3", 20],
    ["destination=reviews.default.svc.cluster.local", 100],
    ["destination=other/reviews", 0],
    ["source=productpage", 100],
    ["source=reviews", 0],
    ["version=v1", 80],
    ["code=5xx", 2],
    ["code=200,503", 100],
    ["code=404", 0],
    ["flags=URX", 2],
    ["flags=-", 98],
    ["namespace=backend", 0],
    ["reporter=destination", 0],
    ["method=get", 100],
    ["security=mutual_tls", 100],
    ["security=none", 0],
  ])("with %s counts %i requests", async (filter, count) => {
    const { rows } = await requests(`groupBy=&${filter}`);
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(count);
  });

  test("does not answer from outside of the range", async () => {
    expect((await requests(`start=${NOW_MS - 600_000}&end=${NOW_MS - 300_000}`)).rows).toEqual([]);
  });

  test.each([
    ["window=5", "window: must be a duration"],
    ["window=0s", "window must be longer than 0"],
    ["window=8d", "at most 604800 s"],
    ["window=5m&start=1700000000000", "window and start exclude each other"],
    ["start=2000-01-01T00:00:00Z&end=1999-01-01T00:00:00Z", "must be before end"],
    ["groupBy=destinationVersion,colour", 'groupBy: unknown label "colour"'],
    ["colour=red", 'unknown parameter "colour"'],
    ["code=teapot", "code: must be HTTP status codes"],
    ["reporter=nobody", "reporter: "],
  ])("refuses %s with 400 and says why", async (query, message) => {
    const response = await fetch(`http://${mixer.queryAddress}/api/v1/requests?${query}`);
    expect(response.status).toBe(400);
    const { error } = telemetryErrorSchema.parse(await response.json());
    expect(error.code).toBe("invalid-query");
    expect(error.message).toContain(message);
  });
});

describe("a request that both ends report", () => {
  test("counts once, as its source saw it", async () => {
    await report({ workload: productpage, endMs: NOW_MS, requests: [{ reporter: "source", peer: reviews1, durationsUs: [1, 1, 1] }] });
    await report({ workload: reviews1, endMs: NOW_MS, requests: [{ reporter: "destination", peer: productpage, durationsUs: [1, 1] }] });
    expect(await counts("groupBy=reporter")).toEqual([["source", 3]]);
    expect(await counts("groupBy=reporter&reporter=all")).toEqual([
      ["source", 3],
      ["destination", 2],
    ]);
    expect(await counts("groupBy=reporter&reporter=destination")).toEqual([["destination", 2]]);
  });

  test("counts as the destination saw it where the source does not report, and is named by certificate", async () => {
    await report({ workload: productpage, endMs: NOW_MS });
    await report({ workload: reviews1, endMs: NOW_MS, requests: [{ reporter: "destination", peer: productpage, durationsUs: [1, 1] }] });
    expect(await counts("groupBy=sourceWorkload")).toEqual([["productpage-v1", 2]]);
  });

  test("counts once too when it is plaintext, while calls from outside of the mesh to other workloads count", async () => {
    await report({
      workload: productpage,
      endMs: NOW_MS,
      requests: [{ reporter: "source", peer: reviews1, security: "none", durationsUs: [1, 1, 1] }],
    });
    await report({ workload: reviews1, endMs: NOW_MS, requests: [{ reporter: "destination", durationsUs: [1, 1, 1] }] });
    await report({ workload: ratings, endMs: NOW_MS, requests: [{ reporter: "destination", durationsUs: [1, 1] }] });
    expect(await counts("groupBy=destinationWorkload")).toEqual([
      ["reviews-v1", 3],
      ["ratings-v1", 2],
    ]);
    expect((await requests("groupBy=")).rows[0]?.mtlsShare).toBe(0);
  });

  test("is named by what the workloads of a shared identity have in common", async () => {
    await report({ workload: reviews1, endMs: NOW_MS });
    await report({ workload: reviews3, endMs: NOW_MS });
    await report({ workload: ratings, endMs: NOW_MS, requests: [{ reporter: "destination", peer: reviews3, durationsUs: [1] }] });
    const [row] = (await requests("groupBy=sourceWorkload,sourceService,sourceVersion")).rows;
    expect(row?.labels).toEqual({ sourceWorkload: "unknown", sourceService: "reviews", sourceVersion: "unknown" });
  });
});

describe("GET /api/v1/timeseries", () => {
  test("answers every step of the range, empty ones too", async () => {
    await report({
      workload: productpage,
      endMs: NOW_MS - 25_000,
      sequence: 1,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [1] }],
    });
    await report({
      workload: productpage,
      endMs: NOW_MS - 1,
      sequence: 2,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [1, 2, 3] }],
    });
    const answer = timeseriesAnswerSchema.parse(await get("/api/v1/timeseries?window=40s&step=10s&groupBy=destinationWorkload"));
    expect(answer.stepSeconds).toBe(10);
    expect(answer.series.map((series) => series.points.map((point) => point.count))).toEqual([[0, 1, 0, 3]]);
    expect(answer.series[0]?.points[3]?.rate).toBe(0.3);
    expect(answer.series[0]?.points[0]?.latencyMs.p50).toBeNull();
  });

  test("refuses to answer more points than anyone can draw, and says what to do", async () => {
    const peers = Array.from({ length: 6 }, (_, i) => workload(`w-${i}`));
    await report({ workload: productpage, endMs: NOW_MS, requests: peers.map((peer) => ({ reporter: "source", peer, durationsUs: [1] })) });
    // A week's finest step is a minute: 10,080 of them for each row.
    const one = timeseriesAnswerSchema.parse(await get("/api/v1/timeseries?window=7d&step=10s&groupBy="));
    expect([one.stepSeconds, one.series[0]?.points.length]).toEqual([60, 10_081]);
    const six = await fetch(`http://${mixer.queryAddress}/api/v1/timeseries?window=7d&step=10s&groupBy=destinationWorkload`);
    expect(six.status).toBe(400);
    expect(telemetryErrorSchema.parse(await six.json()).error).toMatchObject({
      code: "too-large",
      message: expect.stringContaining("choose a longer step"),
    });
  });
});

test("GET /api/v1/topology draws each caller and called workload once, with rates, and TCP beside HTTP", async () => {
  await report({
    workload: productpage,
    endMs: NOW_MS,
    requests: [
      { reporter: "source", peer: reviews1, durationsUs: [100, 100, 100] },
      { reporter: "source", peer: reviews3, code: 500, durationsUs: [100] },
      { reporter: "source", host: "nowhere.default.svc.cluster.local", code: 503, flags: "UH", durationsUs: [5] },
    ],
  });
  await report({
    workload: reviews1,
    endMs: NOW_MS,
    requests: [
      { reporter: "destination", peer: productpage, durationsUs: [90, 90, 90] },
      { reporter: "destination", durationsUs: [80] },
    ],
    tcp: [{ reporter: "source", peer: ratings, opened: 2, receivedBytes: 10, sentBytes: 20 }],
  });
  const { nodes, edges } = topologyAnswerSchema.parse(await get("/api/v1/topology?window=100s"));
  expect(nodes.map((node) => [node.kind, node.name, node.inbound.count])).toEqual([
    ["host", "nowhere.default.svc.cluster.local", 1],
    ["unknown", "unknown", 0],
    ["workload", "ratings-v1", 0],
    ["workload", "productpage-v1", 0],
    ["workload", "reviews-v1", 4],
    ["workload", "reviews-v3", 1],
  ]);
  const facts = edges.map((edge) => [edge.source, edge.target, edge.count, edge.errorRate, edge.mtlsShare, edge.tcp.opened] as const);
  expect(facts.toSorted((a, b) => `${a[0]} ${a[1]}`.localeCompare(`${b[0]} ${b[1]}`))).toEqual([
    ["unknown", "workload:default/reviews-v1", 1, 0, 0, 0],
    ["workload:default/productpage-v1", "host:nowhere.default.svc.cluster.local", 1, 1, 0, 0],
    ["workload:default/productpage-v1", "workload:default/reviews-v1", 3, 0, 1, 0],
    ["workload:default/productpage-v1", "workload:default/reviews-v3", 1, 1, 1, 0],
    ["workload:default/reviews-v1", "workload:backend/ratings-v1", 0, 0, null, 2],
  ]);
  const services = topologyAnswerSchema.parse(await get("/api/v1/topology?level=service&namespace=default"));
  expect(services.nodes.map((node) => node.id)).toContain("service:default/reviews");
  expect(
    services.edges.find((edge) => edge.target === "service:default/reviews" && edge.source === "service:default/productpage")?.count,
  ).toBe(4);
});

test("GET /api/v1/access-logs answers the newest samples first, filtered", async () => {
  const call = { reporter: "source", peer: reviews1 } as const;
  await report({
    workload: productpage,
    endMs: NOW_MS,
    accessLogs: [
      { ...call, timeMs: NOW_MS - 3000, path: "/a" },
      { ...call, timeMs: NOW_MS - 1000, path: "/b", code: 503 },
      { ...call, timeMs: NOW_MS - 2000, path: "/b/c", traceId: "0af7651916cd43dd8448eb211c80319c" },
    ],
  });
  const paths = async (query: string): Promise<readonly string[]> =>
    accessLogsAnswerSchema.parse(await get(`/api/v1/access-logs?${query}`)).entries.map((entry) => entry.path);
  expect(await paths("")).toEqual(["/b", "/b/c", "/a"]);
  expect(await paths("path=/b&code=2xx")).toEqual(["/b/c"]);
  expect(await paths("traceId=0af7651916cd43dd8448eb211c80319c")).toEqual(["/b/c"]);
  expect(await paths("destination=ratings")).toEqual([]);
  const limited = accessLogsAnswerSchema.parse(await get("/api/v1/access-logs?limit=2"));
  expect([limited.entries.length, limited.truncated]).toEqual([2, true]);
});

test("GET /api/v1/traces assembles the spans of several proxies to trees", async () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await report({
    workload: productpage,
    endMs: NOW_MS,
    spans: [
      { reporter: "destination", timeMs: NOW_MS - 1000, durationUs: 50_000, traceId, spanId: "0000000000000001", host: "productpage" },
      {
        reporter: "source",
        peer: reviews1,
        timeMs: NOW_MS - 990,
        durationUs: 30_000,
        traceId,
        spanId: "0000000000000002",
        parentSpanId: "0000000000000001",
      },
    ],
  });
  await report({
    workload: reviews1,
    endMs: NOW_MS,
    spans: [
      {
        reporter: "destination",
        peer: productpage,
        timeMs: NOW_MS - 985,
        durationUs: 20_000,
        traceId,
        spanId: "0000000000000003",
        parentSpanId: "0000000000000002",
        code: 500,
      },
      { reporter: "source", peer: ratings, timeMs: NOW_MS - 980, traceId, spanId: "0000000000000009", parentSpanId: "00000000000000ff" },
    ],
  });
  const list = tracesAnswerSchema.parse(await get("/api/v1/traces?service=reviews"));
  expect(list.traces).toMatchObject([
    {
      traceId,
      spanCount: 4,
      durationMs: 50,
      rootName: "productpage",
      rootService: "productpage",
      services: ["productpage", "reviews"],
      errors: 1,
    },
  ]);
  expect(tracesAnswerSchema.parse(await get("/api/v1/traces?errors=false")).traces).toEqual([]);
  expect(tracesAnswerSchema.parse(await get("/api/v1/traces?minDurationMs=51")).traces).toEqual([]);

  const trace = traceAnswerSchema.parse(await get(`/api/v1/traces/${traceId}`));
  // The parent of the fourth span was not sampled: it stands as a root.
  expect(trace.roots.map((span) => span.spanId)).toEqual(["0000000000000001", "0000000000000009"]);
  expect(trace.roots[0]?.children[0]?.children[0]).toMatchObject({
    spanId: "0000000000000003",
    workload: "reviews-v1",
    error: true,
    children: [],
  });

  const missing = await fetch(`http://${mixer.queryAddress}/api/v1/traces/${"f".repeat(32)}`);
  expect(missing.status).toBe(404);
});

test("GET /api/v1/workloads tells who reports and who fell silent", async () => {
  await report({ workload: ratings, endMs: NOW_MS });
  await clock.advance(61_000);
  await report({ workload: productpage, endMs: NOW_MS });
  const { workloads } = workloadsAnswerSchema.parse(await get("/api/v1/workloads"));
  expect(workloads.map((each) => [each.name, each.reporting, each.lastSeen])).toEqual([
    ["ratings-v1", false, "2023-11-14T22:13:20.000Z"],
    ["productpage-v1", true, "2023-11-14T22:14:21.000Z"],
  ]);
});

describe("GET /metrics", () => {
  test("exposes the mesh under Istio's names and forgets what has been silent", async () => {
    await report({
      workload: productpage,
      endMs: NOW_MS,
      sequence: 1,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [900, 3000] }],
    });
    await report({
      workload: productpage,
      endMs: NOW_MS,
      sequence: 2,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [900] }],
    });
    const text = await (await fetch(`http://${mixer.queryAddress}/metrics`)).text();
    const total = text.split("\n").find((line) => line.startsWith("istio_requests_total{"));
    expect(total).toMatch(/ 3$/);
    for (const label of [
      'reporter="source"',
      'source_workload="productpage-v1"',
      'destination_workload="reviews-v1"',
      'destination_version="v1"',
      'response_code="200"',
      'response_flags="-"',
      'connection_security_policy="mutual_tls"',
    ]) {
      expect(total).toContain(label);
    }
    expect(text).toMatch(/istio_request_duration_milliseconds_bucket\{.*le="1"\} 2\n/);
    expect(text).toMatch(/istio_request_duration_milliseconds_bucket\{.*le="\+Inf"\} 3\n/);
    await clock.advance(16 * 60_000);
    expect(await (await fetch(`http://${mixer.queryAddress}/metrics`)).text()).not.toContain("productpage");
  });
});

test("series beyond the limit are counted under `other`, none is lost", async () => {
  await mixer.close();
  mixer = await startTestMixer({ stateDirectory: join(directory, "bounded"), clock, maxSeries: 20 });
  const many = Array.from({ length: 200 }, (_, i) => ({ reporter: "source", peer: workload(`w-${i}`), durationsUs: [1] }) as const);
  await report({ workload: productpage, endMs: NOW_MS, requests: many });
  const rows = await counts("groupBy=destinationWorkload");
  expect(rows).toHaveLength(21);
  expect(rows[0]).toEqual(["other", 180]);
});

test("the OpenAPI document names every path with its parameters and answers", async () => {
  const document = z
    .object({ openapi: z.string(), paths: z.record(z.string(), z.looseObject({ get: z.looseObject({}) })) })
    .parse(await get("/openapi.json"));
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths).toSorted()).toEqual([
    "/api/v1/access-logs",
    "/api/v1/requests",
    "/api/v1/timeseries",
    "/api/v1/topology",
    "/api/v1/traces",
    "/api/v1/traces/{traceId}",
    "/api/v1/workloads",
    "/metrics",
  ]);
  expect(JSON.stringify(document.paths["/api/v1/requests"])).toContain('"groupBy"');
  expect(JSON.stringify(document.paths["/api/v1/requests"])).toContain('"latencyMs"');
});

test("a database that cannot be read is put aside, and Mixer goes on with a new one", async () => {
  await mixer.close();
  const [file = ""] = readdirSync(directory).filter((name) => name.endsWith(".duckdb"));
  writeFileSync(join(directory, file), "not a database".repeat(1000));
  mixer = await startTestMixer({ stateDirectory: directory, clock });
  await report({ workload: productpage, endMs: NOW_MS, requests: [{ reporter: "source", peer: reviews1, durationsUs: [1] }] });
  expect(await counts("groupBy=code")).toEqual([["200", 1]]);
  expect(readdirSync(directory)).toContain(`${file}.unreadable`);
});

test("an unknown path is answered with 404 in the API's own form", async () => {
  const response = await fetch(`http://${mixer.queryAddress}/api/v1/nothing`);
  expect(response.status).toBe(404);
  expect(telemetryErrorSchema.parse(await response.json()).error.code).toBe("not-found");
});

test("maintenance merges, rolls up and drops what is over its time, keeping the sums", async () => {
  const day = 24 * 3600_000;
  for (const [index, ageMs] of [8 * day, 2 * day, 2 * day - 5000, 60_000 * 5, 0].entries()) {
    await report({
      workload: productpage,
      endMs: NOW_MS - ageMs,
      sequence: index + 1,
      requests: [{ reporter: "source", peer: reviews1, durationsUs: [100, 5000] }],
    });
  }
  await mixer.maintain();
  expect(await counts(`groupBy=code&window=7d`)).toEqual([["200", 8]]);
  const [row] = (await requests("groupBy=&window=7d")).rows;
  expect(row?.latencyMs.p99).toBeGreaterThan(4.6);
  await mixer.maintain();
  await restart();
  expect(await counts(`groupBy=code&window=7d`)).toEqual([["200", 8]]);
  await clock.advance(30 * day);
  await mixer.maintain();
  expect(await counts(`groupBy=code&window=7d`)).toEqual([]);
  expect(await (await fetch(`http://${mixer.monitoringAddress}/metrics`)).text()).toContain("fairlead_mixer_series 0\n");
});

function report(fake: FakeReport): Promise<bigint> {
  return reportAs(fake.workload.principal, fake);
}

async function reportAs(caller: string, fake: FakeReport): Promise<bigint> {
  const reporter = openReporter(mixer.reportAddress, caller);
  try {
    return await reporter.send(buildReport(fake));
  } finally {
    reporter.close();
  }
}

async function restart(): Promise<void> {
  await mixer.close();
  mixer = await startTestMixer({ stateDirectory: directory, clock });
}

async function get(path: string): Promise<unknown> {
  const response = await fetch(`http://${mixer.queryAddress}${path}`);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function requests(query: string): Promise<RequestsAnswer> {
  return requestsAnswerSchema.parse(await get(`/api/v1/requests?${query}`));
}

/** Value of the first label and count of each row. */
async function counts(query: string): Promise<readonly (readonly [string | undefined, number])[]> {
  return (await requests(query)).rows.map((row) => [Object.values(row.labels)[0], row.count] as const);
}
