import type { z } from "zod";
import { duplicates, exportTo, workloadSelector } from "../schema/common.ts";
import { wildcardHost } from "../schema/network.ts";
import { checked, labels, list, object } from "../schema/object.ts";
import type { UnsupportedField } from "../unsupported.ts";
import { subsetName } from "../virtual-service/destination.ts";
import { trafficPolicy } from "./traffic-policy.ts";

const subset = object({ name: subsetName, labels, trafficPolicy: trafficPolicy.optional() });

/** What clients do when they talk to a host (networking.istio.io DestinationRule). */
export const destinationRuleSchema = object({
  host: wildcardHost,
  trafficPolicy: trafficPolicy.optional(),
  subsets: checked(list(subset), (subsets) =>
    duplicates(subsets.map(({ name }) => name)).map(({ value, index }) => ({
      message: `another subset is called "${value}" already`,
      path: [index, "name"],
    })),
  ),
  exportTo,
  workloadSelector: workloadSelector.optional(),
});

export type DestinationRuleSpec = z.output<typeof destinationRuleSchema>;

const POLICY_PATHS = ["trafficPolicy", "subsets[].trafficPolicy"];
const SETTINGS_PATHS = POLICY_PATHS.flatMap((path) => [path, `${path}.portLevelSettings[]`]);

/** What of the kind this version reads but does not do. */
export const destinationRuleUnsupported: readonly UnsupportedField[] = [
  ...SETTINGS_PATHS.flatMap((path): readonly UnsupportedField[] => [
    { path: `${path}.loadBalancer.zoneAwareLbSetting`, effect: "all zones are treated alike" },
    { path: `${path}.connectionPool.tcp.idleTimeout`, effect: "idle connections are closed after the proxies' default of an hour" },
    { path: `${path}.outlierDetection.outlierDetectionHttpErrorCodes`, effect: "the codes 500 to 599 count" },
    {
      path: `${path}.tls.credentialName`,
      effect: "the server is verified by the public roots of the system and sees no client certificate",
      hint: "name files in clientCertificate, privateKey and caCertificates",
    },
  ]),
  ...POLICY_PATHS.flatMap((path): readonly UnsupportedField[] => [
    { path: `${path}.tunnel`, effect: "connections go to the host directly" },
    { path: `${path}.retryBudget.budgetInterval`, effect: "the requests of this moment count" },
  ]),
];
