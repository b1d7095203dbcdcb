import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { accepts, findFreePort, findProgram, readVersion, startPinned, waitUntilReady, withChildren } from "../process.ts";
import { BACKEND_NAME, MissingContender, type Running, type StartOptions } from "./contender.ts";

/** The proxy of the nghttp2 project: HTTP/2 to clients, HTTP/1.1 to the backend. */
export async function startNghttpx(options: StartOptions): Promise<Running> {
  const program = findProgram("nghttpx");
  if (program === undefined) throw new MissingContender("nghttpx is not installed (Debian: apt install nghttp2-proxy)");
  const folder = join(options.directory, "nghttpx");
  mkdirSync(folder);
  const port = await findFreePort();
  const { host, port: backendPort } = options.backend;
  const sides = [`--frontend=127.0.0.1,${port};no-tls`, `--backend=${host},${backendPort}`];
  const command = [program, "--conf=/dev/null", "--workers=1", "--backend-keep-alive-timeout=1h", ...sides] as const;
  const child = startPinned({ cpu: options.proxyCpu, command, logFile: join(folder, "log") });
  await waitUntilReady("nghttpx", child, () => accepts({ host: "127.0.0.1", port }));
  return {
    name: "nghttpx",
    title: "nghttpx",
    version: readVersion(program, "--version", /nghttp2\/(\S+)/),
    targets: { http2: { host: "127.0.0.1", port, path: "/", hostHeader: BACKEND_NAME } },
    pids: () => withChildren(child.pid),
    configuration: "one worker, no log of requests",
    stop: () => child.stop(),
  };
}
