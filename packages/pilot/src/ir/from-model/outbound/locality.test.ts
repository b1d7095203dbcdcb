import { describe, expect, it } from "vitest";
import { readMesh } from "../../../offline.ts";
import { viewOf } from "../shared/view.ts";
import { serviceClusters } from "./cluster.ts";

const WORKLOADS = ["eu/a/1", "eu/a/2", "eu/b/1", "us/a/1"]
  .map(
    (locality, index) =>
      `---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: w${index}}\nspec: {address: 10.0.0.${index}, locality: ${locality}, labels: {app: a, rack: r${index % 2}}}\n`,
  )
  .join("");
const SERVICE =
  "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec: {hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http}], workloadSelector: {labels: {app: a}}}\n";

/** What a client somewhere sees: `locality priority weight` of each group. */
function seenFrom(locality: string, trafficPolicy: string, labels: Readonly<Record<string, string>> = {}): readonly string[] {
  const rule = `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a.test, trafficPolicy: ${trafficPolicy}}\n`;
  const { snapshot } = readMesh({ "a.yaml": `${SERVICE}${WORKLOADS}${rule}` });
  const [region = "", zone = "", subzone = ""] = locality.split("/");
  const place = locality === "" ? undefined : { region, zone, subzone };
  const view = viewOf(snapshot, { namespace: "default", labels, locality: place, network: "" });
  const [endpoints] = serviceClusters(snapshot, view).endpoints;
  return (endpoints?.localities ?? []).map((group) => {
    const { region: ofRegion = "", zone: ofZone = "", subzone: ofSubzone = "" } = group.locality ?? {};
    return `${ofRegion}/${ofZone}/${ofSubzone} ${group.priority} ${group.weight ?? "-"}`;
  });
}

describe("endpoints are seen", () => {
  const ejecting = "outlierDetection: {consecutive5xxErrors: 3}";

  it("alike where nothing is ever ejected", () => {
    expect(seenFrom("eu/a/1", "{}")).toEqual(["eu/a/1 0 -", "eu/a/2 0 -", "eu/b/1 0 -", "us/a/1 0 -"]);
  });

  it("by distance where endpoints are ejected, without gaps between priorities", () => {
    expect(seenFrom("eu/a/1", `{${ejecting}}`)).toEqual(["eu/a/1 0 -", "eu/a/2 1 -", "eu/b/1 2 -", "us/a/1 3 -"]);
    expect(seenFrom("us/b", `{${ejecting}}`)).toEqual(["eu/a/1 1 -", "eu/a/2 1 -", "eu/b/1 1 -", "us/a/1 0 -"]);
    expect(seenFrom("", `{${ejecting}}`)).toEqual(["eu/a/1 0 -", "eu/a/2 0 -", "eu/b/1 0 -", "us/a/1 0 -"]);
  });

  it("with the shares that are said for clients there, and not at all without one", () => {
    const shares = "{loadBalancer: {localityLbSetting: {distribute: [{from: eu/*, to: {eu/a/*: 80, us: 20}}]}}}";
    expect(seenFrom("eu/b/1", shares)).toEqual(["eu/a/1 0 40", "eu/a/2 0 40", "us/a/1 0 20"]);
    expect(seenFrom("us/a/1", shares)).toHaveLength(4);
  });

  it("by the labels that they share with the client, or should have", () => {
    const byLabels = `{${ejecting}, loadBalancer: {localityLbSetting: {failoverPriority: [rack, "topology.kubernetes.io/region=us"]}}}`;
    expect(seenFrom("eu/a/1", byLabels, { rack: "r1" })).toEqual(["eu/a/1 2 -", "eu/a/2 1 -", "eu/b/1 2 -", "us/a/1 0 -"]);
  });

  it("alike where that is switched off", () => {
    expect(seenFrom("eu/a/1", `{${ejecting}, loadBalancer: {localityLbSetting: {enabled: false}}}`)).toEqual(seenFrom("eu/a/1", "{}"));
  });
});
