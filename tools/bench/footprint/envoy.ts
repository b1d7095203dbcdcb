import { join } from "node:path";
import {
  connectionManager,
  downstreamTls,
  routesToBoth,
  type RouteSource,
  socketAddress,
  staticCluster,
} from "../contenders/envoy-config.ts";
import { clusterName, endpointAddress, type Places, routePath, type Shape } from "./shape.ts";

/** A shape as Envoy's bootstrap, all of it static but for the routes, which stand in a file of their own that is watched. */
export function toEnvoy(shape: Shape, places: Places, routesFile: string): object {
  const watched: RouteSource = { file: routesFile, directory: join(routesFile, "..") };
  return {
    // A file can only be watched by one that has a name.
    node: { id: "bench", cluster: "bench" },
    static_resources: {
      listeners: [
        listener("plain", socketAddress(places.plain), connectionManager("plain", watched), {}),
        listener("secure", socketAddress(places.secure), connectionManager("secure", clusterName(0)), {
          transport_socket: downstreamTls(places.certificates),
        }),
      ],
      clusters: Array.from({ length: shape.clusters }, (_, index) =>
        staticCluster(
          clusterName(index),
          Array.from({ length: index === 0 ? shape.endpoints : 1 }, (__, place) => endpointAddress(place, places.backend)),
        ),
      ),
    },
  };
}

function listener(name: string, address: object, filter: object, transport: object): object {
  return { name, address, filter_chains: [{ filters: [filter], ...transport }] };
}

/** The file of routes, with `percent` of the requests for the first of the two clusters. */
export function toEnvoyRoutes(shape: Shape, percent: number): object {
  const prefixes = Array.from({ length: shape.routes }, (_, index) => (index === 0 ? "/" : routePath(index))).toReversed();
  return routesToBoth({ prefixes, clusters: [clusterName(0), clusterName(1)], percent });
}
