import { objectKey } from "@fairlead/crds";
import { describeProblem } from "@fairlead/kit";
import { describe, expect, it } from "vitest";
import { createFolder } from "./folder.ts";

function rule(name: string, host = name): string {
  return `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: ${name}\nspec:\n  host: ${host}\n`;
}

const BROKEN = rule("broken").replace("host:", "hots:");

describe("a folder", () => {
  it("tells which objects are new, changed and gone", () => {
    const folder = createFolder();
    expect(folder.set("a.yaml", `${rule("one")}---\n${rule("two")}`)?.upserted.map(objectKey)).toEqual([
      "DestinationRule default/one",
      "DestinationRule default/two",
    ]);
    const change = folder.set("a.yaml", `${rule("one")}---\n${rule("three")}`);
    expect(change?.upserted.map(objectKey)).toEqual(["DestinationRule default/three"]);
    expect(change?.deleted.map(objectKey)).toEqual(["DestinationRule default/two"]);
    expect(folder.delete("a.yaml")?.deleted).toHaveLength(2);
    expect(folder.objects).toEqual([]);
  });

  it("keeps the identity of an object that did not change when its file does", () => {
    const folder = createFolder();
    folder.set("a.yaml", `${rule("one")}---\n${rule("two")}`);
    const [one, two] = folder.objects;
    folder.set("a.yaml", `${rule("one")}---\n${rule("two", "other")}`);
    expect(folder.objects[0]).toBe(one);
    expect(folder.objects[1]).not.toBe(two);
  });

  it("says nothing when a file is written again as it was", () => {
    const folder = createFolder();
    folder.set("a.yaml", rule("one"));
    expect(folder.set("a.yaml", rule("one"))).toBeUndefined();
  });

  it("keeps all of a file's last good objects while its newest text has an error, and says where the error is", () => {
    const folder = createFolder();
    folder.set("a.yaml", `${rule("one")}---\n${rule("two")}`);
    const before = folder.objects;
    const change = folder.set("a.yaml", `${rule("one", "changed")}---\n${BROKEN}`);
    expect(change).toEqual({ upserted: [], deleted: [] });
    expect(folder.objects).toEqual(before);
    expect(folder.problems.map(describeProblem)).toContain(
      'error: DestinationRule default/broken (a.yaml:13, spec.hots): hots: there is no such field; did you mean "host"?',
    );
    folder.set("a.yaml", rule("one", "changed"));
    expect(folder.problems).toEqual([]);
    expect(folder.objects).toHaveLength(1);
  });

  it("takes what is without error from a file that never was good, and keeps that when it gets worse", () => {
    const folder = createFolder();
    folder.set("a.yaml", `${rule("one")}---\n${BROKEN}`);
    expect(folder.objects.map(objectKey)).toEqual(["DestinationRule default/one"]);
    folder.set("a.yaml", "a: [");
    expect(folder.objects.map(objectKey)).toEqual(["DestinationRule default/one"]);
  });

  it("keeps what a file held when it can no longer be read", () => {
    const folder = createFolder();
    folder.set("a.yaml", rule("one"));
    folder.fail("a.yaml", {
      severity: "error",
      code: "file",
      message: "no permission",
      origin: { kind: "File", namespace: "", name: "a.yaml" },
    });
    expect(folder.objects).toHaveLength(1);
    expect(folder.problems).toHaveLength(1);
    folder.set("a.yaml", rule("one"));
    expect(folder.problems).toEqual([]);
  });

  it("reports an object that is defined twice with both places, and lets the other take over when the first goes", () => {
    const folder = createFolder();
    folder.set("b.yaml", rule("one", "second"));
    folder.set("a.yaml", rule("one", "first"));
    expect(folder.objects.map((object) => object.origin.file)).toEqual(["a.yaml"]);
    expect(folder.problems.map(describeProblem)).toEqual([
      "error: DestinationRule default/one (b.yaml:1): this DestinationRule is defined already: DestinationRule default/one (a.yaml:1); the one here has no effect; rename or remove one of them",
    ]);
    const change = folder.delete("a.yaml");
    expect(change?.upserted.map((object) => object.origin.file)).toEqual(["b.yaml"]);
    expect(change?.deleted).toEqual([]);
    expect(folder.problems).toEqual([]);
  });

  it("keeps warnings beside the objects they are about", () => {
    const folder = createFolder();
    folder.set(
      "a.yaml",
      `${rule("one")}  trafficPolicy:\n    tunnel: {targetHost: x.example, targetPort: 1}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n`,
    );
    expect(folder.objects).toHaveLength(1);
    expect(folder.problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      "warning unsupported-field",
      "warning unsupported-kind",
    ]);
  });
});
