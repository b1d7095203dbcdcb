import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { AdsEvents } from "./stream/ads-server.ts";
import { encodedResources } from "./xds/xds-snapshot.ts";

export interface Metrics extends AdsEvents {
  /** A snapshot was built, in so many seconds. */
  readonly built: (seconds: number) => void;
}

/** What Pilot counts; values that others hold are read when metrics are asked for. */
export function createMetrics(
  registry: Registry,
  sources: { readonly objects: () => number; readonly errors: () => number; readonly waiting: () => number },
): Metrics {
  const registers = [registry];
  const connected = new Gauge({ name: "fairlead_pilot_proxies", help: "Connected proxies.", labelNames: ["kind"], registers });
  const pushedBytes = new Counter({ name: "fairlead_pilot_pushed_bytes_total", help: "Bytes of discovery responses sent.", registers });
  const pushes = new Counter({ name: "fairlead_pilot_pushes_total", help: "Discovery responses sent.", registers });
  const rejections = new Counter({
    name: "fairlead_pilot_rejections_total",
    help: "Responses that a proxy rejected.",
    labelNames: ["type_url"],
    registers,
  });
  const refusals = new Counter({
    name: "fairlead_pilot_refused_streams_total",
    help: "Streams refused for who their caller is or what it said.",
    registers,
  });
  const builds = new Histogram({
    name: "fairlead_pilot_snapshot_build_seconds",
    help: "Time to build a snapshot of the mesh after a change.",
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  gauge(registry, "fairlead_pilot_objects", "Configuration objects in service.", sources.objects);
  gauge(registry, "fairlead_pilot_config_errors", "Errors in the configuration.", sources.errors);
  gauge(registry, "fairlead_pilot_waiting_pushes", "Proxies that wait for a push.", sources.waiting);
  gauge(registry, "fairlead_pilot_encoded_resources", "Resources encoded since the start.", encodedResources);
  return {
    connected: (proxy) => connected.inc({ kind: proxy.kind }),
    disconnected: (proxy) => connected.dec({ kind: proxy.kind }),
    pushed(bytes) {
      pushes.inc();
      pushedBytes.inc(bytes);
    },
    // Types come from outside: only Envoy's own may become labels.
    rejected: (typeUrl) =>
      rejections.inc({ type_url: typeUrl.startsWith("type.googleapis.com/envoy.") && typeUrl.length < 100 ? typeUrl : "other" }),
    refused: () => refusals.inc(),
    built: (seconds) => builds.observe(seconds),
  };
}

function gauge(registry: Registry, name: string, help: string, read: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
