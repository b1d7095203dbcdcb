import { HTTPFaultSchema } from "@fairlead/api/gen/envoy/extensions/filters/http/fault/v3/fault_pb";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { Fault } from "../../../ir/route.ts";
import { milliseconds, pack } from "../any.ts";
import { toFraction } from "../match.ts";
import type { NamedExtension } from "./named-extension.ts";

export const FAULT_FILTER = "envoy.filters.http.fault";

/** The filter in the chain; what it does is said by routes. */
export const IDLE_FAULT: NamedExtension = { name: FAULT_FILTER, typedConfig: pack(HTTPFaultSchema, {}) };

/** What the filter does on one route. */
export function toFault({ delay, abort }: Fault): Any {
  return pack(HTTPFaultSchema, {
    ...(delay === undefined
      ? {}
      : {
          delay: {
            faultDelaySecifier: { case: "fixedDelay", value: milliseconds(delay.durationMs) },
            percentage: toFraction(delay.percent),
          },
        }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            errorType: { case: abort.kind === "http" ? "httpStatus" : "grpcStatus", value: abort.status },
            percentage: toFraction(abort.percent),
          },
        }),
  });
}
