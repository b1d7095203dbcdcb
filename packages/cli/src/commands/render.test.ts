import type { RequestStatistics, RequestsAnswer, TopologyAnswer } from "@fairlead/api";
import { describe, expect, test } from "vitest";
import { createStyle } from "../render/style.ts";
import { renderAnalysis } from "./analyze.ts";
import { renderExplanation } from "./explain.ts";
import { renderMetrics } from "./metrics.ts";
import { renderTopology } from "./topology.ts";

const plain = createStyle(false);
const range = { start: "2026-01-01T00:00:00Z", end: "2026-01-01T00:05:00Z", seconds: 300 };

function statistics(changes: Partial<RequestStatistics> = {}): RequestStatistics {
  return {
    count: 300,
    rate: 1,
    errors: 0,
    errorRate: 0,
    latencyMs: { p50: 2.5, p90: 4, p99: 12 },
    mtlsShare: 1,
    requestBytes: 0,
    responseBytes: 0,
    ...changes,
  };
}

describe("metrics", () => {
  test("are one row for each combination of labels", () => {
    const answer: RequestsAnswer = {
      range,
      rows: [
        { labels: { sourceWorkload: "productpage-v1", destinationWorkload: "details-v1" }, ...statistics({ errors: 3, errorRate: 0.01 }) },
      ],
    };
    expect(renderMetrics(answer, "sourceWorkload,destinationWorkload", plain)).toBe(
      [
        "FROM            TO          REQUESTS   /S  ERRORS     P50     P90    P99   MTLS",
        "productpage-v1  details-v1       300  1.0     1 %  2.5 ms  4.0 ms  12 ms  100 %",
      ].join("\n"),
    );
  });

  test("without traffic say so", () => {
    expect(renderMetrics({ range, rows: [] }, "code", plain)).toBe("no requests in the last 300 s");
  });
});

const node = (id: string): TopologyAnswer["nodes"][number] => ({
  id,
  kind: "workload",
  name: id,
  namespace: "default",
  service: id,
  version: "v1",
  principal: "",
  inbound: statistics(),
});
const edge = (source: string, target: string): TopologyAnswer["edges"][number] => ({
  source,
  target,
  protocols: ["http"],
  ...statistics(),
  tcp: { opened: 0, closed: 0, receivedBytes: 0, sentBytes: 0 },
});

describe("a topology", () => {
  test("is a tree from those whom nobody calls", () => {
    const answer = { range, nodes: ["gateway", "page", "details"].map(node), edges: [edge("gateway", "page"), edge("page", "details")] };
    expect(renderTopology(answer, plain).split("\n")).toEqual([
      "gateway",
      "└─ page        1.0/s  no errors  p50 2.5 ms  p99 12 ms  mTLS",
      "   └─ details  1.0/s  no errors  p50 2.5 ms  p99 12 ms  mTLS",
    ]);
  });

  test("ends where it would go in circles", () => {
    const answer = { range, nodes: ["a", "b"].map(node), edges: [edge("a", "b"), edge("b", "a")] };
    expect(renderTopology(answer, plain).split("\n")).toHaveLength(3);
  });
});

test("an explanation names the file and line of every decision", () => {
  const text = renderExplanation(
    {
      proxy: { name: "productpage-v1" },
      asked: { method: "GET", url: new URL("http://reviews:9080/"), headers: [] },
      explanation: {
        decisions: [
          { stage: "virtualHost", outcome: "reviews.default.svc.cluster.local:9080" },
          {
            stage: "route",
            outcome: "testers",
            origin: [
              { kind: "VirtualService", namespace: "default", name: "reviews", file: "routing.yaml", line: 12, path: "spec.http[0]" },
            ],
          },
        ],
        endpoints: [{ address: "127.0.10.13:9080" }, { address: "127.0.10.14:9080", healthy: false }],
      },
    },
    plain,
  );
  expect(text).toContain("  virtual host  reviews.default.svc.cluster.local:9080");
  expect(text).toContain("↳ routing.yaml:12  VirtualService default/reviews spec.http[0]");
  expect(text).toContain("127.0.10.13:9080, 127.0.10.14:9080 unhealthy");
});

test("an analysis shows place, reason, the line as it is written, and what to do", () => {
  const text = renderAnalysis(
    {
      problems: [
        {
          severity: "error",
          code: "unknown-host",
          message: 'no service has the host "detials"',
          hint: 'did you mean "details"?',
          origin: { kind: "VirtualService", namespace: "default", name: "details", file: "routing.yaml", line: 2, path: "spec.hosts[0]" },
        },
      ],
      files: { "routing.yaml": "a: 1\nhosts: [detials]\n" },
      base: "mesh",
    },
    plain,
  );
  expect(text.split("\n")).toEqual([
    'mesh/routing.yaml:2 error no service has the host "detials" [unknown-host]',
    "  2 | hosts: [detials]",
    "  VirtualService default/details spec.hosts[0]",
    '  → did you mean "details"?',
    "",
    "✗ 1 error in 1 file",
  ]);
});
