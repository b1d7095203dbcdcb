import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { sleep, systemClock } from "@fairlead/kit";

/** What an echo server says about the request it got. */
export interface Echo {
  readonly server: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface EchoServer extends AsyncDisposable {
  readonly address: string;
  readonly url: string;
  /** Requests so far. */
  readonly requests: number;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 16 << 20;

/**
 * An upstream for tests: answers every request with what it saw of it, as JSON. `?status=503` asks for that status, `?delayMs=200` for an answer that
 * comes later.
 */
export async function startEchoServer(
  options: { readonly name?: string; readonly host?: string; readonly port?: number } = {},
): Promise<EchoServer> {
  const { name = "echo", host = "127.0.0.1", port = 0 } = options;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(name, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen({ host, port }, resolve));
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) throw new Error(`echo server ${name} has no address`);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    address: `${host}:${bound.port}`,
    url: `http://${host}:${bound.port}`,
    get requests() {
      return requests;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function answer(server: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return void response.writeHead(413).end();
    chunks.push(chunk);
  }
  const url = new URL(request.url ?? "/", "http://echo");
  const delayMs = Number(url.searchParams.get("delayMs") ?? 0);
  const echo: Echo = {
    server,
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
  if (delayMs > 0) await sleep(systemClock, delayMs);
  response.writeHead(Number(url.searchParams.get("status") ?? 200), { "content-type": "application/json" }).end(JSON.stringify(echo));
}
