import { once } from "node:events";
import { parseArgs } from "node:util";
import { Proxy, type ProxyConfig, ProxyError } from "@fairlead/dataplane";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:8080" },
    to: { type: "string", multiple: true, default: [] },
    key: { type: "string", multiple: true, default: ["secret=ann"] },
    "per-minute": { type: "string", default: "100" },
    filters: { type: "string" },
  },
});

const clients = Object.fromEntries(values.key.map((pair) => pair.split("=", 2)));
const config: ProxyConfig = {
  listeners: [
    {
      kind: "http",
      name: "web",
      address: values.listen,
      accessLogs: [
        { path: "/dev/stdout", format: "%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %DYNAMIC_METADATA(samples.api-key:client)%" },
      ],
      hosts: [
        {
          routes: [
            // This one never meets a filter, and costs what it did before there was any.
            { match: { path: { prefix: "/public" } }, action: { kind: "forward", to: "backends" } },
            {
              action: { kind: "forward", to: "backends" },
              filters: [{ module: "api-key.ts", config: { clients, perMinute: Number(values["per-minute"]) }, timeoutMs: 100 }],
            },
          ],
        },
      ],
    },
  ],
  clusters: [{ name: "backends", endpoints: values.to }],
};

const proxy = await Proxy.start({
  config,
  filters: {
    directory: values.filters ?? new URL("./filters/", import.meta.url),
    onProblem: ({ kind, module, message }) => console.log(`${kind} ${module}: ${message}`),
  },
});
const [listener] = await proxy.listeners();
console.log(`listening on ${listener?.addresses[0]}`);

// An edited filter is loaded with the next configuration; one that does not load changes nothing.
process.on("SIGHUP", () => {
  void proxy.apply(config).then(
    () => console.log("filters loaded"),
    (error: unknown) => console.log(error instanceof ProxyError ? error.message : error),
  );
});
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await proxy.drain();
await proxy.stop();
