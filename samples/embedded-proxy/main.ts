import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Proxy } from "@fairlead/dataplane";

const REQUESTS = 3_000;

/** An HTTP server on a free port of the loopback address, which answers with its own name. */
async function startUpstream(name: string): Promise<Server> {
  const server = createServer((_request, response) => response.end(name)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addressOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server does not listen on a port");
  return `${bound.address}:${bound.port}`;
}

async function freeAddress(): Promise<string> {
  const server = await startUpstream("");
  const address = addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

const upstreams = await Promise.all(["apple", "banana", "cherry"].map(startUpstream));
const address = await freeAddress();

// The load balancer: everything below this line but the printing.
const proxy = await Proxy.start({
  config: {
    listeners: [{ kind: "http", name: "web", address, hosts: [{ routes: [{ action: { kind: "forward", to: "fruit" } }] }] }],
    clusters: [{ name: "fruit", endpoints: upstreams.map(addressOf), loadBalancer: "roundRobin" }],
  },
});

const answers = new Map<string, number>();
for (let sent = 0; sent < REQUESTS; sent += 1) {
  const answer = await (await fetch(`http://${address}/`)).text();
  answers.set(answer, (answers.get(answer) ?? 0) + 1);
}
console.log(`${REQUESTS} requests to http://${address}/ were answered by`);
for (const name of [...answers.keys()].toSorted()) console.log(`  ${name.padEnd(8)} ${answers.get(name)}`);

await proxy.drain();
await proxy.stop();
for (const upstream of upstreams) upstream.close();
