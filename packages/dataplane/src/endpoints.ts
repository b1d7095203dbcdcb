import { z } from "zod";
import { ProxyError } from "./native/errors.ts";

/** One upstream of a cluster, as it is now. Counters begin with the endpoint, and live as long as configurations name it. */
export interface ProxyEndpoint {
  /** Name of the cluster. */
  readonly cluster: string;
  /** `ip:port`; of a name that was looked up, one of its addresses. */
  readonly address: string;
  /** Its share beside the others. */
  readonly weight: number;
  /** Whether requests are sent there: it is neither ejected nor failing its health checks. */
  readonly healthy: boolean;
  /** Outlier detection has left it out for a while. */
  readonly ejected: boolean;
  /** Its health checks fail. */
  readonly failedHealthCheck: boolean;
  /** Why the last health check failed; null where none has. */
  readonly lastHealthCheckFailure: string | null;
  /** Requests that are being served. */
  readonly activeRequests: number;
  /** Open connections. */
  readonly connections: number;
  /** Requests sent, retries included; less `activeRequests`, those that have ended. */
  readonly requestsTotal: number;
  /** Of them, those that failed: a status of 500 or more, or no answer at all. */
  readonly errorsTotal: number;
  /** Connections that could not be made. */
  readonly connectFailuresTotal: number;
}

/** A listener as it is now. */
export interface ProxyListener {
  readonly name: string;
  /** Where it is bound, with the port that the system chose where the configuration says 0; empty while it is not. */
  readonly addresses: readonly string[];
}

const listenersSchema = z.object({ listeners: z.array(z.object({ name: z.string(), boundAddresses: z.array(z.string()) })) });

/** Reads them from the engine's dump. */
export function parseListeners(dump: unknown): readonly ProxyListener[] {
  const parsed = listenersSchema.safeParse(dump);
  if (!parsed.success) throw new ProxyError("internal", "the engine answered a dump without listeners", { cause: parsed.error });
  return parsed.data.listeners.map(({ name, boundAddresses }) => ({ name, addresses: boundAddresses }));
}

const dumpSchema = z.object({
  endpoints: z.array(
    z.object({
      clusterName: z.string(),
      endpoints: z.array(
        z.object({
          address: z.string(),
          weight: z.number(),
          healthy: z.boolean(),
          ejected: z.boolean(),
          failedActiveHealthCheck: z.boolean(),
          lastHealthCheckFailure: z.string().nullable(),
          activeRequests: z.number(),
          connections: z.number(),
          requestsTotal: z.number(),
          errorsTotal: z.number(),
          connectFailuresTotal: z.number(),
        }),
      ),
    }),
  ),
});

/** Reads them from the engine's dump. */
export function parseEndpoints(dump: unknown): readonly ProxyEndpoint[] {
  const parsed = dumpSchema.safeParse(dump);
  if (!parsed.success) throw new ProxyError("internal", "the engine answered a dump without endpoints", { cause: parsed.error });
  return parsed.data.endpoints.flatMap(({ clusterName, endpoints }) =>
    endpoints.map(({ failedActiveHealthCheck, ...endpoint }) => ({
      cluster: clusterName,
      failedHealthCheck: failedActiveHealthCheck,
      ...endpoint,
    })),
  );
}
