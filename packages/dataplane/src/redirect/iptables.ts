import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import {
  buildMangleRules,
  buildRawRules,
  buildRules,
  type IpFamily,
  MARK,
  ROUTE_TABLE,
  type Table,
  toApplyInput,
  toCleanInput,
} from "./rules.ts";
import type { RedirectSettings } from "./settings.ts";

/** Runs a program of the iptables family and answers its standard output; throws a `RedirectError`. */
export type RunIptables = (command: string, args: readonly string[], input: string) => string;

export interface IptablesOptions {
  readonly families: readonly IpFamily[];
  readonly run?: RunIptables;
}

/** What keeps the rules from being set; the message says what to do. */
export class RedirectError extends Error {
  override readonly name = "RedirectError";
}

/** Makes this network namespace's rules those of the settings. A second time it changes nothing. */
export function applyRules(settings: RedirectSettings, { families, run = runIptables }: IptablesOptions): void {
  for (const family of families) {
    // Zones first: a question must not be in one when its answer is not.
    if (settings.dnsCapture) restore(family, toApplyInput(buildRawRules(settings, family), save(family, "raw", run), "raw"), run);
    restore(family, toApplyInput(buildRules(settings, family), save(family, "nat", run)), run);
    if (settings.interceptionMode !== "TPROXY") continue;
    // Routes first: a marked packet without them would be lost.
    applyRoutes(family, run);
    restore(family, toApplyInput(buildMangleRules(settings, family), save(family, "mangle", run), "mangle"), run);
  }
}

/** Takes every rule of ours away. A second time it changes nothing. */
export function cleanRules({ families, run = runIptables }: IptablesOptions): void {
  for (const family of families) {
    for (const table of ["nat", "mangle", "raw"] as const) {
      const input = toCleanInput(save(family, table, run), table);
      if (input === undefined) continue;
      restore(family, input, run);
      if (table === "mangle") removeRoutes(family, run);
    }
  }
}

/** The families that this machine's kernel speaks here; a kernel without IPv6 has no rules for it, and needs none. */
export function findFamilies(): readonly IpFamily[] {
  const addresses = "/proc/net/if_inet6";
  return existsSync(addresses) && readFileSync(addresses, "utf8").trim() !== "" ? ["ipv4", "ipv6"] : ["ipv4"];
}

/** Throws where this process may not change rules. */
export function assertRoot(uid: number | undefined = process.getuid?.()): void {
  if (uid !== 0)
    throw new RedirectError(`user ${uid ?? "unknown"} may not change iptables: run as root with the capabilities NET_ADMIN and NET_RAW`);
}

const PROGRAMS: Readonly<Record<IpFamily, string>> = { ipv4: "iptables", ipv6: "ip6tables" };
/** Another program may hold the lock of legacy iptables; the number is of seconds. */
const RESTORE_ARGUMENTS = ["--noflush", "--wait", "30"] as const;
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 << 20;

const IP_FLAGS: Readonly<Record<IpFamily, string>> = { ipv4: "-4", ipv6: "-6" };
const MARKED = ["fwmark", String(MARK), "lookup", String(ROUTE_TABLE)] as const;

function save(family: IpFamily, table: Table, run: RunIptables): string {
  return run(`${PROGRAMS[family]}-save`, ["-t", table], "");
}

/** Marked packets belong to this machine, whatever their addresses are. */
function applyRoutes(family: IpFamily, run: RunIptables): void {
  const flag = IP_FLAGS[family];
  if (!hasRule(family, run)) run("ip", [flag, "rule", "add", ...MARKED], "");
  run("ip", [flag, "route", "replace", "local", "default", "dev", "lo", "table", String(ROUTE_TABLE)], "");
}

function removeRoutes(family: IpFamily, run: RunIptables): void {
  const flag = IP_FLAGS[family];
  if (!hasRule(family, run)) return;
  run("ip", [flag, "rule", "del", ...MARKED], "");
  run("ip", [flag, "route", "flush", "table", String(ROUTE_TABLE)], "");
}

function hasRule(family: IpFamily, run: RunIptables): boolean {
  const shown = `fwmark 0x${MARK.toString(16)} lookup ${ROUTE_TABLE}`;
  return run("ip", [IP_FLAGS[family], "rule", "show"], "").includes(shown);
}

function restore(family: IpFamily, input: string, run: RunIptables): void {
  run(`${PROGRAMS[family]}-restore`, RESTORE_ARGUMENTS, input);
}

function runIptables(command: string, args: readonly string[], input: string): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    input,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (error !== undefined) throw new RedirectError(describeSpawnError(command, error), { cause: error });
  if (status !== 0)
    throw new RedirectError(`${command} failed with status ${status ?? "none"}: ${stderr.trim()}${blamedLine(stderr, input)}`);
  return stdout;
}

function describeSpawnError(command: string, error: Error): string {
  if ("code" in error && error.code === "ENOENT")
    return `${command} was not found: install ${command === "ip" ? "iproute2" : "iptables"} in this image, or add its folder to PATH`;
  return `cannot run ${command}: ${error.message}`;
}

/** iptables-restore names a line by its number only. */
function blamedLine(stderr: string, input: string): string {
  const number = /line:? (\d+)/i.exec(stderr)?.[1];
  const line = number === undefined ? undefined : input.split("\n")[Number(number) - 1];
  return line === undefined ? "" : `; the line is "${line}"`;
}
