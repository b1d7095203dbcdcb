import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { startProcess, type TestProcess, until } from "@fairlead/testkit";
import { expect, test } from "vitest";

/** A proxy serves on threads of its own: the JavaScript of its process has the event loop for itself, whatever the load. */

const SERVER = fileURLToPath(new URL("../../apps/measured-server.ts", import.meta.url));
const CONNECTIONS = 16;
/** Requests that are under way on each. */
const DEPTH = 16;
const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const WINDOWS = 5;

interface Window {
  readonly meanDelayMs: number;
  readonly utilization: number;
}

function startServer(kind: "proxy" | "node"): Promise<TestProcess> {
  return startProcess({
    command: process.execPath,
    args: [SERVER, kind],
    isReady: ({ lines }) => lines.some((line) => line.startsWith("listening")),
  });
}

/** Every answer is followed by the next request, on many connections at once; answers how to end it, with the number of answers. */
async function load({ lines }: TestProcess): Promise<() => number> {
  const [, host = "", port = ""] = /listening on (.*):(\d+)/.exec(lines[0] ?? "") ?? [];
  let answers = 0;
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(host, Number(port))));
  for (const socket of sockets) {
    socket.on("data", (chunk) => {
      const count = chunk.toString("latin1").split("HTTP/1.1 200").length - 1;
      answers += count;
      socket.write(REQUEST.repeat(count));
    });
    socket.on("error", () => undefined);
    socket.write(REQUEST.repeat(DEPTH));
  }
  return () => {
    for (const socket of sockets) socket.destroy();
    return answers;
  };
}

async function open(host: string, port: number): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, "connect");
  return socket;
}

function windowsOf({ lines }: TestProcess): readonly string[] {
  return lines.filter((line) => line.startsWith("window "));
}

/** The middle one of the next windows, each by itself. */
async function measure(...servers: readonly TestProcess[]): Promise<readonly Window[]> {
  const begins = servers.map((server) => windowsOf(server).length + 1);
  await until("there are enough windows", () =>
    servers.every((server, index) => windowsOf(server).length >= (begins[index] ?? 0) + WINDOWS),
  );
  return servers.map((server, index) => {
    const windows = windowsOf(server).slice(begins[index]);
    const parsed: readonly Window[] = windows.map((line): Window => JSON.parse(line.slice("window ".length)));
    return {
      meanDelayMs: median(parsed.map(({ meanDelayMs }) => meanDelayMs)),
      utilization: median(parsed.map(({ utilization }) => utilization)),
    };
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test("the event loop of a loaded proxy's process is as free as an idle one's, while a server in JavaScript has none left", async () => {
  await using idle = await startServer("proxy");
  await using loaded = await startServer("proxy");
  const endProxyLoad = await load(loaded);
  const [idleLoop, loadedLoop] = await measure(idle, loaded);
  expect(endProxyLoad()).toBeGreaterThan(10_000);

  // The same load makes the measure move where JavaScript serves.
  await using node = await startServer("node");
  const endNodeLoad = await load(node);
  const [nodeLoop] = await measure(node);
  expect(endNodeLoad()).toBeGreaterThan(1_000);

  const ratios = {
    delay: (loadedLoop?.meanDelayMs ?? Number.NaN) / (idleLoop?.meanDelayMs ?? Number.NaN),
    utilization: (loadedLoop?.utilization ?? Number.NaN) / (nodeLoop?.utilization ?? Number.NaN),
  };
  // Where all cores are busy even an idle thread wakes up late now and then.
  expect(ratios.delay).toBeLessThan(2);
  expect(ratios.utilization).toBeLessThan(0.1);
});
