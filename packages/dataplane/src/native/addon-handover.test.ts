import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@fairlead/testkit";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ProxyConfig } from "../config.ts";
import { Proxy } from "../proxy.ts";

/** These run on the engine itself; two of them in one process stand for two processes. */

const running: Proxy[] = [];
let folder: string;
let address: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "handover-"));
  address = `127.0.0.1:${await freePort()}`;
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((proxy) => proxy.stop()));
  await rm(folder, { recursive: true });
});

/** A proxy that answers with its own name. */
async function start(name: string): Promise<Proxy> {
  const config: ProxyConfig = {
    listeners: [{ kind: "http", name: "web", address, hosts: [{ routes: [{ action: { kind: "respond", status: 200, body: name } }] }] }],
    clusters: [],
  };
  const proxy = await Proxy.start({ config, workers: 1, handoverPath: join(folder, "handover.sock") });
  running.push(proxy);
  return proxy;
}

const get = async (): Promise<string> => (await fetch(`http://${address}`, { headers: { connection: "close" } })).text();

it("hands its port to the next proxy and drains", async () => {
  const first = await start("first");
  expect(await get()).toBe("first");
  expect(first.handedOver).toBe(false);
  const second = await start("second");
  await vi.waitFor(() => expect(first.handedOver).toBe(true));
  expect(await first.drain(5_000)).toBe(true);
  await first.stop();
  expect(await get()).toBe("second");
  expect(second.handedOver).toBe(false);
});
