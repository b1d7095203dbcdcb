import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accepts, findFreePort, findProgram, readVersion, startPinned, waitUntilReady } from "../process.ts";
import { BACKEND_NAME, MissingContender, type Running, type StartOptions } from "./contender.ts";

export async function startHaproxy(options: StartOptions): Promise<Running> {
  const program = findProgram("haproxy");
  if (program === undefined) throw new MissingContender("haproxy is not installed (Debian: apt install haproxy)");
  const folder = join(options.directory, "haproxy");
  mkdirSync(folder);
  const port = await findFreePort();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, config(port, options.backend));
  const logFile = join(folder, "log");
  const child = startPinned({ cpu: options.proxyCpu, command: [program, "-db", "-f", file], logFile });
  await waitUntilReady("haproxy", child, () => accepts({ host: "127.0.0.1", port }));
  return {
    name: "haproxy",
    title: "HAProxy",
    version: readVersion(program, "-v", /version (\S+)/),
    targets: { single: { host: "127.0.0.1", port, path: "/", hostHeader: BACKEND_NAME } },
    pids: () => [child.pid],
    configuration: "one thread, keep-alive on both sides, `http-reuse always`, no log",
    stop: () => child.stop(),
  };
}

function config(port: number, backend: StartOptions["backend"]): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server one ${backend.host}:${backend.port}
`;
}
