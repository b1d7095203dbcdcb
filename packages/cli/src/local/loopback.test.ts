import { expect, test } from "vitest";
import { appAddressOf, chooseControlPlaneAddresses } from "./loopback.ts";

test("an application listens one block beside its workload", () => {
  expect(appAddressOf("127.0.10.11")).toBe("127.1.10.11");
});

test("the control plane takes the first free addresses of the workloads' block", () => {
  expect(chooseControlPlaneAddresses(["127.0.0.1", "127.0.20.2", "127.0.20.11"], 3)).toEqual(["127.0.20.1", "127.0.20.3", "127.0.20.4"]);
  expect(chooseControlPlaneAddresses(["127.0.0.1"], 3)).toEqual(["127.0.10.1", "127.0.10.2", "127.0.10.3"]);
});
