import { createServer } from "node:net";

/** A port that nobody listens at now. Where a program can take port 0 itself, let it: another one may take this port meanwhile. */
export function freePort(host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error(`no port at ${host}`)),
      );
    });
  });
}
