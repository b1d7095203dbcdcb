import { talk } from "./client.ts";
import { toReadable } from "./corpus.ts";
import type { RunningProxy } from "./proxies.ts";
import { readRequests, STRICT, toRequest } from "./readers.ts";
import type { Normalization } from "./xds.ts";

/** What becomes of each path under each normalization: the target that the upstream got, or the status of the refusal. */
export async function runPaths(
  proxy: RunningProxy,
  paths: readonly string[],
): Promise<ReadonlyMap<Normalization, ReadonlyMap<string, string>>> {
  const columns = await Promise.all(
    proxy.lanes.map(async (lane) => {
      const targets = new Map<string, string>();
      for (const path of paths) {
        const bytes = `GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
        const { text } = await talk({
          port: lane.port,
          bytes,
          isEnough: () => false,
          settleMs: 0,
          lastEventMs: () => lane.upstream.lastByteMs(),
        });
        const [recorded = ""] = lane.upstream.recorded();
        lane.upstream.reset();
        const [target] = readRequests(recorded, { ...STRICT }).messages.map((message) => toRequest(message).target);
        targets.set(path, target === undefined ? `(${text.split(" ")[1] ?? "nothing"})` : toReadable(target));
      }
      return [lane.normalization, targets] as const;
    }),
  );
  return new Map(columns);
}
