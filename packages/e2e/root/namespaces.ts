import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Network namespaces around one bridge, apart from the machine's own network and from the world. */
export interface TestNetwork extends Disposable {
  /** `ip netns exec …` for a program in a namespace. */
  inside(namespace: string, ...command: readonly string[]): { readonly command: string; readonly args: readonly string[] };
  /** Runs a program in a namespace to its end; throws with its output where it fails. */
  run(namespace: string, ...command: readonly string[]): string;
  /** What `/etc/resolv.conf` says to programs that are started in a namespace from now on (ip-netns(8)). */
  setResolvers(namespace: string, text: string): void;
  remove(): void;
}

const PREFIX_LENGTH = 24;

/** Why the suites that need network namespaces cannot run here; undefined where they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return `${process.platform} has no network namespaces`;
  if (process.getuid?.() !== 0) return "this needs root";
  for (const program of ["ip", "setpriv", "iptables-save", "iptables-restore"]) {
    const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
    if (error !== undefined) return `${program} is not installed`;
  }
  const name = newName("probe");
  const added = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (added.status !== 0) return `network namespaces are not permitted here: ${added.stderr.trim()}`;
  const rules = spawnSync("ip", ["netns", "exec", name, "iptables-save", "-t", "nat"], { encoding: "utf8" });
  spawnSync("ip", ["netns", "del", name]);
  return rules.status === 0 ? undefined : `the kernel has no table "nat": ${rules.stderr.trim()}`;
}

/**
 * Makes a namespace for every name, with the address that is given for it; the first is the bridge and everybody's gateway. No end of a cable is in the
 * machine's own namespace. Nothing is left where a step fails.
 */
export function createNetwork(addresses: Readonly<Record<string, string>>): TestNetwork {
  const names = new Map(Object.keys(addresses).map((key) => [key, newName(key)]));
  const nameOf = (key: string): string => {
    const name = names.get(key);
    if (name === undefined) throw new Error(`no namespace "${key}"`);
    return name;
  };
  const remove = (): void => {
    for (const name of names.values()) {
      spawnSync("ip", ["netns", "del", name]);
      rmSync(filesOf(name), { recursive: true, force: true });
    }
    process.off("exit", remove);
  };
  process.once("exit", remove);
  try {
    const [[hub, gateway] = ["", ""], ...others] = Object.entries(addresses);
    for (const name of names.values()) ip("netns", "add", name);
    for (const name of names.values()) ip("-n", name, "link", "set", "lo", "up");
    ip("-n", nameOf(hub), "link", "add", "br0", "type", "bridge");
    ip("-n", nameOf(hub), "addr", "add", `${gateway}/${PREFIX_LENGTH}`, "dev", "br0");
    ip("-n", nameOf(hub), "link", "set", "br0", "up");
    others.forEach(([key, address], index) => {
      const port = `port${index}`;
      ip("-n", nameOf(key), "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", nameOf(hub));
      ip("-n", nameOf(hub), "link", "set", port, "master", "br0", "up");
      ip("-n", nameOf(key), "addr", "add", `${address}/${PREFIX_LENGTH}`, "dev", "eth0");
      ip("-n", nameOf(key), "link", "set", "eth0", "up");
      ip("-n", nameOf(key), "route", "add", "default", "via", gateway);
    });
  } catch (error) {
    remove();
    throw error;
  }
  return {
    inside: (namespace, ...command) => ({ command: "ip", args: ["netns", "exec", nameOf(namespace), ...command] }),
    run: (namespace, ...command) => ip("netns", "exec", nameOf(namespace), ...command),
    setResolvers(namespace, text) {
      const folder = filesOf(nameOf(namespace));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "resolv.conf"), text);
    },
    remove,
    [Symbol.dispose]: remove,
  };
}

/** Files of a namespace that stand before those in /etc. */
function filesOf(name: string): string {
  return join("/etc/netns", name);
}

function newName(key: string): string {
  return `fairlead-${randomBytes(4).toString("hex")}-${key}`;
}

function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
}
