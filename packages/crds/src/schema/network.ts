import { isIP, isIPv4 } from "node:net";
import { z } from "zod";
import { text } from "./object.ts";

const DNS_LABEL = /^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$/;
const WILDCARD_LABEL = /^\*(-?[a-zA-Z0-9]([a-zA-Z0-9-]{0,60}[a-zA-Z0-9])?)?$/;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A port that something listens on. */
export const port = z.int().min(1).max(65_535);

/** A namespace's name (a DNS label). */
export const namespace = text((value) => (isNamespace(value) ? undefined : `"${value}" is no valid namespace name`));

/** A full or short host name without wildcard. */
export const hostname = text((value) =>
  isHostname(value) ? undefined : hostFinding(value, "must be a host name without wildcard, scheme, port or path"),
);

/** A host name whose leftmost label may be `*`; also `*` alone. */
export const wildcardHost = text((value) =>
  isWildcardHost(value) ? undefined : hostFinding(value, 'must be a host name; a wildcard "*" only as its leftmost label'),
);

/** A host name with or without wildcard, or an IP address. */
export const hostOrAddress = text((value) =>
  isWildcardHost(value) || isIP(value) !== 0
    ? undefined
    : hostFinding(value, 'must be a host name or an IP address; a wildcard "*" only as leftmost label'),
);

/** An IP address or a CIDR block. */
export const addressBlock = text((value) => (isAddressBlock(value) ? undefined : `"${value}" is neither an IP address nor a CIDR block`));

export function isNamespace(value: string): boolean {
  return NAMESPACE.test(value);
}

export function isHostname(value: string): boolean {
  const name = value.endsWith(".") ? value.slice(0, -1) : value;
  return name.length > 0 && name.length <= 253 && !looksLikeIpv4(name) && name.split(".").every((label) => DNS_LABEL.test(label));
}

export function isWildcardHost(value: string): boolean {
  const [first = "", ...rest] = value.split(".");
  if (!first.startsWith("*")) return isHostname(value);
  return WILDCARD_LABEL.test(first) && value.length <= 253 && rest.every((label) => DNS_LABEL.test(label));
}

export function isAddressBlock(value: string): boolean {
  const [address = "", bits, ...more] = value.split("/");
  if (isIP(address) === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128);
}

/** `unix:///path` or `unix://@abstract`. */
export function isUnixAddress(value: string): boolean {
  return /^unix:\/\/[/@]./.test(value) && !value.endsWith("/");
}

function looksLikeIpv4(value: string): boolean {
  return /^[\d.]+$/.test(value) && value.includes(".");
}

function hostFinding(value: string, rule: string): { readonly message: string; readonly hint?: string } {
  const message = `"${value}": ${rule}`;
  const withoutRest = value.replace(/^[a-z]+:\/\//i, "").replace(/[:/].*$/, "");
  return withoutRest !== value && isWildcardHost(withoutRest) ? { message, hint: `write "${withoutRest}"` } : { message };
}
