import { parseSettings } from "@fairlead/kit";
import { expect, test } from "vitest";
import { applyRules, assertRoot, cleanRules, RedirectError } from "./iptables.ts";
import { redirectSettingsSchema } from "./settings.ts";

const settings = parseSettings(redirectSettingsSchema, {}, "the test");

interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly input: string;
}

/** An iptables whose table `nat` is what it is told to be. */
function createTable(saved: string): {
  readonly calls: Call[];
  readonly run: (command: string, args: readonly string[], input: string) => string;
} {
  const calls: Call[] = [];
  return { calls, run: (command, args, input) => (calls.push({ command, args, input }), command.endsWith("-save") ? saved : "") };
}

test("every family gets its rules in one transaction that leaves other rules alone", () => {
  const { calls, run } = createTable("");
  applyRules(settings, { families: ["ipv4", "ipv6"], run });
  expect(calls.map(({ command }) => command)).toEqual(["iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore"]);
  expect(calls[1]?.args).toContain("--noflush");
  expect(calls[1]?.input).toContain("-d 127.0.0.1/32");
  expect(calls[3]?.input).toContain("-d ::1/128");
});

test("a clean table is not touched by cleaning it", () => {
  const { calls, run } = createTable("*nat\nCOMMIT\n");
  cleanRules({ families: ["ipv4"], run });
  expect(calls.map(({ command }) => command)).toEqual(["iptables-save", "iptables-save", "iptables-save"]);
});

test("with TPROXY marked packets get their routes before the rules that mark them", () => {
  const { calls, run } = createTable("");
  applyRules({ ...settings, interceptionMode: "TPROXY" }, { families: ["ipv4"], run });
  expect(calls.map(({ command, args }) => `${command} ${args.join(" ")}`)).toEqual([
    "iptables-save -t nat",
    "iptables-restore --noflush --wait 30",
    "ip -4 rule show",
    "ip -4 rule add fwmark 1337 lookup 133",
    "ip -4 route replace local default dev lo table 133",
    "iptables-save -t mangle",
    "iptables-restore --noflush --wait 30",
  ]);
  expect(calls.at(-1)?.input).toContain("*mangle");
});

test("questions of DNS have their zones before they are redirected", () => {
  const { calls, run } = createTable("");
  applyRules({ ...settings, dnsCapture: true, dnsServers: ["10.96.0.10"] }, { families: ["ipv4"], run });
  expect(calls.filter(({ command }) => command === "iptables-restore").map(({ input }) => input.split("\n")[0])).toEqual(["*raw", "*nat"]);
});

test("who is not root is told what is missing", () => {
  expect(() => assertRoot(1000)).toThrow(/user 1000 may not change iptables: run as root with the capabilities NET_ADMIN and NET_RAW/);
  expect(() => assertRoot(0)).not.toThrow();
});

test("a program that is not there is named, and what to do about it", () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "";
  try {
    expect(() => applyRules(settings, { families: ["ipv4"] })).toThrow(
      new RedirectError("iptables-save was not found: install iptables in this image, or add its folder to PATH"),
    );
  } finally {
    process.env["PATH"] = path;
  }
});
