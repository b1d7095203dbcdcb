import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { accepts, findProgram, type PinnedProcess, readVersion, startPinned, waitUntilReady, withChildren } from "../process.ts";
import { BODY_BYTES, LARGE_BYTES, LARGE_PATH } from "../scenarios.ts";
import { type Backend, BACKEND_NAME, CANARY, GRPC_MESSAGE, GRPC_PATH, MissingContender, type Running } from "./contender.ts";
import { nginxConfig } from "./nginx-config.ts";

/** The program that serves gRPC's form of requests. */
export const GRPC_BACKEND = "nghttpd";

export interface BackendOptions {
  readonly directory: string;
  readonly backend: Backend;
  readonly cpu: number;
}

/** The server behind every proxy: nginx that answers 1 KB, or a large file. Called directly it is the canary: its own cost must not change between rounds. */
export async function startBackend({ directory, backend, cpu }: BackendOptions): Promise<Running> {
  const program = findProgram("nginx");
  if (program === undefined) throw new MissingContender("nginx, which is the backend of every measurement, is not installed");
  const folder = join(directory, "backend");
  mkdirSync(folder);
  writeFileSync(join(folder, LARGE_PATH), "x".repeat(LARGE_BYTES));
  writeFileSync(join(folder, "nginx.conf"), nginxConfig(folder, serve(folder, backend)));
  const logFile = join(folder, "log");
  const child = startPinned({
    cpu,
    command: [program, "-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")],
    logFile,
  });
  await waitUntilReady("the backend", child, () => accepts(backend));
  const grpc = await startGrpcBackend(folder, backend, cpu);
  return {
    name: CANARY,
    title: "no proxy (canary: the backend itself)",
    version: `nginx ${readVersion(program, "-v", /nginx\/(\S+)/)}`,
    targets: { single: { host: backend.host, port: backend.port, path: "/", hostHeader: BACKEND_NAME } },
    pids: () => withChildren(child.pid),
    configuration: `nginx, one worker, answers ${BODY_BYTES} bytes from its configuration, or a file of ${LARGE_BYTES} bytes`,
    async stop() {
      await Promise.all([child.stop(), grpc?.stop()]);
    },
  };
}

/** The server of the scenarios with gRPC; they are skipped where it is not installed. */
async function startGrpcBackend(folder: string, { host, grpcPort }: Backend, cpu: number): Promise<PinnedProcess | undefined> {
  const program = findProgram(GRPC_BACKEND);
  if (program === undefined) return undefined;
  // An answer from a file, which nghttpd keeps: with --echo-upload it writes a file for every request, which is then all that is measured.
  mkdirSync(join(folder, dirname(GRPC_PATH)), { recursive: true });
  writeFileSync(join(folder, GRPC_PATH), GRPC_MESSAGE);
  const serving = ["--no-tls", "--trailer=grpc-status: 0", "--max-concurrent-streams=1000"];
  const command = [program, ...serving, `--htdocs=${folder}`, `--address=${host}`, String(grpcPort)] as const;
  const child = startPinned({ cpu, command, logFile: join(folder, "grpc.log") });
  await waitUntilReady("the backend of gRPC", child, () => accepts({ host, port: grpcPort }));
  return child;
}

function serve(folder: string, { host, port, tcpPort }: Backend): string {
  const small = `location / { return 200 "${"x".repeat(BODY_BYTES)}"; }`;
  const large = `location = ${LARGE_PATH} { root ${folder}; sendfile on; open_file_cache max=1; }`;
  const listen = [port, tcpPort].map((each) => `listen ${host}:${each} reuseport backlog=4096;`).join(" ");
  return `  server { ${listen} default_type text/plain; ${small} ${large} }`;
}
