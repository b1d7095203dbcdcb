import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** Which crate may depend on which of ours: mechanisms know no policy, pure crates know no sockets, the binding is a leaf. */
const CRATES: Readonly<Record<string, readonly string[]>> = {
  config: [],
  messages: [],
  xds: ["config", "messages"],
  telemetry: [],
  dns: [],
  net: [],
  tls: ["net"],
  http: ["net"],
  route: ["config"],
  balance: ["config"],
  // Services that decide are asked, and answer, in messages.
  filter: ["config", "messages", "http", "route", "telemetry"],
  proxy: ["config", "xds", "telemetry", "dns", "net", "tls", "http", "route", "balance", "filter"],
  binding: ["proxy", "config", "telemetry"],
};

interface Metadata {
  readonly packages: readonly {
    readonly name: string;
    readonly dependencies: readonly { readonly name: string; readonly kind: string | null; readonly path?: string }[];
  }[];
}

it("crates depend on each other only as the table allows", () => {
  const native = fileURLToPath(new URL("../../packages/dataplane-native", import.meta.url));
  const metadata: Metadata = JSON.parse(
    execFileSync("cargo", ["metadata", "--format-version", "1", "--no-deps", "--offline"], {
      cwd: native,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  const actual = Object.fromEntries(
    metadata.packages.map(({ name, dependencies }) => [
      name,
      dependencies.filter((dependency) => dependency.path !== undefined && dependency.kind === null).map((dependency) => dependency.name),
    ]),
  );
  const violations = Object.entries(actual).flatMap(([name, dependencies]) =>
    dependencies.filter((dependency) => CRATES[name]?.includes(dependency) !== true).map((dependency) => `${name} -> ${dependency}`),
  );
  expect(violations).toEqual([]);
  expect(Object.keys(actual).toSorted()).toEqual(Object.keys(CRATES).toSorted());
});
