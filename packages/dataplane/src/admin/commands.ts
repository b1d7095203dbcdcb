import type { Monitoring } from "@fairlead/kit";
import { parseExplainRequest } from "../explain-request.ts";
import type { CounterBaseline } from "./counter-baseline.ts";
import { changeLogging } from "./logging.ts";
import type { AdminPorts } from "./ports.ts";
import { queryOf } from "./query.ts";
import { AdminRefusal } from "./refusal.ts";
import { readStats } from "./stats.ts";

const TEXT = "text/plain; charset=utf-8";

/** What changes something, and takes a POST for it. */
export function addCommands(server: Monitoring["server"], ports: AdminPorts, counters: CounterBaseline): void {
  server.post("/explain", (request) => ports.engine.explain(parseExplainRequest(request.body)));
  addText(server, "/logging", (query) => changeLogging(ports.logger, query));
  addText(server, "/drain_listeners", (query) => drain(ports, query));
  addText(server, "/healthcheck/fail", () => {
    ports.failHealthChecks(true);
    return "OK\n";
  });
  addText(server, "/healthcheck/ok", () => {
    ports.failHealthChecks(false);
    return "OK\n";
  });
  server.post("/reset_counters", async (_request, reply) => {
    counters.reset(await readStats(ports));
    return reply.type(TEXT).send("OK\n");
  });
  server.post("/reopen_logs", async (_request, reply) => {
    await ports.engine.reopenLogs();
    return reply.type(TEXT).send("OK\n");
  });
  server.post("/quitquitquit", (_request, reply) => {
    // Answered first: the server is among what ends.
    reply.raw.once("finish", () => ports.quit());
    return reply.type(TEXT).send("OK\n");
  });
  for (const path of COMMANDS) {
    server.get(path, (_request, reply) =>
      reply.code(405).header("allow", "POST").type(TEXT).send("Method GET not allowed, POST required.\n"),
    );
  }
}

const COMMANDS = [
  "/explain",
  "/logging",
  "/drain_listeners",
  "/healthcheck/fail",
  "/healthcheck/ok",
  "/quitquitquit",
  "/reopen_logs",
  "/reset_counters",
  "/rotate_certificates",
  "/tap",
];

function addText(server: Monitoring["server"], path: string, run: (query: URLSearchParams) => string): void {
  server.post(path, (request, reply) => reply.type(TEXT).send(run(queryOf(request.url))));
}

/** Envoy's parameters; with `graceful` or without, nobody new is let in and who is there may end in the time that the settings give. */
function drain(ports: AdminPorts, query: URLSearchParams): string {
  if (query.has("skip_exit")) throw new AdminRefusal(400, "skip_exit: a drain closes the listeners; leave the parameter out");
  ports.drain(query.has("inboundonly") ? "inbound" : "all");
  return "OK\n";
}
