import { memoByKey } from "../memo.ts";
import type { AutoAddresses, Service, ServiceKey } from "../service.ts";

/** How many there are: 256 blocks of 254, without the first and the last of each. */
const BLOCK = 254;
export const MAX_AUTO_ADDRESSES = 256 * BLOCK;

/**
 * The services with addresses for those that have none and could use one: not for wildcards, whose hosts are many, nor where the address that was asked for
 * is where connections go (resolution NONE). Which address a service gets depends on the names of all of them alone, and mostly on its own: every Pilot
 * gives it the same one, also after a restart. Services beyond the number of addresses have none.
 */
export function allocateAddresses(services: ReadonlyMap<ServiceKey, Service>): ReadonlyMap<ServiceKey, Service> {
  const keys = [...services.values()].filter(needsAddress).map(({ key }) => key);
  if (keys.length === 0) return services;
  const places = new Map<ServiceKey, number>();
  const taken = takenPlaces(services.values());
  // Of two that want the same place the one whose name comes first gets it, whatever the order of definition.
  for (const key of keys.toSorted(compareText)) {
    if (taken.size >= MAX_AUTO_ADDRESSES) break;
    let place = hash(key) % MAX_AUTO_ADDRESSES;
    while (taken.has(place)) place = (place + 1) % MAX_AUTO_ADDRESSES;
    taken.add(place);
    places.set(key, place);
  }
  return new Map(
    [...services].map(([key, service]) => {
      const place = places.get(key);
      return [key, place === undefined ? service : withAddresses(service, String(place))];
    }),
  );
}

function needsAddress({ addresses, hostname, resolution }: Service): boolean {
  return addresses.length === 0 && !hostname.startsWith("*") && resolution !== "none";
}

const withAddresses = memoByKey((service: Service, place: string): Service => ({ ...service, autoAddresses: addressesOf(Number(place)) }));

function addressesOf(place: number): AutoAddresses {
  return {
    ipv4: `240.240.${Math.floor(place / BLOCK)}.${(place % BLOCK) + 1}`,
    ipv6: `2001:2::f0f0:${(place + 1).toString(16)}`,
  };
}

const OWN_BLOCK = /^240\.240\.(\d+)\.(\d+)$/;

/** Of addresses that somebody has written down. */
function takenPlaces(services: Iterable<Service>): Set<number> {
  const taken = new Set<number>();
  for (const { addresses } of services) {
    for (const address of addresses) {
      const [, block, rest] = OWN_BLOCK.exec(address) ?? [];
      if (block !== undefined && rest !== undefined) taken.add(Number(block) * BLOCK + Number(rest) - 1);
    }
  }
  return taken;
}

/** FNV-1a of 32 bits over the UTF-8 of a text. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** By code units: the same on every machine. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
