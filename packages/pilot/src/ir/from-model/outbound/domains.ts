import type { MeshSettings } from "../../../model/mesh-snapshot.ts";
import type { Service } from "../../../model/service.ts";
import type { VirtualHost } from "../../route.ts";
import { joinHostPort } from "../shared/names.ts";
import { addressesFor, type View } from "../shared/view.ts";

/** Under which names clients may call a port. */
export interface Domains {
  /** The full name and addresses. */
  readonly own: readonly string[];
  /** Short and absolute forms, which give way where they are the own name of another service. */
  readonly aliases: readonly string[];
}

/** A virtual host, still without its domains, and the names it would like to have; who comes first gets them. */
export interface Candidate extends Domains {
  readonly host: VirtualHost;
}

/** Names of a service as a client of `view` may write them (those that a resolver's search list allows, and with a final dot). */
export function domainsOf(
  service: Service,
  options: { readonly port: number | undefined; readonly view: View; readonly mesh: MeshSettings },
): Domains {
  const { port, view, mesh } = options;
  const withPort = (host: string): readonly string[] => (port === undefined ? [bracket(host)] : [bracket(host), joinHostPort(host, port)]);
  const own = [service.hostname, ...addressesFor(service, view).filter((address) => !address.includes("/"))];
  return {
    own: own.flatMap(withPort),
    aliases: [`${service.hostname}.`, ...shortNames(service.hostname, view.namespace, mesh.clusterDomain)].flatMap(withPort),
  };
}

/** `reviews.default.svc.cluster.local` → `reviews` (in its own namespace only), `reviews.default.svc`, `reviews.default`. */
function shortNames(hostname: string, namespace: string, clusterDomain: string): readonly string[] {
  const suffix = `.svc.${clusterDomain}`;
  if (!hostname.endsWith(suffix)) return [];
  const qualified = hostname.slice(0, -suffix.length);
  const dot = qualified.indexOf(".");
  if (dot < 0 || qualified.startsWith("*")) return [];
  const isNear = qualified.slice(dot + 1) === namespace;
  return [...(isNear ? [qualified.slice(0, dot)] : []), `${qualified}.svc`, qualified];
}

function bracket(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
