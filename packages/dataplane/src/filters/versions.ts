import type { ProxyConfig } from "../config.ts";
import type { FilterConfig } from "../policy-config.ts";
import { fingerprint } from "./modules.ts";

/** A filter with what its module is now: the engine loads it anew where that has changed. */
export interface VersionedFilter {
  readonly version?: string;
}

/** The configuration with the versions of its filters; a module that cannot be read has none, and is refused where it is loaded. */
export async function withFilterVersions(config: ProxyConfig, directory: string): Promise<ProxyConfig> {
  const lists = config.listeners.flatMap((listener) =>
    listener.kind === "http" ? [listener.filters, ...listener.hosts.flatMap(({ routes }) => routes.map(({ filters }) => filters))] : [],
  );
  const modules = [...new Set(lists.flatMap((filters) => filters?.map(({ module }) => module) ?? []))];
  const versions = new Map(
    await Promise.all(modules.map(async (module) => [module, await fingerprint(directory, module).catch(() => "")] as const)),
  );
  const versioned = <Owner extends { readonly filters?: readonly FilterConfig[] }>(owner: Owner): Owner =>
    owner.filters === undefined
      ? owner
      : { ...owner, filters: owner.filters.map((filter) => ({ ...filter, version: versions.get(filter.module) ?? "" })) };
  const listeners = config.listeners.map((listener) =>
    listener.kind === "http"
      ? { ...versioned(listener), hosts: listener.hosts.map((host) => ({ ...host, routes: host.routes.map(versioned) })) }
      : listener,
  );
  return modules.length === 0 ? config : { ...config, listeners };
}
