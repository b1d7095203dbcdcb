import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemClock } from "@fairlead/kit";
import { expect, test } from "vitest";
import { CHILD_MARK, endLeftovers } from "./leftovers.ts";

const SERVES = ["-e", `console.log("ready"); setInterval(() => undefined, 1000)`];

test.skipIf(process.platform !== "linux")("processes of the same state directory are ended, those of another live on", async () => {
  const children = await Promise.all(
    ["/state/a", "/state/b"].map(async (directory) => {
      const child = spawn(process.execPath, SERVES, {
        detached: true,
        env: { ...process.env, [CHILD_MARK]: directory },
        stdio: ["ignore", "pipe", "ignore"],
      });
      await once(child.stdout, "data");
      return child;
    }),
  );
  const [mine, other] = children;
  const ended = mine === undefined ? undefined : once(mine, "exit");
  await endLeftovers("/state/a", systemClock);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(other?.exitCode).toBeNull();
  other?.kill("SIGKILL");
});
