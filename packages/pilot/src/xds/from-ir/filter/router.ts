import { RouterSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/router/v3/router_pb";
import { pack } from "../any.ts";
import type { NamedExtension } from "./named-extension.ts";

/** Forwards to the cluster of the route; always the last. */
export const ROUTER: NamedExtension = { name: "envoy.filters.http.router", typedConfig: pack(RouterSchema, {}) };
