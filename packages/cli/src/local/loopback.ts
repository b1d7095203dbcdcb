import { isIPv4 } from "node:net";

export function isLoopback(address: string): boolean {
  return isIPv4(address) && address.startsWith("127.");
}

/** Where the application of a workload listens: the workload's address with the second number one higher (docs/architecture.md). */
export function appAddressOf(address: string): string {
  const [first = "127", second = "0", third = "0", fourth = "1"] = address.split(".");
  return [first, (Number(second) + 1) % 256, third, fourth].join(".");
}

/** Addresses for the control plane: the first of the block that the workloads use, else of 127.0.10.0/24, that no workload has. */
export function chooseControlPlaneAddresses(workloadAddresses: readonly string[], count: number): readonly string[] {
  const taken = new Set(workloadAddresses);
  const first = workloadAddresses.find((address) => isLoopback(address) && !address.startsWith("127.0.0."));
  const block = (first ?? "127.0.10.1").split(".").slice(0, 3).join(".");
  const free: string[] = [];
  for (let last = 1; last < 255 && free.length < count; last += 1) {
    const address = `${block}.${last}`;
    if (!taken.has(address)) free.push(address);
  }
  return free;
}
