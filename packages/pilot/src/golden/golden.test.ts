import { expect, test } from "vitest";
import { stringify } from "yaml";
import { configureProxy } from "../offline.ts";
import { RESOURCE_TYPES } from "../xds/resource-type.ts";
import { readGoldenCases } from "./golden-case.ts";

test.for(readGoldenCases().map((golden) => [golden.name.replaceAll("-", " "), golden] as const))(
  "%s",
  async ([, { directory, mesh, proxy }]) => {
    const { resources } = configureProxy(mesh.snapshot, proxy);
    for (const type of RESOURCE_TYPES) {
      // Who does not answer questions does not ask for it.
      if (type === "name-table" && proxy.autoAddresses === undefined) continue;
      const ofType = resources.filter((resource) => resource.type === type).map(({ resource }) => resource);
      await expect(stringify(ofType, { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(`${directory}${type}s.yaml`);
    }
  },
);

test("the meshes of all cases are free of errors, but for the broken destination's", () => {
  const errors = readGoldenCases().flatMap(({ name, mesh }) =>
    mesh.problems.filter((problem) => problem.severity === "error").map((problem) => `${name}: ${problem.message}`),
  );
  expect(errors.filter((error) => !error.includes("nowhere") && !error.startsWith("a-destination-that-does-not-exist"))).toEqual([]);
});
