import { z } from "zod";
import { count, percentValue, unsigned } from "../schema/common.ts";
import { duration, durationOrZero } from "../schema/duration.ts";
import { isHostname, port } from "../schema/network.ts";
import { atMostOne, checked, choice, exactlyOne, type Finding, list, nonEmptyList, object, text } from "../schema/object.ts";

const cookie = object({
  name: z.string().min(1),
  path: z.string().optional(),
  ttl: durationOrZero.optional(),
  attributes: list(object({ name: z.string().min(1), value: z.string().optional() })),
});

const consistentHash = checked(
  object({
    httpHeaderName: z.string().min(1).optional(),
    httpCookie: cookie.optional(),
    useSourceIp: z.boolean().optional(),
    httpQueryParameterName: z.string().min(1).optional(),
    ringHash: object({ minimumRingSize: z.int().min(0).max(8_388_608).optional() }).optional(),
    maglev: object({ tableSize: z.int().min(0).max(5_000_011).optional() }).optional(),
    minimumRingSize: z.int().min(0).max(8_388_608).optional(),
  }),
  (value) => [
    ...exactlyOne(value, ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"]),
    ...atMostOne(value, ["ringHash", "maglev", "minimumRingSize"]),
    ...primeFindings(value.maglev?.tableSize),
  ],
);

const failover = list(object({ from: z.string().min(1), to: z.string().min(1) }));

const localityLbSetting = checked(
  object({
    enabled: z.boolean().optional(),
    distribute: nonEmptyList(object({ from: z.string().min(1), to: z.record(z.string(), unsigned) })).optional(),
    failover: nonEmptyList(object({ from: z.string().min(1), to: z.string().min(1) })).optional(),
    failoverPriority: nonEmptyList(z.string().min(1)).optional(),
  }),
  (value) => [
    ...atMostOne(value, ["distribute", "failover"]),
    ...atMostOne(value, ["distribute", "failoverPriority"]),
    ...(value.distribute ?? []).flatMap(({ to }, index) => {
      const total = Object.values(to).reduce((sum, weight) => sum + weight, 0);
      return total === 100 ? [] : [{ message: `the weights must add up to 100, not ${total}`, path: ["distribute", index, "to"] }];
    }),
  ],
);

/** Istio's LoadBalancerSettings. */
const loadBalancer = checked(
  object({
    simple: choice(["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"]).optional(),
    consistentHash: consistentHash.optional(),
    localityLbSetting: localityLbSetting.optional(),
    zoneAwareLbSetting: object({
      enabled: z.boolean().optional(),
      failover,
      failoverPriority: list(z.string()),
      minClusterSize: unsigned.optional(),
    }).optional(),
    warmupDurationSecs: duration.optional(),
    warmup: object({ duration, minimumPercent: percentValue.optional(), aggression: z.number().min(1).optional() }).optional(),
  }),
  (value) => [
    ...atMostOne(value, ["simple", "consistentHash"]),
    ...atMostOne(value, ["warmup", "warmupDurationSecs"]),
    ...atMostOne(value, ["localityLbSetting", "zoneAwareLbSetting"]),
  ],
);

/** Istio's ConnectionPoolSettings. */
const connectionPool = object({
  tcp: object({
    maxConnections: count.optional(),
    connectTimeout: duration.optional(),
    tcpKeepalive: object({ probes: unsigned.optional(), time: duration.optional(), interval: duration.optional() }).optional(),
    maxConnectionDuration: duration.optional(),
    idleTimeout: durationOrZero.optional(),
  }).optional(),
  http: checked(
    object({
      http1MaxPendingRequests: count.optional(),
      http2MaxRequests: count.optional(),
      maxRequestsPerConnection: count.optional(),
      maxRetries: count.optional(),
      idleTimeout: durationOrZero.optional(),
      h2UpgradePolicy: choice(["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]).optional(),
      useClientProtocol: z.boolean().optional(),
      maxConcurrentStreams: count.optional(),
      http2KeepAlive: object({ interval: duration, timeout: duration }).optional(),
    }),
    (http) =>
      http.useClientProtocol === true && http.h2UpgradePolicy === "UPGRADE"
        ? [{ code: "conflicting-fields", message: "useClientProtocol excludes h2UpgradePolicy UPGRADE", path: ["useClientProtocol"] }]
        : [],
  ).optional(),
});

/** Istio's OutlierDetection. */
const outlierDetection = checked(
  object({
    consecutiveErrors: unsigned.optional(),
    splitExternalLocalOriginErrors: z.boolean().default(false),
    consecutiveLocalOriginFailures: unsigned.optional(),
    consecutiveGatewayErrors: unsigned.optional(),
    consecutive5xxErrors: unsigned.optional(),
    interval: duration.optional(),
    baseEjectionTime: duration.optional(),
    maxEjectionPercent: z.int().min(0).max(100).optional(),
    minHealthPercent: z.int().min(0).max(100).optional(),
    outlierDetectionHttpErrorCodes: list(z.int().min(100).max(599)),
  }),
  (value) =>
    value.consecutiveLocalOriginFailures !== undefined && !value.splitExternalLocalOriginErrors
      ? [{ message: "has an effect only with splitExternalLocalOriginErrors: true", path: ["consecutiveLocalOriginFailures"] }]
      : [],
);

const file = z.string().min(1);

const clientTlsFields = object({
  mode: choice(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]).default("DISABLE"),
  clientCertificate: file.optional(),
  privateKey: file.optional(),
  caCertificates: file.optional(),
  caCrl: file.optional(),
  credentialName: z.string().min(1).optional(),
  subjectAltNames: list(z.string().min(1)),
  sni: z.string().min(1).optional(),
  insecureSkipVerify: z.boolean().default(false),
});

/** Istio's ClientTLSSettings. */
const clientTls = checked(clientTlsFields, (tls) => [...mutualFindings(tls), ...meshFindings(tls)]);

const portSettings = {
  loadBalancer: loadBalancer.optional(),
  connectionPool: connectionPool.optional(),
  outlierDetection: outlierDetection.optional(),
  tls: clientTls.optional(),
};

const portLevelSettings = checked(list(object({ port: object({ number: port }), ...portSettings })), (entries) => {
  const numbers = entries.map((entry) => entry.port.number);
  return numbers.flatMap((number, index) =>
    numbers.indexOf(number) < index ? [{ message: `port ${number} has settings already`, path: [index, "port", "number"] }] : [],
  );
});

/** Istio's TrafficPolicy. */
export const trafficPolicy = object({
  ...portSettings,
  portLevelSettings,
  tunnel: object({
    protocol: z.enum(["CONNECT", "POST"]).default("CONNECT"),
    targetHost: text((value) => (isHostname(value) || /^[\d.:a-f]+$/i.test(value) ? undefined : `"${value}" is no host`)),
    targetPort: port,
  }).optional(),
  proxyProtocol: object({ version: choice(["V1", "V2"]).default("V1") }).optional(),
  retryBudget: object({
    percent: percentValue.optional(),
    minRetryConcurrency: unsigned.optional(),
    budgetInterval: durationOrZero.optional(),
  }).optional(),
});

export type TrafficPolicySpec = z.output<typeof trafficPolicy>;
export type LoadBalancerSpec = z.output<typeof loadBalancer>;
export type ConnectionPoolSpec = z.output<typeof connectionPool>;
export type OutlierDetectionSpec = z.output<typeof outlierDetection>;
export type ClientTlsSpec = z.output<typeof clientTlsFields>;

function mutualFindings(tls: Pick<ClientTlsSpec, "mode" | "credentialName" | "clientCertificate" | "privateKey">): readonly Finding[] {
  if (tls.mode !== "MUTUAL" || tls.credentialName !== undefined) return [];
  return (["clientCertificate", "privateKey"] as const)
    .filter((field) => tls[field] === undefined)
    .map((field) => ({ code: "missing-field", message: `mode MUTUAL needs ${field}`, path: [field] }));
}

function meshFindings(tls: Pick<ClientTlsSpec, "mode" | "clientCertificate" | "privateKey" | "caCertificates">): readonly Finding[] {
  if (tls.mode !== "ISTIO_MUTUAL" && tls.mode !== "DISABLE") return [];
  return (["clientCertificate", "privateKey", "caCertificates"] as const)
    .filter((field) => tls[field] !== undefined)
    .map((field) => ({ code: "conflicting-fields", message: `${field} has no meaning with mode ${tls.mode}`, path: [field] }));
}

function primeFindings(tableSize: number | undefined): readonly Finding[] {
  if (tableSize === undefined || tableSize === 0) return [];
  for (let divisor = 2; divisor * divisor <= tableSize; divisor++)
    if (tableSize % divisor === 0) return [{ message: `must be a prime number, got ${tableSize}`, path: ["maglev", "tableSize"] }];
  return tableSize < 2 ? [{ message: `must be a prime number, got ${tableSize}`, path: ["maglev", "tableSize"] }] : [];
}
