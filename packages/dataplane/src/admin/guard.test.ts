import { createMonitoring, type Monitoring } from "@fairlead/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { guard } from "./guard.ts";

let monitoring: Monitoring;

beforeEach(() => {
  monitoring = createMonitoring({ address: "127.0.0.1:0", isReady: () => true });
  guard(monitoring.server);
  for (const path of ["/config_dump", "/stats/prometheus"]) monitoring.server.get(path, () => "here\n");
});
afterEach(() => monitoring.close());

async function statusFor(url: string, remoteAddress: string): Promise<number> {
  return (await monitoring.server.inject({ url, remoteAddress })).statusCode;
}

describe("the admin API", () => {
  it("answers the workload's own processes", async () => {
    expect(await statusFor("/config_dump", "127.0.0.1")).toBe(200);
    expect(await statusFor("/config_dump", "::ffff:127.0.0.7")).toBe(200);
  });

  it("answers others nothing but probes and metrics", async () => {
    expect(await statusFor("/config_dump", "10.0.0.9")).toBe(403);
    expect(await statusFor("/healthz", "10.0.0.9")).toBe(200);
    expect(await statusFor("/stats/prometheus?usedonly", "10.0.0.9")).toBe(200);
  });

  it("takes no pattern from others, for it can cost any time", async () => {
    expect(await statusFor("/stats/prometheus?filter=(a%2B)%2B%24", "10.0.0.9")).toBe(403);
    expect(await statusFor("/stats/prometheus?%66ilter=a", "10.0.0.9")).toBe(403);
    expect(await statusFor("/stats/prometheus?filter=a", "127.0.0.1")).toBe(200);
  });
});
