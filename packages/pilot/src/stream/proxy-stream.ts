import type { ProxyIdentity } from "../proxy-identity.ts";
import { RESOURCE_TYPES, type ResourceType, resourceTypeOf, typeUrlOf } from "../xds/resource-type.ts";
import type { Resource, XdsSnapshot } from "../xds/xds-snapshot.ts";
import { blamedResources, boundedMessage } from "./nack.ts";
import { Subscription } from "./subscription.ts";

/** A request in either protocol, as far as the two are alike. */
export interface StreamRequest {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly rejection: string | undefined;
}

/** How a stream of one of the protocols says things. */
export interface StreamProtocol<Request extends StreamRequest> {
  /** Takes over what the request subscribes to. `isFirst`: of this type on this stream. */
  subscribe(
    subscription: Subscription,
    request: Request,
    options: { readonly isFirst: boolean; readonly type: ResourceType | undefined },
  ): void;
  sendUpserts(subscription: Subscription, upserts: readonly Resource[], context: SendContext): void;
  sendRemovals(subscription: Subscription, removals: readonly string[], context: SendContext): void;
}

export interface SendContext {
  readonly typeUrl: string;
  readonly type: ResourceType | undefined;
  readonly nonce: string;
  readonly current: ReadonlyMap<string, Resource>;
  /** Version of the whole, for people. */
  readonly generation: string;
}

/** Most types that one client may ask for; it knows fewer. */
const MAX_TYPES = 32;
const NOTHING: ReadonlyMap<string, Resource> = new Map();

/**
 * The server's side of one client's stream. What to send is always the difference between what the client should have and what it was sent, so a push
 * that was missed is made up for by the next.
 */
export class ProxyStream<Request extends StreamRequest = StreamRequest> {
  readonly proxy: ProxyIdentity;
  readonly protocol: "delta" | "sotw";
  readonly connectedAtMs: number;
  /** Undefined until the client's first configuration is built. */
  snapshot: XdsSnapshot | undefined;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #protocol: StreamProtocol<Request>;
  #generation = 0;
  #nonces = 0;

  constructor(options: {
    readonly proxy: ProxyIdentity;
    readonly protocol: "delta" | "sotw";
    readonly connectedAtMs: number;
    readonly speak: StreamProtocol<Request>;
  }) {
    this.proxy = options.proxy;
    this.protocol = options.protocol;
    this.connectedAtMs = options.connectedAtMs;
    this.#protocol = options.speak;
  }

  subscriptionOf(type: ResourceType): Subscription | undefined {
    return this.#subscriptions.get(typeUrlOf(type));
  }

  /** Gives the client a new state, as far as it is ready for it. */
  update(snapshot: XdsSnapshot): void {
    this.snapshot = snapshot;
    this.#generation += 1;
    this.pump();
  }

  /** Takes a request; answers what the client rejected, if it did. */
  receive(request: Request): { readonly type: string; readonly resources: readonly string[]; readonly message: string } | undefined {
    const known = this.#subscriptions.get(request.typeUrl);
    if (known === undefined && this.#subscriptions.size >= MAX_TYPES) return undefined;
    const subscription = known ?? new Subscription();
    this.#subscriptions.set(request.typeUrl, subscription);
    const rejected = this.#takeAnswer(subscription, request);
    this.#protocol.subscribe(subscription, request, { isFirst: known === undefined, type: resourceTypeOf(request.typeUrl) });
    this.pump();
    return rejected;
  }

  #takeAnswer(subscription: Subscription, request: Request): ReturnType<ProxyStream["receive"]> {
    if (request.nonce === "") return undefined;
    if (request.rejection === undefined) {
      subscription.noteAnswer(request.nonce, undefined);
      return undefined;
    }
    const message = boundedMessage(request.rejection);
    const sent = [...(subscription.outstanding?.sent.keys() ?? [])];
    const isNews = subscription.noteAnswer(request.nonce, { names: (names) => blamedResources(names, message), message });
    return isNews ? { type: request.typeUrl, resources: blamedResources(sent, message), message } : undefined;
  }

  /** Sends what can be sent: first what is new, in the order of types, then what is gone, in the opposite order. */
  pump(): void {
    const { snapshot } = this;
    if (snapshot === undefined) return;
    let isComplete = true;
    for (const [typeUrl, subscription] of this.#inOrder()) {
      const context = this.#context(typeUrl, snapshot);
      const changed = subscription.changed(context.current);
      // What was asked for and is not there is answered below.
      if (changed.length === 0 && (subscription.answered || subscription.gone(context.current).length > 0)) continue;
      if (subscription.outstanding === undefined) {
        this.#protocol.sendUpserts(subscription, changed, context);
        if (context.type === "cluster") this.#renewEndpoints(changed);
      } else isComplete = false;
    }
    if (!isComplete) return;
    for (const [typeUrl, subscription] of this.#inOrder().toReversed()) {
      const context = this.#context(typeUrl, snapshot);
      const gone = subscription.gone(context.current);
      if (gone.length > 0 && subscription.outstanding === undefined) this.#protocol.sendRemovals(subscription, gone, context);
    }
  }

  /** Envoy puts a changed cluster into service only once its endpoints were sent again, changed or not. */
  #renewEndpoints(clusters: readonly Resource[]): void {
    const endpoints = this.subscriptionOf("endpoint");
    for (const { name } of clusters) if (endpoints?.sent.has(name) === true) endpoints.due.add(name);
  }

  #inOrder(): readonly (readonly [string, Subscription])[] {
    const known = RESOURCE_TYPES.map(typeUrlOf);
    const others = [...this.#subscriptions.keys()].filter((typeUrl) => !known.includes(typeUrl));
    return [...known, ...others].flatMap((typeUrl) => {
      const subscription = this.#subscriptions.get(typeUrl);
      return subscription === undefined ? [] : [[typeUrl, subscription] as const];
    });
  }

  #context(typeUrl: string, snapshot: XdsSnapshot): SendContext {
    const type = resourceTypeOf(typeUrl);
    this.#nonces += 1;
    return {
      typeUrl,
      type,
      nonce: String(this.#nonces),
      current: type === undefined ? NOTHING : snapshot[type],
      generation: String(this.#generation),
    };
  }
}
