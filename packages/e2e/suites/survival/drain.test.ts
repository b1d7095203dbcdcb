import { connect } from "node:net";
import { createProxyAdminClient, findProxy } from "@fairlead/cli";
import { send, until } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoService, startBookinfo, type TestMesh } from "../../src/index.ts";

let mesh: TestMesh;

beforeAll(async () => {
  mesh = await startBookinfo({ files: echoService(), settings: { drainMs: 5_000 } });
});
afterAll(() => mesh.stop());

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

test.each([
  ["a sidecar", "echo-v1", 9080],
  ["the gateway", "ingressgateway", 8080],
] as const)("%s that is told to end finishes the request in flight and refuses new connections", async (_what, name, port) => {
  const { address } = findProxy(mesh.mesh.description, name);
  const admin = createProxyAdminClient(findProxy(mesh.mesh.description, name));
  const child = mesh.mesh.child(`${name}-proxy`);
  const inFlight = send({ url: `${mesh.gatewayUrl}/?delayMs=2000`, headers: { host: "echo.example" } });
  await until("the request is in flight", async () => {
    const outcome = await send({ url: `${mesh.gatewayUrl}/`, headers: { host: "echo.example" } });
    return outcome.kind === "response" && outcome.status === 200;
  });
  const { pid } = child;
  child.signal("SIGTERM");
  await until("new connections are refused", async () => !(await accepts(address, port)), { timeoutMs: 1_500, intervalMs: 5 });
  expect(await inFlight).toMatchObject({ kind: "response", status: 200 });
  await until("it is started again", () => child.pid !== pid && child.state.value.kind === "ready", { timeoutMs: 20_000 });
  expect((await admin.serverInfo()).state).toBe("ready");
});
