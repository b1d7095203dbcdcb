import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createTempFolder, type TempFolder } from "@fairlead/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { locate } from "./modules.ts";

let folder: TempFolder;

beforeEach(() => {
  folder = createTempFolder("fairlead-modules-");
  mkdirSync(folder.join("filters/team"), { recursive: true });
  writeFileSync(folder.join("filters/team/auth.ts"), "");
  writeFileSync(folder.join("secret.ts"), "");
});

afterEach(() => folder.remove());

it("finds modules in the folder and below it, by links that stay in it too", async () => {
  symlinkSync("team/auth.ts", folder.join("filters/auth.ts"));
  expect(await locate(folder.join("filters"), "team/auth.ts")).toMatch(/filters\/team\/auth\.ts$/);
  expect(await locate(folder.join("filters"), "auth.ts")).toMatch(/filters\/team\/auth\.ts$/);
});

it("finds nothing outside, whichever way leads there", async () => {
  symlinkSync(folder.join("secret.ts"), folder.join("filters/link.ts"));
  symlinkSync(folder.join(""), folder.join("filters/up"));
  for (const module of ["../secret.ts", "link.ts", "up/secret.ts"]) {
    await expect(locate(folder.join("filters"), module)).rejects.toThrow("leads out of the folder of filter modules");
  }
});

it("tells a folder that is not there from a module that is not", async () => {
  await expect(locate(folder.join("filters"), "none.ts")).rejects.toThrow('there is no file "none.ts" in the folder of filter modules');
  await expect(locate(folder.join("nowhere"), "none.ts")).rejects.toThrow("nowhere cannot be read");
});
