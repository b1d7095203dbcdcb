import { once } from "node:events";
import { parseArgs } from "node:util";
import { Proxy } from "@fairlead/dataplane";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:5432" },
    to: { type: "string", multiple: true, default: [] },
    "idle-ms": { type: "string", default: "3600000" },
  },
});

const proxy = await Proxy.start({
  config: {
    listeners: [{ kind: "tcp", name: "tcp", address: values.listen, to: "upstreams", idleTimeoutMs: Number(values["idle-ms"]) }],
    clusters: [
      {
        name: "upstreams",
        endpoints: values.to,
        loadBalancer: "leastRequest",
        connectTimeoutMs: 1_000,
        // A connection can be made: that is all there is to ask of an unknown protocol.
        healthCheck: { kind: "tcp", intervalMs: 1_000 },
      },
    ],
  },
});
const [listener] = await proxy.listeners();
console.log(`listening on ${listener?.addresses[0]}`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await proxy.drain();
const total = async (name: string): Promise<number> =>
  (await proxy.stats()).filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
const [connections, received, sent] = await Promise.all(
  ["istio_tcp_connections_opened_total", "istio_tcp_received_bytes_total", "istio_tcp_sent_bytes_total"].map(total),
);
console.log(`${connections} connections, ${received} bytes from clients, ${sent} bytes to them`);
await proxy.stop();
