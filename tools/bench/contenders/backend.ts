import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accepts, findProgram, readVersion, startPinned, waitUntilReady, withChildren } from "../process.ts";
import { BODY_BYTES } from "../scenarios.ts";
import { BACKEND_NAME, CANARY, MissingContender, type Running } from "./contender.ts";
import { nginxConfig } from "./nginx-config.ts";

export interface BackendOptions {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly cpu: number;
}

/** The server behind every proxy: nginx that answers 1 KB. Called directly it is the canary: its own cost must not change between rounds. */
export async function startBackend({ directory, host, port, cpu }: BackendOptions): Promise<Running> {
  const program = findProgram("nginx");
  if (program === undefined) throw new MissingContender("nginx, which is the backend of every measurement, is not installed");
  const folder = join(directory, "backend");
  mkdirSync(folder);
  const body = "x".repeat(BODY_BYTES);
  const server = `  server { listen ${host}:${port} reuseport backlog=4096; default_type text/plain; location / { return 200 "${body}"; } }`;
  writeFileSync(join(folder, "nginx.conf"), nginxConfig(folder, server));
  const logFile = join(folder, "log");
  const child = startPinned({
    cpu,
    command: [program, "-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")],
    logFile,
  });
  await waitUntilReady("the backend", child, () => accepts({ host, port }));
  return {
    name: CANARY,
    title: "no proxy (canary: the backend itself)",
    version: `nginx ${readVersion(program, "-v", /nginx\/(\S+)/)}`,
    targets: { single: { host, port, path: "/", hostHeader: BACKEND_NAME } },
    pids: () => withChildren(child.pid),
    configuration: `nginx, one worker, answers ${BODY_BYTES} bytes from its configuration`,
    stop: () => child.stop(),
  };
}
