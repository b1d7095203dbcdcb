import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LARGE_PATH } from "../scenarios.ts";
import { accepts, findFreePort, findProgram, readVersion, startPinned, waitUntilReady } from "../process.ts";
import { type Backend, BACKEND_NAME, MissingContender, type Running, type StartOptions } from "./contender.ts";

export async function startHaproxy(options: StartOptions): Promise<Running> {
  const program = findProgram("haproxy");
  if (program === undefined) throw new MissingContender("haproxy is not installed (Debian: apt install haproxy)");
  const folder = join(options.directory, "haproxy");
  mkdirSync(folder);
  const [port, http2Port, tcpPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, config({ port, http2Port, tcpPort }, options.backend));
  const logFile = join(folder, "log");
  const child = startPinned({ cpu: options.proxyCpu, command: [program, "-db", "-f", file], logFile });
  await waitUntilReady("haproxy", child, () => accepts({ host: "127.0.0.1", port }));
  return {
    name: "haproxy",
    title: "HAProxy",
    version: readVersion(program, "-v", /version (\S+)/),
    targets: {
      single: { host: "127.0.0.1", port, path: "/", hostHeader: BACKEND_NAME },
      http2: { host: "127.0.0.1", port: http2Port, path: "/", hostHeader: BACKEND_NAME },
      tcp: { host: "127.0.0.1", port: tcpPort, path: LARGE_PATH, hostHeader: BACKEND_NAME },
    },
    pids: () => [child.pid],
    configuration:
      "one thread, keep-alive on both sides, `http-reuse always`, no log; HTTP/2: `proto h2`; TCP: `option splice-request`, `option splice-response`, pipes of 512 KiB",
    stop: () => child.stop(),
  };
}

interface Ports {
  readonly port: number;
  readonly http2Port: number;
  readonly tcpPort: number;
}

/** For bytes not `splice-auto`, which hardly ever finds it worth while here: always spliced, into large pipes, they cost a quarter of it. */
function config({ port, http2Port, tcpPort }: Ports, backend: Backend): string {
  return `global
  nbthread 1
  maxconn 4000
  tune.pipesize 524288
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
  bind 127.0.0.1:${http2Port} proto h2
  default_backend back
backend back
  server one ${backend.host}:${backend.port}
listen bytes
  mode tcp
  option splice-request
  option splice-response
  bind 127.0.0.1:${tcpPort}
  server one ${backend.host}:${backend.tcpPort}
`;
}
