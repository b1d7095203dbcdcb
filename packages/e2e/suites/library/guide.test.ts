import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createSelfSigned, freePort } from "@fairlead/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const run = promisify(execFile);

let folder: string;
/** Ports that the guide writes, and free ones in their place. */
const ports = new Map<string, number>();

// Inside the repository, where the guide's imports are found.
beforeAll(async () => {
  const parent = join(ROOT, "packages/e2e/.fairlead");
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, "guide-"));
  const { certificatePem, privateKeyPem } = await createSelfSigned();
  writeFileSync(join(folder, "chain.pem"), certificatePem);
  writeFileSync(join(folder, "key.pem"), privateKeyPem);
  let guide = blocksOf(readFileSync(join(ROOT, "docs/library.md"), "utf8")).join("\n");
  for (const [, port = ""] of guide.matchAll(/127\.0\.0\.1:(\d+)/g)) if (!ports.has(port)) ports.set(port, await freePort());
  for (const [written, free] of ports) guide = guide.replaceAll(written, String(free));
  writeFileSync(join(folder, "guide.ts"), guide);
  const compilerOptions = { noEmit: true };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(ROOT, "tsconfig.base.json"), compilerOptions, include: ["guide.ts"] }),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function blocksOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = ""]) => block);
}

test("the guide's blocks are correctly typed", async () => {
  await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: ROOT });
});

test("the guide's blocks do what its text says", async () => {
  const { stdout } = await run(process.execPath, ["guide.ts"], { cwd: folder, timeout: 60_000 });
  // As the reader sees it.
  const lines = [...ports].reduce((text, [written, free]) => text.replaceAll(`:${free}`, `:${written}`), stdout).split("\n");
  const explained = lines.filter((line) => /^(listener|filterChain|virtualHost|route|cluster|endpoint): /.test(line));
  expect(explained.length).toBeGreaterThan(3);
  expect(lines.filter((line) => !explained.includes(line))).toEqual([
    "hello from /first",
    "web is bound to 127.0.0.1:8080",
    "403",
    "session",
    "fine",
    "hello from /users",
    "127.0.0.1:9001: healthy",
    expect.stringMatching(/^127\.0\.0\.1:9002: the connection was refused/),
    expect.stringMatching(/^\d+ requests so far$/),
    'route "": 1 requests with status 200',
    "/reported was served by 127.0.0.1:9001",
    "{ route: 'prefix /', cluster: 'backends' }",
    "invalid-config caller false",
    expect.stringMatching(/^clusters\[0\]\.endpoints\[0\]: "localhost": not an address/),
    "everything ended",
    "",
  ]);
});
