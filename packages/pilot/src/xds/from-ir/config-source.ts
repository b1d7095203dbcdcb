import { create } from "@bufbuild/protobuf";
import {
  ApiConfigSource_ApiType,
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "@fairlead/api/gen/envoy/config/core/v3/config_source_pb";
import { NO_TIME } from "./any.ts";

/** Over the stream that this resource came by. */
export const FROM_ADS: ConfigSource = create(ConfigSourceSchema, {
  configSourceSpecifier: { case: "ads", value: {} },
  initialFetchTimeout: NO_TIME,
  resourceApiVersion: ApiVersion.V3,
});

/** The cluster of a proxy's bootstrap at which secrets are served (Istio's name). */
const SDS_CLUSTER = "sds-grpc";

/** From the agent beside the proxy. */
export const FROM_AGENT: ConfigSource = create(ConfigSourceSchema, {
  configSourceSpecifier: {
    case: "apiConfigSource",
    value: {
      apiType: ApiConfigSource_ApiType.GRPC,
      transportApiVersion: ApiVersion.V3,
      setNodeOnFirstMessageOnly: true,
      grpcServices: [{ targetSpecifier: { case: "envoyGrpc", value: { clusterName: SDS_CLUSTER } } }],
    },
  },
  initialFetchTimeout: NO_TIME,
  resourceApiVersion: ApiVersion.V3,
});
