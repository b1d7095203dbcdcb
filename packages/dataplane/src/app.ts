import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { ProxyState } from "@fairlead/api";
import { type Certificate, clientCredentials, type Identity, isIdentity, MIXER, obtainIdentity, PILOT } from "@fairlead/identity";
import type { Clock, Logger, Monitoring } from "@fairlead/kit";
import type { AdminPorts } from "./admin/ports.ts";
import { createAdminServer, createReadinessServer } from "./admin/server.ts";
import { AdsClient } from "./ads/client.ts";
import { createLastGood } from "./ads/last-good.ts";
import { SECRET } from "./ads/type-urls.ts";
import { toNodeIdentity, toProxyNode } from "./bootstrap.ts";
import { rotateCertificates, toProxyCertificates } from "./certificates.ts";
import { listenAfterFormer, untilHandedOver } from "./handover.ts";
import { describeEngineProblem, type DrainScope, type Engine } from "./native/engine.ts";
import type { FilterHost } from "./filters/host.ts";
import { MixerClient } from "./report/mixer-client.ts";
import { toSecretResources } from "./secret-resources.ts";
import type { Settings } from "./settings.ts";

export interface AppOptions {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Called when the process is to end: the admin API was told so, another process serves in its place, or an error leaves it without use. */
  readonly onQuit: (error?: Error) => void;
}

/** A proxy process that follows the mesh's control plane. */
export interface App {
  /** Where the admin server listens; empty until it does, which is when a former process has handed over (`handoverPath`). */
  readonly adminAddress: string;
  readonly state: () => ProxyState;
  /** Drains, reports what is left and ends everything; a second call waits for the first. */
  stop(): Promise<void>;
}

/** How long the last reports may take on their way to Mixer. */
const LAST_REPORT_LIMIT_MS = 1_000;

/** Starts everything that does not depend on others and answers; identity, configuration and reports follow as their servers allow. */
export async function startApp(options: AppOptions): Promise<App> {
  mkdirSync(options.settings.stateDirectory, { recursive: true, mode: 0o700 });
  const app = new RunningApp(options);
  await app.start();
  return app;
}

class RunningApp implements App {
  readonly #options: AppOptions;
  readonly #startedMonotonicMs: number;
  readonly #ads: AdsClient;
  readonly #mixer: MixerClient | undefined;
  readonly #admin: Monitoring;
  readonly #readiness: Monitoring | undefined;
  readonly #end = new AbortController();
  #filters: FilterHost | undefined;
  #identity: Identity | undefined;
  #adminAddress = "";
  #phase: "serving" | "draining" | "stopped" = "serving";
  #failsHealthChecks = false;
  #stopping: Promise<void> | undefined;

  constructor(options: AppOptions) {
    const { settings, engine, clock, random, logger } = options;
    const node = toNodeIdentity(settings);
    this.#options = options;
    this.#startedMonotonicMs = clock.monotonic();
    this.#ads = new AdsClient({
      engine,
      node,
      protocol: settings.xds,
      wantsNames: settings.dnsCapture,
      server: settings.pilot.address,
      lastGood: createLastGood({ directory: settings.stateDirectory, nodeId: node.id, clock, logger }),
      clock,
      random,
      logger,
    });
    this.#mixer = settings.mixer === undefined ? undefined : new MixerClient({ server: settings.mixer.address, clock, random, logger });
    this.#admin = createAdminServer(settings.adminAddress, this.#ports());
    this.#readiness = settings.readinessAddress === undefined ? undefined : createReadinessServer(settings.readinessAddress, this.state);
  }

  get adminAddress(): string {
    return this.#adminAddress;
  }

  readonly state = (): ProxyState => {
    if (this.#phase !== "serving") return this.#phase;
    if (this.#failsHealthChecks) return "draining";
    return this.#ads.hasConfiguration && this.#options.engine.isReady() ? "ready" : "starting";
  };

  async start(): Promise<void> {
    const { settings, engine } = this.#options;
    if (settings.handoverPath === undefined) await this.#listen((server) => server.listen());
    else void this.#takeOver();
    engine.onReport((batch) => this.#mixer?.push(batch));
    await this.#startFilters();
    if (settings.pilot.insecure) this.#ads.start(credentials.createInsecure());
    else this.#ads.awaitCredentials();
    void this.#obtainIdentity();
  }

  async #listen(listen: (server: Monitoring, name: string) => Promise<string>): Promise<void> {
    this.#adminAddress = await listen(this.#admin, "admin");
    if (this.#readiness !== undefined) await listen(this.#readiness, "readiness");
  }

  /** Listens where a former process does until it has handed over, then waits for the next one and leaves all to it. */
  async #takeOver(): Promise<void> {
    const { engine, clock, logger, onQuit } = this.#options;
    const signal = this.#end.signal;
    try {
      await this.#listen((server, name) => listenAfterFormer(server, { name, clock, logger, signal }));
      await untilHandedOver(engine, clock, signal);
      logger.info("another process has taken over");
      this.#phase = "draining";
      await this.#closeServers();
      // One proxy of a name at a time: Pilot hears the other one now.
      await this.#attempt("xds client", () => this.#ads.stop());
    } catch (error) {
      if (!signal.aborted) onQuit(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    onQuit();
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /** Before the first configuration, which may name filters. */
  async #startFilters(): Promise<void> {
    const { settings, engine, clock, random, logger } = this.#options;
    const { filterModules: directory, filterThreads: threads } = settings;
    if (directory === undefined) return;
    const { FilterHost } = await import("./filters/host.ts");
    const filters = new FilterHost({
      directory,
      threads,
      proxy: engine.proxyNumber(),
      clock,
      random,
      onProblem: ({ kind, module, message }) => logger.warn({ kind, module, reason: message }, "filter"),
    });
    this.#filters = filters;
    engine.onFilterThreadHang((thread) => filters.onHang(thread));
  }

  /** The rest of the start: whatever needs a certificate waits for Citadel. */
  async #obtainIdentity(): Promise<void> {
    const { settings, logger } = this.#options;
    const signal = this.#end.signal;
    try {
      const identity = await obtainIdentity({ ...this.#options, settings: settings.identity, trustDomain: settings.trustDomain, signal });
      this.#identity = identity;
      logger.info({ spiffeId: identity.certificate.value.spiffeId }, "identity obtained");
      identity.certificate.subscribe((certificate) => void this.#applyCertificate(certificate));
      await this.#applyCertificate(identity.certificate.value);
      const to = (server: typeof PILOT | typeof MIXER): ChannelCredentials =>
        clientCredentials(identity.certificate, isIdentity({ trustDomain: settings.trustDomain, ...server }));
      if (signal.aborted) return identity.stop();
      if (!settings.pilot.insecure) this.#ads.start(to(PILOT));
      this.#mixer?.start(to(MIXER));
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error }, "no identity");
    }
  }

  async #applyCertificate(certificate: Certificate): Promise<void> {
    const { engine, logger } = this.#options;
    try {
      const problems = await engine.applyXds(SECRET, toSecretResources(certificate), []);
      if (problems.length > 0) logger.error({ reasons: problems.map(describeEngineProblem) }, "the engine refused the certificate");
    } catch (error) {
      logger.error({ err: error }, "the engine did not take the certificate");
    }
  }

  #drain(scope: DrainScope): Promise<boolean> {
    const { engine, settings, logger } = this.#options;
    if (scope === "all" && this.#phase === "serving") this.#phase = "draining";
    logger.info({ scope, limitMs: settings.drainMs }, "draining");
    return engine.drain(settings.drainMs, scope);
  }

  async #stop(): Promise<void> {
    const { engine, logger } = this.#options;
    this.#end.abort();
    await this.#attempt("drain", async () => {
      if (!(await this.#drain("all"))) logger.warn("requests were still in flight at the end of the drain");
    });
    this.#identity?.stop();
    await this.#attempt("xds client", () => this.#ads.stop());
    await this.#attempt("engine", () => engine.stop());
    await this.#attempt("filters", () => this.#filters?.stop());
    await this.#attempt("reports", () => this.#mixer?.stop(LAST_REPORT_LIMIT_MS));
    this.#phase = "stopped";
    await this.#closeServers();
    logger.info("stopped");
  }

  async #closeServers(): Promise<void> {
    await this.#attempt("readiness server", () => this.#readiness?.close());
    await this.#attempt("admin server", () => this.#admin.close());
  }

  /** One part that fails to end must not keep the others from ending. */
  async #attempt(part: string, end: () => Promise<void> | undefined): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.#options.logger.error({ err: error, part }, "failed to end");
    }
  }

  #ports(): AdminPorts {
    const { settings, engine, clock, logger } = this.#options;
    return {
      engine,
      settings,
      clock,
      logger,
      node: toProxyNode(settings),
      startedMs: clock.now(),
      workers: settings.workers ?? availableParallelism(),
      uptimeMs: () => clock.monotonic() - this.#startedMonotonicMs,
      state: this.state,
      xds: () => this.#ads.status(),
      report: () => this.#mixer?.status() ?? null,
      xdsResources: (typeUrl) => this.#ads.resources(typeUrl),
      certificate: () => this.#identity?.certificate.value,
      certificates: () => toProxyCertificates(this.#identity?.certificate.value, clock),
      drain: (scope) => void this.#drain(scope).catch((error: unknown) => logger.error({ err: error }, "drain failed")),
      rotateCertificates: () => rotateCertificates(this.#identity),
      failHealthChecks: (isFailing) => void (this.#failsHealthChecks = isFailing),
      quit: () => this.#options.onQuit(),
    };
  }
}
