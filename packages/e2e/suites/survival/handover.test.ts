import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createProxyAdminClient, findProxy } from "@fairlead/cli";
import { createTempFolder, startConstantRate, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoService, startBookinfo, type TestMesh } from "../../src/index.ts";

const sockets = createTempFolder("fl-");
let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo({ files: echoService(), settings: { handoverFolder: sockets.path, drainMs: 5_000 } });
});
afterAll(async () => {
  await mesh.stop();
  sockets.remove();
});

/** Another process beside a running one, started in the same way. */
function startBeside(name: string): ChildProcess {
  const { command, args, cwd, env } = mesh.mesh.child(name).spec;
  return spawn(command, [...args], { cwd, env: { ...env }, stdio: "ignore" });
}

// Twice: the mesh starts a process anew when it ends, and that one takes over from the one that was started beside it.
test.each(["echo-v1", "ingressgateway"])(
  "the next process of %s takes over under load, and the one before ends: no request fails",
  async (name) => {
    const child = mesh.mesh.child(`${name}-proxy`);
    const { pid } = child;
    const load = startConstantRate({
      ratePerSecond: 100,
      request: () => ({ url: `${mesh.gatewayUrl}/`, headers: { host: "echo.example" } }),
    });
    await until("load runs", () => load.outcomes.length > 20);
    const beside = startBeside(`${name}-proxy`);
    const besideEnds = once(beside, "exit");
    await until("the process before has ended", () => child.pid !== pid, { timeoutMs: 30_000 });
    await until("another one is ready", () => child.pid !== undefined && child.state.value.kind === "ready", { timeoutMs: 30_000 });
    expect(await besideEnds).toEqual([0, null]);
    const admin = createProxyAdminClient(findProxy(mesh.mesh.description, name));
    await until("it answers for the proxy", async () => (await admin.serverInfo()).state === "ready", { timeoutMs: 20_000 });
    const answered = load.outcomes.length;
    await until("load goes on", () => load.outcomes.length > answered + 50);
    const summary = await load.stop();
    expect(summary.errors).toEqual({});
    expect(summary.statuses).toEqual({ 200: summary.sent });
  },
);
