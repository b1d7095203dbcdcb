import { isIP } from "node:net";
import { z } from "zod";

const portSchema = z.int().min(1).max(65_535);
const portsSchema = z.array(portSchema).max(1_000);
const ipSchema = z.string().refine((value) => isIP(value) !== 0, { error: "must be an IP address" });
/** `10.0.0.0/8`, `2001:db8::/32`; an address alone is a range of one. */
const cidrSchema = z.string().refine(isCidr, { error: "must be an address range such as 10.0.0.0/8" });

/**
 * What of a pod's traffic is handed to its proxy; every field has Istio's default (annotations `traffic.sidecar.istio.io/*` name the same things).
 */
export const redirectSettingsSchema = z.strictObject({
  /**
   * How what comes in is handed over: by NAT, or with both its addresses kept (TPROXY), so that the application sees who calls. The proxy needs the
   * capability NET_ADMIN and the same mode then. What goes out is redirected by NAT in both.
   */
  interceptionMode: z.enum(["REDIRECT", "TPROXY"]).default("REDIRECT"),
  /** User and group of the proxy, whose own connections are left alone. Root would leave alone what no rule can tell from the proxy. */
  proxyUid: z.int().min(1).max(4_294_967_294).default(1337),
  proxyGid: z.int().min(1).max(4_294_967_294).default(1337),
  /** Where the proxy listens for what comes in. */
  inboundPort: portSchema.default(15_006),
  /** Where the proxy listens for what goes out. */
  outboundPort: portSchema.default(15_001),
  /** Ports of the application that the proxy stands before; "*" is all of them. */
  includeInboundPorts: z.union([z.literal("*"), portsSchema]).default("*"),
  /** Left alone beside those of the proxy itself (15000, 15020, 15021, 15090). */
  excludeInboundPorts: portsSchema.default([]),
  /** Handed to the proxy wherever they lead, even outside `includeOutboundCidrs`. */
  includeOutboundPorts: portsSchema.default([]),
  excludeOutboundPorts: portsSchema.default([]),
  includeOutboundCidrs: z.union([z.literal("*"), z.array(cidrSchema).max(1_000)]).default("*"),
  excludeOutboundCidrs: z.array(cidrSchema).max(1_000).default([]),
  /** Whether the application's questions of DNS go to the proxy, over UDP and TCP; it needs the same setting. Istio's `ISTIO_META_DNS_CAPTURE`. */
  dnsCapture: z.boolean().default(false),
  /** Those for every resolver, not only for the pod's own. */
  captureAllDns: z.boolean().default(false),
  /** The pod's resolvers; without it those of `/etc/resolv.conf`. */
  dnsServers: z.array(ipSchema).min(1).max(100).optional(),
  /** Where the proxy listens for questions. */
  dnsPort: portSchema.default(15_053),
});

export type RedirectSettings = z.output<typeof redirectSettingsSchema>;

function isCidr(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
}
