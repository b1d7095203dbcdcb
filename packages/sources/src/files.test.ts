import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectKey } from "@fairlead/crds";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readFolder, watchFiles } from "./files.ts";
import type { Source } from "./source.ts";

function rule(name: string): string {
  return `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: ${name}\nspec:\n  host: ${name}\n`;
}

let directory: string;
const sources: Source[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fairlead-files-"));
});

afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<Source> {
  const source = await watchFiles({ directory });
  sources.push(source);
  return source;
}

function keys(source: Pick<Source, "objects">): readonly string[] {
  return source.objects.map(objectKey);
}

describe("a folder of files", () => {
  it("is read with its folders, but without hidden files and other kinds of files", async () => {
    await mkdir(join(directory, "team", ".git"), { recursive: true });
    await writeFile(join(directory, "b.yml"), rule("b"));
    await writeFile(join(directory, "team", "a.yaml"), rule("a"));
    await writeFile(join(directory, "team", ".git", "c.yaml"), rule("c"));
    await writeFile(join(directory, ".d.yaml"), rule("d"));
    await writeFile(join(directory, "README.md"), "# none");
    expect(keys(await readFolder(directory))).toEqual(["DestinationRule default/b", "DestinationRule default/a"]);
    expect(keys(await open())).toEqual(["DestinationRule default/b", "DestinationRule default/a"]);
  });

  it("that does not exist is an error that says so", async () => {
    await expect(watchFiles({ directory: join(directory, "nowhere") })).rejects.toThrow(/ENOENT.*nowhere/);
  });

  it("tells of new, changed, renamed and deleted files", async () => {
    await writeFile(join(directory, "a.yaml"), rule("a"));
    const source = await open();
    const changes: string[] = [];
    source.subscribe(({ upserted, deleted }) =>
      changes.push(...upserted.map((object) => `+${object.name}`), ...deleted.map((object) => `-${object.name}`)),
    );

    await mkdir(join(directory, "new"));
    await writeFile(join(directory, "new", "b.yaml"), rule("b"));
    await vi.waitFor(() => expect(changes.splice(0)).toEqual(["+b"]), 5000);
    await writeFile(join(directory, "a.yaml"), rule("a2"));
    await vi.waitFor(() => expect(changes.splice(0)).toEqual(["+a2", "-a"]), 5000);
    await rename(join(directory, "new", "b.yaml"), join(directory, "new", "b.bak"));
    await vi.waitFor(() => expect(changes.splice(0)).toEqual(["-b"]), 5000);
    await rm(join(directory, "a.yaml"));
    await vi.waitFor(() => expect(keys(source)).toEqual([]), 5000);
  });

  it("keeps the last good version of a file that becomes invalid", async () => {
    await writeFile(join(directory, "a.yaml"), rule("a"));
    const source = await open();
    await writeFile(join(directory, "a.yaml"), rule("a").replace("host:", "hots:"));
    await vi.waitFor(
      () => expect(source.problems.map(({ code, origin }) => `${code} ${origin.file}:${origin.line}`)).toContain("unknown-field a.yaml:6"),
      5000,
    );
    expect(keys(source)).toEqual(["DestinationRule default/a"]);
  });

  it("takes a file that an editor replaces by another at once", async () => {
    await writeFile(join(directory, "a.yaml"), rule("a"));
    const source = await open();
    await writeFile(join(directory, ".a.yaml.swp"), rule("a2"));
    await rename(join(directory, ".a.yaml.swp"), join(directory, "a.yaml"));
    await vi.waitFor(() => expect(keys(source)).toEqual(["DestinationRule default/a2"]), 5000);
  });
});
