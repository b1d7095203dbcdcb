import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { buildRules, type IpFamily, toApplyInput, toCleanInput } from "./rules.ts";
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
  for (const family of families) restore(family, toApplyInput(buildRules(settings, family), save(family, run)), run);
}

/** Takes every rule of ours away. A second time it changes nothing. */
export function cleanRules({ families, run = runIptables }: IptablesOptions): void {
  for (const family of families) {
    const input = toCleanInput(save(family, run));
    if (input !== undefined) restore(family, input, run);
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

function save(family: IpFamily, run: RunIptables): string {
  return run(`${PROGRAMS[family]}-save`, ["-t", "nat"], "");
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
    return `${command} was not found: install iptables in this image, or add its folder to PATH`;
  return `cannot run ${command}: ${error.message}`;
}

/** iptables-restore names a line by its number only. */
function blamedLine(stderr: string, input: string): string {
  const number = /line:? (\d+)/i.exec(stderr)?.[1];
  const line = number === undefined ? undefined : input.split("\n")[Number(number) - 1];
  return line === undefined ? "" : `; the line is "${line}"`;
}
