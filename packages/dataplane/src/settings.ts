import { isIP } from "node:net";
import { addressSchema } from "@fairlead/kit";
import { identitySettingsSchema } from "@fairlead/identity";
import { z } from "zod";

const ipSchema = z.string().refine((value) => isIP(value) !== 0, { error: "must be an IP address" });
// Names go into the node id, whose parts are separated by "~" and ".".
const nameSchema = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be a Kubernetes name");

// As in Istio's labels of nodes; parts that are missing are empty.
const localitySchema = z.string().regex(/^[^/]+(\/[^/]*){0,2}$/, 'must be "region/zone/subzone"');

/** What an address of a Unix socket has room for (unix(7)). */
const MAX_SOCKET_PATH = 107;

/** `ProxyLimits`: 0 is none for a timeout. */
const limitsSchema = z.strictObject({
  maxConnections: z.int().min(1).max(4_294_967_295).exactOptional(),
  maxMemoryBytes: z.int().min(0).exactOptional(),
  maxHeadBytes: z.int().min(1_024).max(1_048_576).exactOptional(),
  maxHeaders: z.int().min(1).max(128).exactOptional(),
  maxReplayBytes: z.int().min(0).max(67_108_864).exactOptional(),
  requestHeadersTimeoutMs: z.int().min(0).exactOptional(),
  idleTimeoutMs: z.int().min(0).exactOptional(),
  transportTimeoutMs: z.int().min(1).exactOptional(),
});

/** The settings file of `fairlead-proxy`; in agent mode (`engine: "envoy"`) the same file. */
export const settingsSchema = z
  .strictObject({
    type: z.enum(["sidecar", "gateway"]),
    /** The workload's name: `reviews-v1`. */
    name: nameSchema,
    namespace: nameSchema,
    serviceAccount: nameSchema,
    labels: z.record(z.string(), z.string()).default({}),
    /** The workload's own addresses, the most used one first. */
    addresses: z.array(ipSchema).min(1),
    trustDomain: z.string().min(1),
    interceptionMode: z.enum(["REDIRECT", "NONE"]),
    /** Where the application listens when nothing is redirected. */
    appAddress: ipSchema.optional(),
    /** Port of listener `http_proxy`. */
    httpProxyPort: z.int().min(1).max(65_535).optional(),
    /**
     * Whether the application's questions of DNS come here (rules of `fairlead-redirect`, or a resolv.conf that says so): names of the mesh are answered
     * from Pilot's name table, others by the resolvers of `resolvConf`. Istio's `ISTIO_META_DNS_CAPTURE`.
     */
    dnsCapture: z.boolean().default(false),
    /** Whether hosts without an address get one that means something inside the mesh only. Istio's `ISTIO_META_DNS_AUTO_ALLOCATE`. */
    dnsAutoAllocate: z.boolean().default(false),
    /** Where questions are listened for, over UDP and TCP. Beside 127.0.0.1 also at ::1, where there is such. */
    dnsAddress: addressSchema.default("127.0.0.1:15053"),
    /** Names the resolvers for what the mesh does not know; followed when it changes. */
    resolvConf: z.string().min(1).default("/etc/resolv.conf"),
    adminAddress: addressSchema,
    /** A second address that serves `/healthz/ready` only, for probes from outside. */
    readinessAddress: addressSchema.optional(),
    /** Last known good configuration; created where missing, readable by this user only. */
    stateDirectory: z.string().min(1),
    /** Threads that serve traffic; without it one per CPU the process may use. */
    workers: z.int().min(1).max(1024).optional(),
    /** What bounds the resources that clients can make the proxy use; a stock Envoy has bounds of its own. */
    limits: limitsSchema.default({}),
    engine: z.enum(["fairlead", "envoy"]).default("fairlead"),
    /** Where the agent beside an Envoy listens: `/certs`, `POST /rotate_certificates`, probes and metrics of its own. */
    agentAddress: addressSchema.optional(),
    /** Envoy's binary; found by `PATH` as `envoy` where absent. */
    envoyPath: z.string().min(1).optional(),
    /** Folder of filters that are written in TypeScript; without it no filter module is loaded, whatever Pilot says. */
    filterModules: z.string().min(1).optional(),
    /** Threads that they run on. */
    filterThreads: z.int().min(1).max(64).default(1),
    /** Lets configuration have requests recorded in files (Envoy's tap filter) below this folder, and nowhere else. */
    tap: z
      .strictObject({
        directory: z.string().startsWith("/"),
        /** With the values of `authorization`, `proxy-authorization`, `cookie` and `set-cookie`. */
        showsSecrets: z.boolean().default(false),
      })
      .optional(),
    xds: z.enum(["delta", "sotw"]).default("delta"),
    /**
     * A Unix socket over which the process hands its listening sockets, and with them its place, to the next one that is started with the same settings: the
     * one before then drains and ends.
     */
    handoverPath: z.string().min(1).max(MAX_SOCKET_PATH).optional(),
    /** How long requests in flight may take to end after SIGTERM. */
    drainMs: z.int().min(0).max(3_600_000).default(5_000),
    /** Cluster and mesh this workload is part of: Istio's `CLUSTER_ID` (and its default) and `MESH_ID`. */
    clusterId: z.string().min(1).default("Kubernetes"),
    meshId: z.string().min(1).optional(),
    /** Where the proxy is, `region/zone/subzone`: for clusters that prefer its own zone. */
    locality: localitySchema.optional(),
    /** Name of the cluster that this workload is an endpoint of: from where requests come, for routing by zone. */
    localCluster: z.string().min(1).optional(),
    identity: identitySettingsSchema,
    pilot: z.strictObject({
      address: addressSchema,
      /** Plaintext to Pilot: for loopback and tests only. */
      insecure: z.boolean().default(false),
    }),
    mixer: z.strictObject({ address: addressSchema }).optional(),
    logLevel: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  })
  .refine((settings) => settings.engine === "fairlead" || settings.readinessAddress === undefined, {
    path: ["readinessAddress"],
    error: 'is for engine "fairlead"; a stock Envoy answers probes on its admin address',
  })
  .refine((settings) => settings.engine === "fairlead" || settings.filterModules === undefined, {
    path: ["filterModules"],
    error: 'is for engine "fairlead"; a stock Envoy runs no filters in TypeScript',
  })
  .refine((settings) => settings.engine === "fairlead" || settings.tap === undefined, {
    path: ["tap"],
    error: 'is for engine "fairlead"; a stock Envoy writes wherever its configuration says',
  })
  .refine((settings) => settings.engine === "fairlead" || !settings.dnsCapture, {
    path: ["dnsCapture"],
    error: 'is for engine "fairlead"; a stock Envoy does not answer from a name table',
  })
  .refine((settings) => settings.dnsCapture || !settings.dnsAutoAllocate, {
    path: ["dnsAutoAllocate"],
    error: "needs dnsCapture: nobody would be told the addresses",
  })
  .refine((settings) => settings.engine === "fairlead" || settings.localCluster === undefined, {
    path: ["localCluster"],
    error: 'is for engine "fairlead"; a stock Envoy takes it of its own static clusters only',
  })
  .refine((settings) => settings.engine === "envoy" || settings.agentAddress === undefined, {
    path: ["agentAddress"],
    error: 'is for engine "envoy"; our own engine answers on its admin address',
  })
  .refine((settings) => settings.engine === "fairlead" || settings.handoverPath === undefined, {
    path: ["handoverPath"],
    error: 'is for engine "fairlead"; a stock Envoy is restarted by its own means',
  })
  .refine(
    (settings) => settings.identity.namespace === settings.namespace && settings.identity.serviceAccount === settings.serviceAccount,
    {
      path: ["identity"],
      error: "must name the workload's own namespace and serviceAccount",
    },
  );

export type Settings = z.output<typeof settingsSchema>;
