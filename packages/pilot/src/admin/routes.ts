import type { PilotError, PilotObjects, PilotProblems, PilotProxies, PilotProxyResources } from "@fairlead/api";
import type { Monitoring, Problem } from "@fairlead/kit";
import { type StatusSubject, toObjectStatus } from "../status/object-status.ts";
import { toProxyResources, toProxyStatus } from "../status/proxy-status.ts";
import type { ProxyStream } from "../stream/proxy-stream.ts";

/** What the admin API tells about. */
export interface AdminSources {
  readonly streams: () => readonly ProxyStream[];
  readonly objects: () => readonly StatusSubject[];
  readonly problems: () => readonly Problem[];
}

const NOT_FOUND = 404;

/** Adds Pilot's admin API to its monitoring server; answers are the types of `@fairlead/api`. */
export function addAdminRoutes(server: Monitoring["server"], sources: AdminSources): void {
  server.get("/api/v1/proxies", (): PilotProxies => ({ proxies: sources.streams().map(toProxyStatus) }));
  server.get("/api/v1/problems", (): PilotProblems => ({ problems: sources.problems() }));
  server.get("/api/v1/objects", (): PilotObjects => ({
    objects: toObjectStatus(sources.objects(), sources.problems(), sources.streams()),
  }));
  server.get<{ Params: { id: string } }>("/api/v1/proxies/:id/resources", (request, reply): PilotProxyResources | PilotError => {
    const { id } = request.params;
    const stream = sources.streams().find(({ proxy }) => proxy.id === id || `${proxy.name}.${proxy.namespace}` === id);
    if (stream !== undefined) return { id: stream.proxy.id, resources: toProxyResources(stream) };
    reply.code(NOT_FOUND);
    return { error: `no proxy "${id}" is connected; GET /api/v1/proxies lists those that are` };
  });
}
