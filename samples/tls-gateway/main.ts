import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { Proxy, type ProxyConfig } from "@fairlead/dataplane";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:8443" },
    certificate: { type: "string", default: "chain.pem" },
    key: { type: "string", default: "key.pem" },
    "client-roots": { type: "string" },
    host: { type: "string", multiple: true, default: [] },
    "redirect-from": { type: "string" },
  },
});

/** `example.com=127.0.0.1:9001`: which host is served by which upstream. */
const hosts = values.host.map((rule) => {
  const [domain = "", upstream = ""] = rule.split("=");
  return { domain, upstream };
});

async function readConfig(): Promise<ProxyConfig> {
  const clientRoots = values["client-roots"];
  return {
    listeners: [
      {
        kind: "http",
        name: "https",
        address: values.listen,
        tls: {
          certificate: { chainPem: await readFile(values.certificate, "utf8"), privateKeyPem: await readFile(values.key, "utf8") },
          ...(clientRoots === undefined ? {} : { clientRootsPem: await readFile(clientRoots, "utf8") }),
        },
        hosts: hosts.map(({ domain, upstream }) => ({
          domains: [domain, `${domain}:*`],
          routes: [
            {
              name: domain,
              action: { kind: "forward", to: upstream },
              responseHeaders: { set: { "strict-transport-security": "max-age=31536000" } },
            },
          ],
        })),
      },
      ...(values["redirect-from"] === undefined ? [] : [toRedirect(values["redirect-from"])]),
    ],
    clusters: [...new Set(hosts.map(({ upstream }) => upstream))].map((upstream) => ({ name: upstream, endpoints: [upstream] })),
  };
}

/** A port without TLS that sends everybody to the one with it. */
function toRedirect(address: string): ProxyConfig["listeners"][number] {
  return { kind: "http", name: "http", address, hosts: [{ routes: [{ action: { kind: "redirect", scheme: "https", status: 308 } }] }] };
}

const proxy = await Proxy.start({ config: await readConfig() });
for (const { name, addresses } of await proxy.listeners()) console.log(`${name} on ${addresses.join(", ")}`);

// New files, the same connections: whoever connects from now on sees the new certificate.
process.on("SIGHUP", () => {
  readConfig()
    .then((config) => proxy.apply(config))
    .then(() => console.log("certificate replaced"))
    .catch((error: unknown) => console.error(`still with the old certificate: ${error instanceof Error ? error.message : String(error)}`));
});

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await proxy.drain();
await proxy.stop();
