import { z } from "zod";
import { workloadSelector } from "./schema/common.ts";
import { checked, choice, object } from "./schema/object.ts";

const mutualTls = object({ mode: choice(["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]).default("UNSET") });

/** Whether workloads accept plain connections (security.istio.io PeerAuthentication). */
export const peerAuthenticationSchema = checked(
  object({
    selector: workloadSelector.optional(),
    mtls: mutualTls.optional(),
    portLevelMtls: z.record(z.string(), mutualTls).readonly().default({}),
  }),
  (spec) => {
    const ports = Object.keys(spec.portLevelMtls);
    const wrong = ports.filter((port) => !/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535);
    const hasSelector = Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
    return [
      ...wrong.map((port) => ({ message: `"${port}" is no port`, path: ["portLevelMtls", port] })),
      ...(ports.length > 0 && !hasSelector
        ? [
            {
              message: "portLevelMtls needs a selector: ports belong to workloads",
              hint: "add selector.matchLabels",
              path: ["portLevelMtls"],
            },
          ]
        : []),
    ];
  },
);

export type PeerAuthenticationSpec = z.output<typeof peerAuthenticationSchema>;
