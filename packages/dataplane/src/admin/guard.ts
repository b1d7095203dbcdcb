import type { ProxyAdminError } from "@fairlead/api";
import { messageOf, type Monitoring } from "@fairlead/kit";
import { ProxyError } from "../native/errors.ts";

/** Open to whoever reaches the address: probes and scrapers come from outside the workload. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/ready", "/healthz", "/healthz/ready", "/readyz", "/metrics", "/stats/prometheus"]);

/** Keeps everything but probes and metrics to processes of this workload, and out of reach of web pages opened on the same machine. */
export function guard(server: Monitoring["server"]): void {
  server.addHook("onRequest", async (request, reply) => {
    const [path = "", query = ""] = request.url.split("?");
    // A pattern can cost any time: nobody from outside may bring one.
    if (OPEN_PATHS.has(path) && !new URLSearchParams(query).has("filter")) return;
    const { remoteAddress = "", localAddress = "" } = request.socket;
    if (request.headers.origin !== undefined) await reply.code(403).send(refusal("requests of web pages are not answered"));
    else if (!isLoopback(remoteAddress) && remoteAddress !== localAddress)
      await reply.code(403).send(refusal(`only this workload may ask, not ${remoteAddress}`));
  });
  server.setErrorHandler((error, _request, reply) => {
    const isOurs = error instanceof ProxyError && error.code !== "internal";
    const status = isOurs ? 400 : statusOf(error);
    return reply.code(status).send(refusal(messageOf(error)));
  });
  server.setNotFoundHandler((request, reply) => reply.code(404).send(refusal(`nothing at ${request.method} ${request.url}`)));
}

function refusal(error: string): ProxyAdminError {
  return { error };
}

function statusOf(error: unknown): number {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}
