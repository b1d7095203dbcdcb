import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { type OfflineMesh, type ProxyIdentity, proxyOfWorkload, readMesh } from "../offline.ts";

/** A folder of `testdata/xds`: a mesh, one of its proxies, and (written by `vitest -u`) what that proxy is served. */
export interface GoldenCase {
  readonly name: string;
  readonly directory: string;
  readonly mesh: OfflineMesh;
  readonly proxy: ProxyIdentity;
}

const ROOT = fileURLToPath(new URL("../../testdata/xds/", import.meta.url));

const proxySchema = z.strictObject({
  kind: z.enum(["sidecar", "gateway"]),
  /** Key of the workload it stands before. */
  workload: z.string(),
  interception: z.enum(["none", "redirect"]).default("none"),
  /** The proxy answers questions of DNS and tells these addresses of hosts that have none. */
  autoAddresses: z.enum(["ipv4", "ipv6"]).optional(),
});

export function readGoldenCases(): readonly GoldenCase[] {
  return readdirSync(ROOT).toSorted().map(readGoldenCase);
}

function readGoldenCase(name: string): GoldenCase {
  const directory = `${ROOT}${name}/`;
  const mesh = readMesh({ "config.yaml": readFileSync(`${directory}config.yaml`, "utf8") });
  const { kind, workload, interception, autoAddresses } = proxySchema.parse(parse(readFileSync(`${directory}proxy.yaml`, "utf8")));
  const found = mesh.snapshot.workloads.get(workload);
  if (found === undefined) throw new Error(`${name}: no workload ${workload}; ${JSON.stringify(mesh.problems)}`);
  const proxy = proxyOfWorkload(mesh.snapshot, found);
  const type = kind === "gateway" ? "router" : "sidecar";
  const address = "10.9.9.9";
  return {
    name,
    directory,
    mesh,
    proxy: {
      ...proxy,
      kind,
      id: proxy.id.replace(/^[a-z]+/, type),
      interception,
      autoAddresses,
      httpProxyPort: interception === "none" ? 15_080 : undefined,
      appAddress: interception === "none" && kind === "sidecar" ? address : proxy.appAddress,
    },
  };
}
