import type { PortProtocol } from "../../../model/service.ts";
import type { HttpFilter } from "../../filter.ts";

/** Makes requests of gRPC-Web ones of gRPC, on ports that are said to speak it. */
export function webFilters(protocol: PortProtocol): readonly HttpFilter[] {
  return protocol === "grpc-web" ? [{ kind: "grpc-web" }] : [];
}
