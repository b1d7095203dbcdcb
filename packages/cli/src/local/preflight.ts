import { createServer } from "node:net";
import { codeOf } from "@fairlead/kit";
import { CliError } from "../cli-error.ts";

/** An address that something of the mesh is going to listen at. */
export interface WantedAddress {
  readonly host: string;
  readonly port: number;
  /** Who wants it, for the message: `gateway ingressgateway`. */
  readonly owner: string;
}

/** Tries every address before anything starts, so that a taken port is said once and clearly. */
export async function checkAddresses(wanted: readonly WantedAddress[]): Promise<void> {
  const refusals = await Promise.all(wanted.map(async (address) => ({ address, code: await tryToListen(address) })));
  const lines = refusals.flatMap(({ address, code }) =>
    code === undefined ? [] : [`  ${address.host}:${address.port} (${address.owner}): ${explain(code)}`],
  );
  if (lines.length === 0) return;
  const codes = new Set(refusals.map(({ code }) => code));
  throw new CliError(
    `cannot listen at ${lines.length === 1 ? "an address" : `${lines.length} addresses`} of the mesh:\n${lines.join("\n")}`,
    hint(codes),
  );
}

/** Undefined where it works, else the error's code. */
function tryToListen({ host, port }: WantedAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(codeOf(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function explain(code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "in use by another process";
    case "EADDRNOTAVAIL":
      return "this machine has no such address";
    case "EACCES":
      return "needs privileges (a port below 1024?)";
    default:
      return code;
  }
}

function hint(codes: ReadonlySet<string | undefined>): string {
  if (codes.has("EADDRNOTAVAIL")) return "on macOS add it first: sudo ifconfig lo0 alias <address> up";
  if (codes.has("EADDRINUSE"))
    return "stop what listens there (another mesh? fairlead status), or change the address or port in the configuration";
  return "choose another port in the configuration";
}
