import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { messageOf } from "@fairlead/kit";
import { RedirectError } from "./iptables.ts";
import type { RedirectSettings } from "./settings.ts";

/**
 * The settings with the pod's resolvers in them, where questions for these go to the proxy: as they say, else as the file of the system's resolver does
 * (resolv.conf(5)). Throws a `RedirectError` where there is none.
 */
export function withResolvers(settings: RedirectSettings, path = "/etc/resolv.conf"): RedirectSettings {
  if (!settings.dnsCapture || settings.captureAllDns || settings.dnsServers !== undefined) return settings;
  const dnsServers = parseResolvers(read(path));
  if (dnsServers.length === 0) throw new RedirectError(`${path} names no resolver whose questions to redirect: ${ADVICE}`);
  return { ...settings, dnsServers };
}

const ADVICE = "set dnsServers, or captureAllDns";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new RedirectError(`cannot read the pod's resolvers from ${path}: ${messageOf(error)}; ${ADVICE}`, { cause: error });
  }
}

/** Addresses with a zone are of one interface and nothing that a rule could name. */
function parseResolvers(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [word, address = ""] = line.trim().split(/\s+/);
    return word === "nameserver" && isIP(address) !== 0 && !address.includes("%") ? [address] : [];
  });
}
