import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeProblem } from "@fairlead/kit";
import { describe, expect, it } from "vitest";
import { analyzeFolder } from "./analyze.ts";

const SCENES = join(import.meta.dirname, "../../testdata/analyze");

/** Set to write what is found as what is expected; then read the difference. */
const UPDATE = process.env["UPDATE_GOLDENS"] === "1";

async function told(directory: string): Promise<string> {
  const { problems } = await analyzeFolder(directory);
  return problems.map((problem) => `[${problem.code}] ${describeProblem(problem)}\n`).join("");
}

describe("the analysis tells", () => {
  const scenes = readdirSync(SCENES);
  it.each(scenes)("%s", async (scene) => {
    const found = await told(join(SCENES, scene));
    const golden = join(SCENES, scene, "problems.txt");
    if (UPDATE) writeFileSync(golden, found);
    expect(existsSync(golden), "there is no problems.txt: write it with UPDATE_GOLDENS=1").toBe(true);
    expect(found).toBe(readFileSync(golden, "utf8"));
  });

  it("nothing about the sample application", async () => {
    expect(await told(join(import.meta.dirname, "../../../../samples/bookinfo/mesh"))).toBe("");
  });

  it("an error for a folder that does not exist", async () => {
    await expect(analyzeFolder(join(SCENES, "nowhere"))).rejects.toThrow(/ENOENT/);
  });
});
