import { createServer } from "node:net";

/** A block of loopback addresses, `127.0.<block>.1` to `.254`, that no mesh uses now. */
export async function findFreeBlock(random: () => number): Promise<number> {
  const first = 20 + Math.floor(random() * 200);
  for (let offset = 0; offset < 200; offset += 1) {
    const block = 20 + ((first - 20 + offset) % 200);
    // Pilot's address is the one that every mesh has.
    if (await canListen(`127.0.${block}.1`, 15012)) return block;
  }
  throw new Error("no free block of loopback addresses between 127.0.20.0 and 127.0.219.0");
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
