import { parseArgs } from "node:util";
import { readFileSync } from "node:fs";
import { messageOf, parseSettings, SettingsError } from "@fairlead/kit";
import { applyRules, assertRoot, cleanRules, findFamilies, RedirectError } from "./iptables.ts";
import { buildMangleRules, buildRawRules, buildRules, type IpFamily, toApplyInput } from "./rules.ts";
import { withResolvers } from "./resolvers.ts";
import { type RedirectSettings, redirectSettingsSchema } from "./settings.ts";

const USAGE = `usage: fairlead-redirect [--settings FILE] [--dry-run | --clean]
  Hands the TCP traffic of this network namespace to the proxy (15006 in, 15001 out), and questions of DNS (15053) where the settings
  say so; what an init container runs.
  --settings FILE  JSON: which ports and address ranges; without it all of them
  --dry-run        print the rules and change nothing
  --clean          take the rules away`;

/** `fairlead-redirect`: sets the rules of one pod and ends. Every run leaves the same rules, so it may be repeated. */
function main(argv: readonly string[]): void {
  const { values } = parseArguments(argv);
  if (values.help) return print(`${USAGE}\n`);
  const settings = values.clean ? read(values.settings) : withResolvers(read(values.settings));
  if (values["dry-run"]) return print(describe(settings));
  assertRoot();
  const families = findFamilies();
  if (values.clean) cleanRules({ families });
  else applyRules(settings, { families });
  print(`${values.clean ? "removed the rules" : "traffic is redirected"} (${families.join(", ")})\n`);
}

function parseArguments(argv: readonly string[]): ReturnType<typeof parse> {
  try {
    const parsed = parse(argv);
    if (parsed.values["dry-run"] && parsed.values.clean) throw new Error("--dry-run and --clean exclude each other");
    return parsed;
  } catch (error) {
    throw new SettingsError(`${messageOf(error)}\n${USAGE}`);
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    options: { settings: { type: "string" }, "dry-run": { type: "boolean" }, clean: { type: "boolean" }, help: { type: "boolean" } },
  });
}

function read(path: string | undefined): RedirectSettings {
  if (path === undefined) return parseSettings(redirectSettingsSchema, {}, "the defaults");
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new SettingsError(`cannot read settings file ${path}: ${messageOf(error)}`);
  }
  return parseSettings(redirectSettingsSchema, input, path);
}

function describe(settings: RedirectSettings): string {
  const section = (family: IpFamily): string => {
    const mangle = settings.interceptionMode === "TPROXY" ? toApplyInput(buildMangleRules(settings, family), "", "mangle") : "";
    const raw = settings.dnsCapture ? toApplyInput(buildRawRules(settings, family), "", "raw") : "";
    return `# ${family}\n${toApplyInput(buildRules(settings, family), "")}${mangle}${raw}`;
  };
  return section("ipv4") + section("ipv6");
}

function print(text: string): void {
  process.stdout.write(text);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof RedirectError || error instanceof SettingsError;
  process.stderr.write(`fairlead-redirect: ${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
