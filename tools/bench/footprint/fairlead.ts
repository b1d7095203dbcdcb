import { readFileSync } from "node:fs";
import type { HttpListenerConfig, ProxyConfig, RouteConfig } from "@fairlead/dataplane";
import type { Address } from "../contenders/contender.ts";
import { clusterName, endpointAddress, type Places, routePath, type Shape } from "./shape.ts";

/** A shape as our library's configuration. */
export function toFairlead(shape: Shape, places: Places): ProxyConfig {
  const routes: RouteConfig[] = Array.from({ length: shape.routes }, (_, index) => ({
    name: `route-${index}`,
    ...(index === 0 ? {} : { match: { path: { prefix: routePath(index) } } }),
    action: { kind: "forward", to: [0, 1].map((each) => ({ cluster: clusterName(each), weight: 50 })) },
  }));
  // The one that matches everything comes last.
  const hosts = [{ routes: routes.toReversed() }];
  const plain: HttpListenerConfig = { kind: "http", name: "plain", address: join(places.plain), hosts };
  const { rootFile, server } = places.certificates;
  const secure: HttpListenerConfig = {
    kind: "http",
    name: "secure",
    address: join(places.secure),
    hosts: [{ routes: [{ action: { kind: "forward", to: clusterName(0) } }] }],
    tls: {
      certificate: { chainPem: readFileSync(server.certificateFile, "utf8"), privateKeyPem: readFileSync(server.keyFile, "utf8") },
      clientRootsPem: readFileSync(rootFile, "utf8"),
    },
  };
  return {
    listeners: [plain, secure],
    clusters: Array.from({ length: shape.clusters }, (_, index) => ({
      name: clusterName(index),
      endpoints: Array.from({ length: index === 0 ? shape.endpoints : 1 }, (__, place) => join(endpointAddress(place, places.backend))),
    })),
  };
}

function join({ host, port }: Address): string {
  return `${host}:${port}`;
}
