import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "./replace-file.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-kit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("replacing a file", () => {
  it("makes its folder for this user only", async () => {
    await replaceFile(join(folder, "state", "file"), "new", 0o600);
    expect(readFileSync(join(folder, "state", "file"), "utf8")).toBe("new");
    expect(statSync(join(folder, "state")).mode & 0o777).toBe(0o700);
  });

  it("narrows the mode of a file that was there", async () => {
    writeFileSync(join(folder, "file"), "old", { mode: 0o644 });
    await replaceFile(join(folder, "file"), "new", 0o600);
    expect(statSync(join(folder, "file")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("leaves what was there where it fails", async () => {
    const path = join(folder, "is-a-folder");
    await replaceFile(join(path, "inside"), "kept", 0o600);
    await expect(replaceFile(path, "new", 0o600)).rejects.toMatchObject({ code: "EISDIR" });
    expect(existsSync(join(path, "inside"))).toBe(true);
    expect(readdirSync(folder)).toEqual(["is-a-folder"]);
  });
});
