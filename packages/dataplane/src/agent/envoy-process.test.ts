import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, FakeClock } from "@fairlead/kit";
import { until } from "@fairlead/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { untilLater } from "../testing/until-later.ts";
import { EnvoyProcess } from "./envoy-process.ts";

let directory: string;
let clock: FakeClock;
let admin: Server;
/** Requests that Envoy's admin server got. */
let asked: string[];
/** What it says of requests in flight. */
let active: number;
let fatal: string | undefined;
let envoy: EnvoyProcess;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-envoy-"));
  clock = new FakeClock();
  asked = [];
  active = 0;
  fatal = undefined;
  admin = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(`http.admin.downstream_rq_active: 1\nhttp.inbound.downstream_rq_active: ${active}\n`);
  });
  await new Promise<void>((resolve) => admin.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await stop();
  admin.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a shell script in Envoy's place; it finds the test's folder in `$DIR`. */
function start(script: string): void {
  const path = join(directory, "envoy");
  writeFileSync(path, `#!/bin/sh\nDIR=${directory}\n${script}\n`);
  chmodSync(path, 0o755);
  const address = admin.address();
  envoy = new EnvoyProcess({
    path,
    bootstrapPath: "/state/envoy-bootstrap.json",
    workers: 2,
    logLevel: "info",
    drainMs: 5_000,
    adminAddress: `127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    clock,
    random: () => 0.5,
    logger: createLogger({ component: "test", level: "silent" }),
    onFatal: (reason) => (fatal = reason),
  });
  envoy.start();
}

async function stop(): Promise<void> {
  let isStopped = false;
  void envoy.stop().then(() => (isStopped = true));
  await untilLater(clock, "envoy has ended", () => isStopped);
}

/** Whole lines: a file is there before anything is in it. */
const linesOf = (name: string): readonly string[] =>
  existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1) : [];

describe("envoy's process", () => {
  it("is told its bootstrap, its threads, and that there are no hot restarts", async () => {
    start('echo "$@" > $DIR/args; exec sleep 60');
    await until("envoy is started", () => linesOf("args").length === 1);
    expect(linesOf("args")[0]).toBe(
      "--config-path /state/envoy-bootstrap.json --disable-hot-restart --concurrency 2 --drain-time-s 5 --drain-strategy immediate --log-level warning",
    );
  });

  it("is started again when it ends by itself", async () => {
    start("echo started >> $DIR/starts; [ $(wc -l < $DIR/starts) -ge 3 ] && exec sleep 60; exit 1");
    await untilLater(clock, "envoy was started three times", () => linesOf("starts").length === 3);
    expect(fatal).toBeUndefined();
  });

  it("is given up when it never starts", async () => {
    start("exit 3");
    await untilLater(clock, "envoy is given up", () => fatal);
    expect(fatal).toBe("envoy failed to start 5 times: exit code 3");
  });

  it("ends once no request is in flight", async () => {
    active = 1;
    start('trap "echo ended > $DIR/end; exit 0" TERM; echo ready > $DIR/ready; while true; do sleep 0.02; done');
    await until("envoy is ready", () => linesOf("ready").length === 1);
    let isStopped = false;
    void envoy.stop().then(() => (isStopped = true));
    await untilLater(clock, "envoy was asked again and again", () => asked.length >= 4);
    expect([isStopped, asked[0]]).toEqual([false, "POST /drain_listeners"]);
    active = 0;
    // Less than the time after which it is killed.
    const limitMs = clock.now() + 2_000;
    await until(
      "envoy has ended",
      () => {
        if (clock.now() < limitMs) void clock.advance(10);
        return isStopped;
      },
      { intervalMs: 1 },
    );
    expect(linesOf("end")).toEqual(["ended"]);
  });

  it("ends at the end of the drain although requests are in flight", async () => {
    active = 1;
    start("exec sleep 60");
    const before = clock.now();
    await stop();
    expect(clock.now() - before).toBeGreaterThanOrEqual(5_000);
  });

  it("is killed when it does not listen", async () => {
    start('trap "" TERM; echo ready > $DIR/ready; while true; do sleep 0.02; done');
    await until("envoy is ready", () => linesOf("ready").length === 1);
    const before = clock.now();
    await stop();
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_000);
  });
});
