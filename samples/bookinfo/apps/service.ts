import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";

/** What a service answers. */
export interface Answer {
  readonly status?: number;
  readonly contentType?: string;
  readonly body: string;
}

/** Context that belongs to one user's request and so travels along with every call made for it. */
const FORWARDED_HEADERS = [
  "traceparent",
  "tracestate",
  "baggage",
  "x-request-id",
  "end-user",
  "user-agent",
  "cookie",
  "authorization",
] as const;

export function headersToForward(headers: IncomingHttpHeaders): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of FORWARDED_HEADERS) {
    const value = headers[name];
    if (typeof value === "string") forwarded[name] = value;
  }
  return forwarded;
}

export function json(value: unknown, status = 200): Answer {
  return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}

/** Serves on HOST and PORT until told to stop; `/health` answers for every service. */
export function serve(name: string, answer: (url: URL, request: IncomingMessage) => Promise<Answer> | Answer): void {
  const host = process.env["HOST"] ?? "127.0.0.1";
  const port = Number(process.env["PORT"] ?? 9080);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://service");
    const { status = 200, contentType = "text/plain", body } = url.pathname === "/health" ? { body: "ok\n" } : await answer(url, request);
    response.writeHead(status, { "content-type": `${contentType}; charset=utf-8`, "content-length": Buffer.byteLength(body) }).end(body);
  };
  const server = createServer((request, response) => {
    request.resume();
    respond(request, response).catch((error: unknown) => {
      console.error(`${name}: ${request.method} ${request.url} failed: ${error instanceof Error ? error.message : String(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { "content-type": "text/plain" }).end("internal error\n");
    });
  });
  // Longer than any client keeps an idle connection, so that the client closes first and no request meets a closing socket.
  server.keepAliveTimeout = 120_000;
  server.listen(port, host, () => console.log(`${name} listens on http://${host}:${port}`));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
      setTimeout(() => process.exit(0), 2_000).unref();
    });
  }
}
