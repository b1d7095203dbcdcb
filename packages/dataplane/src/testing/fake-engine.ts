import type { ProxyExplainRequest, ProxyExplanation } from "@fairlead/api";
import type { DrainScope, Engine, EngineProblem, EngineTapRequest, ResourceUpsert } from "../native/engine.ts";

/** An engine that remembers what it was given and refuses what the test says it should. */
export class FakeEngine implements Engine {
  /** How often files of access logs were opened anew. */
  reopenings = 0;
  /** Accepted resources by type URL and name. */
  readonly resources = new Map<string, Map<string, ResourceUpsert>>();
  /** What was applied, in order: `Cluster +a -b`. */
  readonly log: string[] = [];
  readonly drains: { readonly deadlineMs: number; readonly scope: DrainScope }[] = [];
  readonly configs: string[] = [];
  ready = false;
  handedOver = false;
  stopped = false;
  drained = true;
  configProblems: readonly EngineProblem[] = [];
  /** Decides about a resource; a text refuses it. */
  refuse: (name: string, version: string) => string | undefined = () => undefined;
  #report: (batch: Uint8Array) => void = () => undefined;

  async applyXds(typeUrl: string, upserts: readonly ResourceUpsert[], removed: readonly string[]): Promise<readonly EngineProblem[]> {
    const kind = typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
    this.log.push([kind, ...upserts.map(({ name }) => `+${name}`), ...removed.map((name) => `-${name}`)].join(" "));
    const held = this.resources.get(typeUrl) ?? new Map<string, ResourceUpsert>();
    this.resources.set(typeUrl, held);
    const problems: EngineProblem[] = [];
    for (const upsert of upserts) {
      const message = this.refuse(upsert.name, upsert.version);
      if (message === undefined) held.set(upsert.name, upsert);
      else problems.push({ severity: "error", resourceType: typeUrl, name: upsert.name, path: "field", message });
    }
    for (const name of removed) held.delete(name);
    return problems;
  }

  async applyConfig(json: string): Promise<readonly EngineProblem[]> {
    this.configs.push(json);
    return this.configProblems;
  }

  async drain(deadlineMs: number, scope: DrainScope): Promise<boolean> {
    this.drains.push({ deadlineMs, scope });
    return this.drained;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  async stats(): Promise<string> {
    return '# TYPE istio_requests_total counter\nistio_requests_total{response_code="200"} 7\n';
  }

  async reopenLogs(): Promise<void> {
    this.reopenings += 1;
  }

  onReport(listener: (batch: Uint8Array) => void): void {
    this.#report = listener;
  }

  /** Says what the native side says once a second. */
  report(batch: Uint8Array): void {
    this.#report(batch);
  }

  async explain(request: ProxyExplainRequest): Promise<ProxyExplanation> {
    return { listener: request.listener ?? "http_proxy", decisions: [{ stage: "route", outcome: `matched ${request.path}` }] };
  }

  async dumpConfig(): Promise<Readonly<Record<string, unknown>>> {
    return { listeners: [] };
  }

  /** What is recorded at the moment. */
  readonly taps: { readonly request: EngineTapRequest; readonly listener: (trace: Uint8Array) => void }[] = [];

  startTap(request: EngineTapRequest, listener: (trace: Uint8Array) => void): () => void {
    const tap = { request, listener };
    this.taps.push(tap);
    return () => void this.taps.splice(this.taps.indexOf(tap), 1);
  }

  isReady(): boolean {
    return this.ready;
  }

  isHandedOver(): boolean {
    return this.handedOver;
  }

  proxyNumber(): number {
    return 1;
  }

  onFilterThreadHang(): void {
    // No thread of a fake hangs.
  }

  /** Names of the accepted resources of a type. */
  names(typeUrl: string): readonly string[] {
    return [...(this.resources.get(typeUrl)?.keys() ?? [])].toSorted();
  }

  version(typeUrl: string, name: string): string | undefined {
    return this.resources.get(typeUrl)?.get(name)?.version;
  }
}
