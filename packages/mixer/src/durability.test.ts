import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { requestsAnswerSchema } from "@fairlead/api";
import { systemClock } from "@fairlead/kit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildReport, workload } from "./testing/report-builder.ts";
import { openReporter, startTestMixer } from "./testing/test-mixer.ts";

const productpage = workload("productpage-v1", { service: "productpage" });
const reviews = workload("reviews-v1", { service: "reviews" });
const PROGRAM = fileURLToPath(new URL("testing/mixer-process.ts", import.meta.url));

let directory = "";
let child: ChildProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mixer-"));
});

afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

test("what was acknowledged survives kill -9, and what is sent again after it counts once", async () => {
  const address = await startChild();
  const endMs = systemClock.now();
  const batch = (sequence: number): ReturnType<typeof buildReport> =>
    buildReport({ workload: productpage, endMs, sequence, requests: [{ reporter: "source", peer: reviews, durationsUs: [1000] }] });

  const total = 60;
  let acknowledged = 0;
  const reporter = openReporter(address, productpage.principal);
  const sent = Array.from({ length: total }, (_, index) => reporter.send(batch(index + 1)));
  // Killed in the middle of writing: the batches behind the tenth are on their way.
  await Promise.all(
    sent.map(async (ack, index) => {
      try {
        acknowledged = Math.max(acknowledged, Number(await ack));
      } catch {
        return;
      }
      if (index === 9) child?.kill("SIGKILL");
    }),
  );
  reporter.close();
  expect(acknowledged).toBeGreaterThanOrEqual(10);

  const mixer = await startTestMixer({ stateDirectory: directory, clock: systemClock });
  try {
    const count = async (): Promise<number> => {
      const response = await fetch(`http://${mixer.queryAddress}/api/v1/requests?groupBy=&window=1h`);
      return requestsAnswerSchema.parse(await response.json()).rows[0]?.count ?? 0;
    };
    expect(await count()).toBeGreaterThanOrEqual(acknowledged);
    const again = openReporter(mixer.reportAddress, productpage.principal);
    for (let sequence = 1; sequence <= total; sequence += 1) await again.send(batch(sequence));
    again.close();
    expect(await count()).toBe(total);
  } finally {
    await mixer.close();
  }
});

test("a second Mixer does not touch the first one's database", async () => {
  await startChild();
  await expect(startTestMixer({ stateDirectory: directory, clock: systemClock })).rejects.toThrow("lock");
  expect(readdirSync(directory).filter((name) => name.includes("unreadable"))).toEqual([]);
});

async function startChild(): Promise<string> {
  child = spawn(process.execPath, ["--conditions=@fairlead/source", PROGRAM, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const { stdout } = child;
  if (stdout === null) throw new Error("the child has no standard output");
  const [address] = await once(createInterface(stdout), "line");
  return String(address);
}
