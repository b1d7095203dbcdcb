import { existsSync } from "node:fs";
import { until } from "@fairlead/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { peer } from "../src/peers.ts";
import { CONFIGURATION, STRICT, VIPS } from "./configuration.ts";
import { whyNoNamespaces } from "./namespaces.ts";
import { ADDRESSES, type HttpAnswer, type Place, type PodMesh, REDIRECT, startPodMesh } from "./pod-mesh.ts";

const reason = whyNoNamespaces();
if (reason !== undefined) process.stderr.write(`skipped: ${reason}\n`);

const envoy = findEnvoy();
if (envoy === undefined) process.stderr.write("skipped beside Envoy: run node tools/peers/install.ts envoy\n");

const MIB = 1 << 20;

const MESHES = [
  { what: "our proxy in both pods", envoys: {}, isHere: true },
  { what: "a stock Envoy in the caller's pod", envoys: { a: envoy }, isHere: envoy !== undefined },
  { what: "a stock Envoy in the called pod", envoys: { b: envoy }, isHere: envoy !== undefined },
].filter(({ isHere }) => isHere);

describe.skipIf(reason !== undefined).each(MESHES)("with $what", ({ envoys }) => {
  let mesh: PodMesh;

  beforeAll(async () => {
    mesh = await startPodMesh({ configuration: CONFIGURATION, envoys });
  });
  afterAll(() => mesh?.stop());

  const get = (place: Place, path: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
    mesh.fetch(place, `http://${VIPS.echo}${path}`, headers);

  test("a fetch of a service's address is captured and goes over mutual TLS to the other pod", async () => {
    const answer = await until("the service answers", async () => {
      const some = await get("a", "/hello");
      return some.status === 200 && some;
    });
    const seen = JSON.parse(answer.body ?? "");
    expect(seen).toMatchObject({ server: "b", path: "/hello" });
    expect(seen.headers["x-forwarded-client-cert"]).toContain("URI=spiffe://cluster.local/ns/default/sa/a");
  });

  test("the VirtualService decides where it goes: rewritten, or to the caller's own pod", async () => {
    expect(JSON.parse((await get("a", "/old/x")).body ?? "")).toMatchObject({ server: "b", path: "/new/x" });
    const own = JSON.parse((await get("a", "/", { "x-version": "v1" })).body ?? "");
    expect(own.server).toBe("a");
    expect(own.headers["x-forwarded-client-cert"]).toContain("URI=spiffe://cluster.local/ns/default/sa/a");
  });

  test("an AuthorizationPolicy refuses the caller by its identity, and nobody else", async () => {
    expect(await get("a", "/secret/x")).toMatchObject({ status: 403 });
    expect(JSON.parse((await get("b", "/secret/x")).body ?? "")).toMatchObject({ server: "b" });
  });

  test("64 MiB go both ways through a TCP service, and the answer still comes after the caller's last word", async () => {
    const answer = await mesh.sendBytes("a", { host: VIPS.bytes, port: 9000, size: 64 * MIB });
    expect(answer).toEqual({ bytes: 64 * MIB, isEchoed: true, isHeard: true });
  });

  test("an AuthorizationPolicy refuses a TCP connection by its identity", async () => {
    const answer = await mesh.sendBytes("b", { host: VIPS.bytes, port: 9000, size: 1000 });
    expect(answer.isEchoed ?? false).toBe(false);
    expect(answer.isHeard ?? false).toBe(false);
  });

  test("what is outside of the mesh is reached as if there were no proxy, by HTTP and by TCP", async () => {
    const seen = await mesh.fetch("a", `http://${ADDRESSES.outside}:8080/away`);
    expect(JSON.parse(seen.body ?? JSON.stringify(seen))).toMatchObject({ server: "outside", path: "/away" });
    const bytes = await mesh.sendBytes("a", { host: ADDRESSES.outside, port: 9000, size: 64 * MIB });
    expect(bytes).toEqual({ bytes: 64 * MIB, isEchoed: true, isHeard: true });
  });

  test("an application reaches itself without its proxy", async () => {
    for (const host of ["127.0.0.1", ADDRESSES.a]) {
      const { body = "" } = await mesh.fetch("a", `http://${host}:8080/own`);
      expect(JSON.parse(body)).toMatchObject({ server: "a", path: "/own" });
      expect(body).not.toContain("x-forwarded");
    }
  });

  test("requests of the mesh count as mutual TLS, from both sides", async () => {
    for (const reporter of ["source", "destination"]) {
      // A stock Envoy does not report to Mixer.
      const reports = reporter === "source" ? !("a" in envoys) : !("b" in envoys);
      if (!reports) continue;
      await until(`the ${reporter} has reported`, async () => {
        const answer = JSON.stringify(await mesh.askMixer(`/api/v1/requests?groupBy=security&reporter=${reporter}&destination=b`));
        return answer.includes('"mutual_tls"');
      });
    }
  });

  test("plaintext from outside is accepted while b is permissive, and refused once it is strict", async () => {
    const direct = (): Promise<HttpAnswer> => mesh.fetch("outside", `http://${ADDRESSES.b}:8080/plain`);
    expect(JSON.parse((await direct()).body ?? "")).toMatchObject({ server: "b", path: "/plain" });
    mesh.configure("strict.yaml", STRICT);
    const refused = await until("plaintext is refused", async () => {
      const answer = await direct();
      return answer.error !== undefined && answer;
    });
    expect(refused.error).toMatch(/fetch failed/);
    expect(await get("a", "/still")).toMatchObject({ status: 200 });
  });

  test("the rules may be set again without a change, and taken away", () => {
    const saved = (): string =>
      ["iptables-save", "ip6tables-save"]
        .map((save) => mesh.network.run("b", save, "-t", "nat"))
        .join("")
        .replaceAll(/^#.*$|\[\d+:\d+\]/gm, "");
    const before = saved();
    expect(before.match(/^-A OUTPUT -p tcp -j ISTIO_OUTPUT$/gm)).toHaveLength(2);
    mesh.network.run("b", process.execPath, REDIRECT);
    expect(saved()).toBe(before);
    mesh.network.run("b", process.execPath, REDIRECT, "--clean");
    mesh.network.run("b", process.execPath, REDIRECT, "--clean");
    expect(saved()).not.toContain("ISTIO");
  });
});

function findEnvoy(): string | undefined {
  try {
    const path = peer("envoy");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
