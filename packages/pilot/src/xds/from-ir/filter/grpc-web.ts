import { GrpcWebSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/grpc_web/v3/grpc_web_pb";
import { pack } from "../any.ts";
import type { NamedExtension } from "./named-extension.ts";

/** Makes requests of gRPC-Web ones of gRPC; others pass as they are. */
export const GRPC_WEB: NamedExtension = { name: "envoy.filters.http.grpc_web", typedConfig: pack(GrpcWebSchema, {}) };
