import { describe, expect, test } from "vitest";
import type { Origin } from "@fairlead/kit";
import { type MeshObjects, planMesh, type WorkloadObject } from "./plan.ts";

const origin: Origin = { kind: "WorkloadEntry", namespace: "default", name: "reviews-v1", file: "reviews.yaml", line: 3 };

function workload(changes: Partial<WorkloadObject> = {}): WorkloadObject {
  return {
    origin: { ...origin, name: changes.name ?? "reviews-v1" },
    name: "reviews-v1",
    namespace: "default",
    annotations: {},
    labels: { app: "reviews" },
    address: "127.0.10.13",
    ports: {},
    serviceAccount: "reviews",
    ...changes,
  };
}

const reviews = {
  name: "reviews",
  namespace: "default",
  hosts: ["reviews.default.svc.cluster.local"],
  ports: [{ name: "http", number: 9080 }],
  selector: { app: "reviews" },
};

function plan(objects: Partial<MeshObjects>): ReturnType<typeof planMesh> {
  return planMesh({ workloadEntries: [workload()], serviceEntries: [reviews], gateways: [], ...objects });
}

function mistakesOf(objects: Partial<MeshObjects>): string {
  const planned = plan(objects);
  return planned.ok ? "" : planned.error.join("\n");
}

describe("a workload", () => {
  test("gets a sidecar at its address, and its application one block higher at the service's port", () => {
    const annotations = { "local.fairlead.dev/command": "node app.ts", "local.fairlead.dev/env": '{"VERSION": "v1", "DEBUG": true}' };
    const planned = plan({ workloadEntries: [workload({ annotations })] });
    expect(planned).toMatchObject({
      ok: true,
      value: [
        {
          proxy: "sidecar",
          services: ["reviews.default.svc.cluster.local"],
          ports: [{ number: 9080 }],
          application: { command: "node app.ts", host: "127.1.10.13", port: 9080, env: { VERSION: "v1", DEBUG: "true" } },
        },
      ],
    });
  });

  test("listens at the port it names before the service's target port before the service's port", () => {
    const serviceEntries = [{ ...reviews, ports: [{ name: "http", number: 80, targetPort: 8080 }] }];
    expect(plan({ serviceEntries })).toMatchObject({ value: [{ ports: [{ number: 8080 }] }] });
    expect(plan({ serviceEntries, workloadEntries: [workload({ ports: { http: 9999 } })] })).toMatchObject({
      value: [{ ports: [{ number: 9999 }] }],
    });
  });

  test("without a proxy keeps its application at its own address", () => {
    const annotations = { "local.fairlead.dev/command": "node app.ts", "local.fairlead.dev/proxy": "none" };
    expect(plan({ workloadEntries: [workload({ annotations })] })).toMatchObject({
      value: [{ proxy: "none", application: { host: "127.0.10.13" } }],
    });
  });

  test("that is a gateway listens at the ports of the Gateways that select it", () => {
    const entry = workload({ annotations: { "local.fairlead.dev/proxy": "gateway" }, labels: { istio: "ingressgateway" } });
    const gateways = [
      { name: "a", namespace: "default", selector: { istio: "ingressgateway" }, servers: [{ port: 8080, protocol: "HTTP" }] },
      { name: "b", namespace: "default", selector: { istio: "other" }, servers: [{ port: 9090, protocol: "HTTP" }] },
    ];
    expect(plan({ workloadEntries: [entry], gateways })).toMatchObject({
      value: [{ proxy: "gateway", ports: [{ number: 8080, protocol: "HTTP" }] }],
    });
  });

  test("elsewhere is nothing to run, unless its annotations ask for it", () => {
    expect(plan({ workloadEntries: [workload({ address: "10.1.2.3" })] })).toMatchObject({
      ok: true,
      value: [{ proxy: "none", application: undefined }],
    });
    const annotations = { "local.fairlead.dev/command": "node app.ts" };
    expect(mistakesOf({ workloadEntries: [workload({ address: "10.1.2.3", annotations })] })).toContain(
      'address "10.1.2.3" must be a loopback address',
    );
  });
});

describe("mistakes are said with file and line", () => {
  test.each([
    ["an unknown annotation", { "local.fairlead.dev/comand": "x" }, 'unknown annotation "local.fairlead.dev/comand"'],
    ["a proxy of no kind", { "local.fairlead.dev/proxy": "yes" }, 'must be sidecar, gateway or none, got "yes"'],
    [
      "an environment that is no JSON",
      { "local.fairlead.dev/command": "x", "local.fairlead.dev/env": "A=1" },
      "must be a JSON object, got A=1",
    ],
    ["an environment that is a list", { "local.fairlead.dev/env": "[1]" }, "must be a JSON object, got [1]"],
    ["a nested environment", { "local.fairlead.dev/env": '{"A": {}}' }, '"A" must be a string, got {}'],
  ])("%s", (_what, annotations, message) => {
    const mistakes = mistakesOf({ workloadEntries: [workload({ annotations })] });
    expect(mistakes).toContain("reviews.yaml:3");
    expect(mistakes).toContain(message);
  });

  test("two workloads of one address, two of one name", () => {
    const second = workload({ name: "reviews-v2" });
    expect(mistakesOf({ workloadEntries: [workload(), second] })).toContain(
      'address "127.0.10.13" is taken by WorkloadEntry default/reviews-v1',
    );
    const elsewhere = workload({ namespace: "other", address: "127.0.10.14" });
    expect(mistakesOf({ workloadEntries: [workload(), elsewhere] })).toContain('"reviews-v1" is also');
  });
});
