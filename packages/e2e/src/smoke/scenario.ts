import { createProxyAdminClient, type Screen } from "@fairlead/cli";
import type { Clock } from "@fairlead/kit";
import { until } from "@fairlead/testkit";
import type { TestMesh } from "../test-mesh.ts";
import type { Traffic } from "./traffic.ts";

/** What the steps found out, beside what traffic saw. */
export interface ScenarioResult {
  /** Requests answered while 80 % were to go to v1 and 20 % to v3. */
  readonly shifted: { readonly v1: number; readonly v3: number };
  readonly rotatedCertificates: number;
  readonly proxies: number;
  readonly pilotRestarts: number;
}

interface Context {
  readonly test: TestMesh;
  readonly traffic: Traffic;
  readonly screen: Screen;
  readonly clock: Clock;
}

const ABORT_STATUS = 555;
const DENIED_STATUS = 403;
/** Requests in each phase. */
const PHASE = 250;

/** Changes the mesh in every way the smoke run is about, under load; throws where a change does not take effect. */
export async function runScenario(context: Context, minimumRequests: number): Promise<ScenarioResult> {
  const { traffic } = context;
  await traffic.untilAll("all of reviews is v1", (seen) => seen.version === "v1");
  await traffic.untilAnswered(PHASE);
  const shiftedFrom = await shiftReviews(context);
  await injectFault(context);
  await denyCaller(context);
  const rotatedCertificates = await rotateCertificates(context);
  const pilotRestarts = await restartPilot(context);
  await traffic.untilAnswered(Math.max(PHASE, minimumRequests - traffic.observations.length));
  const shifted = traffic.observations.slice(shiftedFrom);
  return {
    shifted: { v1: shifted.filter(({ version }) => version === "v1").length, v3: shifted.filter(({ version }) => version === "v3").length },
    rotatedCertificates,
    proxies: context.test.mesh.description.proxies.length,
    pilotRestarts,
  };
}

/** Answers from which observation on the new weights hold. */
async function shiftReviews({ test, traffic, screen, clock }: Context): Promise<number> {
  const saved = clock.monotonic();
  test.edit("routing.yaml", (text) => text.replace("weight: 100", "weight: 80").replace("weight: 0", "weight: 20"));
  const from = traffic.observations.length;
  await traffic.untilSome("reviews v3 answers", ({ version }) => version === "v3");
  const index = from + traffic.observations.slice(from).findIndex(({ version }) => version === "v3");
  step(screen, "shifted reviews from v1 to 80/20 v1/v3", clock.monotonic() - saved);
  await traffic.untilAnswered(PHASE);
  return index + 1;
}

async function injectFault({ test, traffic, screen, clock }: Context): Promise<void> {
  traffic.allow(ABORT_STATUS);
  let saved = clock.monotonic();
  const fault = `- name: details\n      fault:\n        abort:\n          httpStatus: ${ABORT_STATUS}\n          percentage:\n            value: 30`;
  test.edit("routing.yaml", (text) => text.replace("- name: details", fault));
  await traffic.untilSome("details is aborted", ({ details }) => details === ABORT_STATUS);
  step(screen, `injected a fault into details (30 % answer ${ABORT_STATUS})`, clock.monotonic() - saved);
  await traffic.untilAnswered(PHASE);
  saved = clock.monotonic();
  test.edit("routing.yaml", (text) => text.replace(fault, "- name: details"));
  await traffic.untilAll("no request is aborted any more", ({ details }) => details === 200);
  step(screen, "removed the fault", clock.monotonic() - saved);
  traffic.allowNothing();
}

const DENIAL = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: deny-productpage
  namespace: default
spec:
  selector:
    matchLabels:
      app: details
  action: DENY
  rules:
    - from:
        - source:
            principals:
              - cluster.local/ns/default/sa/bookinfo-productpage
`;

async function denyCaller({ test, traffic, screen, clock }: Context): Promise<void> {
  traffic.allow(DENIED_STATUS);
  let saved = clock.monotonic();
  test.edit("security.yaml", (text) => `${text.trimEnd()}\n${DENIAL}`);
  await traffic.untilAll("every call of productpage to details is denied", ({ details }) => details === DENIED_STATUS);
  step(screen, "denied productpage to call details (AuthorizationPolicy)", clock.monotonic() - saved);
  await traffic.untilAnswered(PHASE);
  saved = clock.monotonic();
  test.edit("security.yaml", (text) => text.replace(DENIAL, ""));
  await traffic.untilAll("no call is denied any more", ({ details }) => details === 200);
  step(screen, "allowed it again", clock.monotonic() - saved);
  traffic.allowNothing();
}

/** Answers how many certificates are new. */
async function rotateCertificates({ test, traffic, screen, clock }: Context): Promise<number> {
  const saved = clock.monotonic();
  const clients = test.mesh.description.proxies.map((proxy) => createProxyAdminClient(proxy));
  const serials = (): Promise<readonly (string | undefined)[]> =>
    Promise.all(clients.map(async (client) => (await client.certificates()).certificate?.serialNumber));
  const before = await serials();
  await Promise.all(clients.map((client) => client.rotateCertificates()));
  const after = await until("every proxy has a new certificate", async () => {
    const now = await serials();
    return now.every((serial, index) => serial !== undefined && serial !== before[index]) && now;
  });
  step(screen, `rotated ${after.length} workload certificates`, clock.monotonic() - saved);
  await traffic.untilAnswered(PHASE);
  return after.length;
}

async function restartPilot({ test, traffic, screen, clock }: Context): Promise<number> {
  const pilot = test.mesh.child("pilot");
  const { pid } = pilot;
  const saved = clock.monotonic();
  pilot.signal("SIGKILL");
  await until("pilot is another process and ready", () => pilot.pid !== pid && pilot.state.value.kind === "ready", { timeoutMs: 20_000 });
  const clients = test.mesh.description.proxies.map((proxy) => createProxyAdminClient(proxy));
  await until(
    "every proxy is connected again",
    async () => (await Promise.all(clients.map((client) => client.serverInfo()))).every(({ xds }) => xds.connected),
    {
      timeoutMs: 30_000,
      intervalMs: 100,
    },
  );
  step(screen, "killed Pilot (kill -9); it is back and every proxy with it", clock.monotonic() - saved);
  const edited = clock.monotonic();
  test.edit("gateway.yaml", (text) =>
    text.replace(
      "- name: productpage",
      "- name: productpage\n      headers:\n        response:\n          set:\n            x-smoke: after-restart",
    ),
  );
  await traffic.untilSome("the new Pilot's configuration serves", ({ headers }) => headers["x-smoke"] === "after-restart", 20_000);
  step(screen, "changed a route through the new Pilot", clock.monotonic() - edited);
  return pilot.crashes;
}

function step(screen: Screen, what: string, tookMs: number): void {
  screen.line(`${screen.style.green("✓")} ${what.padEnd(62)} ${screen.style.dim(`${(tookMs / 1000).toFixed(2)} s`)}`);
}
