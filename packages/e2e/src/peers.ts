import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The program of a peer that `node tools/peers/install.ts <name>` has brought; throws where it is missing. */
export function peer(name: "envoy" | "istio-reference" | "h2spec"): string {
  const path = fileURLToPath(new URL(`../../../node_modules/.cache/peers/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${name} is not installed: run node tools/peers/install.ts ${name}`);
  return path;
}
