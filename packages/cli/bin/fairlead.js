#!/usr/bin/env node
// Starts the command under the pinned Node, whichever Node is first in PATH.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const NEEDED_NODE = 24;
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

if (!existsSync(main)) {
  process.stderr.write("fairlead: not built yet; run: npm run build\n");
  process.exit(1);
}
if (Number(process.versions.node.split(".")[0]) >= NEEDED_NODE) {
  await import(main);
} else {
  const node = findPinnedNode();
  if (node === undefined) {
    process.stderr.write(
      `fairlead: needs Node.js ${NEEDED_NODE} or later, this is ${process.versions.node}; in a clone run: npm install\n`,
    );
    process.exit(1);
  }
  // The terminal sends Ctrl-C to both; this one only waits.
  process.on("SIGINT", () => undefined);
  const { status, signal } = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
}

function findPinnedNode() {
  try {
    const path = fileURLToPath(new URL("./bin/node", `file://${createRequire(import.meta.url).resolve("node/package.json")}`));
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
