import type { ConfigObject, PeerAuthenticationSpec } from "@fairlead/crds";
import type { PeerAuthentication, PeerTlsMode } from "../access-policy.ts";

export function toPeerAuthentication(object: ConfigObject<"PeerAuthentication">): PeerAuthentication {
  const { namespace, name, spec, origin } = object;
  const byPort = Object.entries(spec.portLevelMtls).map(([port, { mode }]) => [Number(port), toMode(mode)] as const);
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    selector: spec.selector?.matchLabels ?? {},
    mode: toMode(spec.mtls?.mode),
    byPort: new Map(byPort),
    origin,
  };
}

function toMode(mode: NonNullable<PeerAuthenticationSpec["mtls"]>["mode"] | undefined): PeerTlsMode | undefined {
  switch (mode) {
    case "DISABLE":
      return "disable";
    case "PERMISSIVE":
      return "permissive";
    case "STRICT":
      return "strict";
    case "UNSET":
    case undefined:
      return undefined;
  }
}
