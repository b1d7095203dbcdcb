import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accepts, findFreePort, findProgram, readVersion, startPinned, waitUntilReady, withChildren } from "../process.ts";
import { type Backend, BACKEND_NAME, IDLE_CONNECTIONS, MissingContender, type Running, type StartOptions } from "./contender.ts";
import { nginxConfig } from "./nginx-config.ts";

export async function startNginx(options: StartOptions): Promise<Running> {
  const program = findProgram("nginx");
  if (program === undefined) throw new MissingContender("nginx is not installed (Debian: apt install nginx)");
  const folder = join(options.directory, "nginx");
  mkdirSync(folder);
  const port = await findFreePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(file, nginxConfig(folder, proxy(port, options.backend)));
  const logFile = join(folder, "log");
  const command = [program, "-p", folder, "-e", join(folder, "error.log"), "-c", file] as const;
  const child = startPinned({ cpu: options.proxyCpu, command, logFile });
  await waitUntilReady("nginx", child, () => accepts({ host: "127.0.0.1", port }));
  return {
    name: "nginx",
    title: "nginx",
    version: readVersion(program, "-v", /nginx\/(\S+)/),
    targets: { single: { host: "127.0.0.1", port, path: "/", hostHeader: BACKEND_NAME } },
    pids: () => withChildren(child.pid),
    configuration: `one worker, \`proxy_pass\` with ${IDLE_CONNECTIONS} idle upstream connections, no log`,
    stop: () => child.stop(),
  };
}

function proxy(port: number, backend: Backend): string {
  return `  upstream back {
    server ${backend.host}:${backend.port};
    keepalive ${IDLE_CONNECTIONS};
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }`;
}
