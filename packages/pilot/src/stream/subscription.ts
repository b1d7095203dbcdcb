import type { Resource } from "../xds/xds-snapshot.ts";

/** What a client was sent of one name: the resource, or only its version where it was sent by a server before this one. */
interface Sent {
  readonly version: string;
  readonly resource: Resource | undefined;
}

/** A response that the client has not answered yet. */
export interface Outstanding {
  readonly nonce: string;
  readonly sent: ReadonlyMap<string, string>;
}

export interface Rejection {
  readonly version: string;
  readonly message: string;
}

/** What one client knows of one type: what it wants, was sent, runs and refused. */
export class Subscription {
  /** It wants everything there is. */
  wildcard = false;
  readonly names = new Set<string>();
  readonly sent = new Map<string, Sent>();
  /** Versions that the client said it runs. */
  readonly acknowledged = new Map<string, string>();
  readonly rejected = new Map<string, Rejection>();
  /** Names to be answered even though nothing about them changed. */
  readonly due = new Set<string>();
  /** Only one response is on its way at any time: who is slow gets the newest state when it is ready for it. */
  outstanding: Outstanding | undefined;
  /** A client is answered once even when there is nothing to say, so that it stops to wait. */
  answered = false;

  /** Whether the client would get a resource of this name. */
  wants(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }

  /** Resources of `current` that the client wants and does not have in this version. */
  changed(current: ReadonlyMap<string, Resource>): readonly Resource[] {
    const wanted = this.wildcard ? [...current.values()] : [...this.names].flatMap((name) => current.get(name) ?? []);
    return wanted.filter((resource) => this.due.has(resource.name) || this.sent.get(resource.name)?.version !== resource.version);
  }

  /** Names that the client has or asked for and that are not there (any more). */
  gone(current: ReadonlyMap<string, Resource>): readonly string[] {
    const asked = [...this.due].filter((name) => name !== "*" && !current.has(name));
    return [...new Set([...[...this.sent.keys()].filter((name) => !current.has(name)), ...asked])];
  }

  /** Notes that a response with these resources was sent, and these names were taken away. */
  noteSent(nonce: string, resources: readonly Resource[], removed: readonly string[]): void {
    for (const resource of resources) {
      this.sent.set(resource.name, { version: resource.version, resource });
      this.due.delete(resource.name);
    }
    for (const name of removed) {
      this.sent.delete(name);
      this.acknowledged.delete(name);
      this.rejected.delete(name);
      this.due.delete(name);
    }
    this.outstanding = { nonce, sent: new Map(resources.map(({ name, version }) => [name, version])) };
    this.answered = true;
  }

  /** Notes the client's answer to the response on its way; false when the nonce is of an older one. */
  noteAnswer(
    nonce: string,
    rejection: { readonly names: (sent: readonly string[]) => readonly string[]; readonly message: string } | undefined,
  ): boolean {
    const { outstanding } = this;
    if (outstanding?.nonce !== nonce) return false;
    this.outstanding = undefined;
    const refused = new Set(rejection?.names([...outstanding.sent.keys()]) ?? []);
    for (const [name, version] of outstanding.sent) {
      if (refused.has(name)) this.rejected.set(name, { version, message: rejection?.message ?? "" });
      else {
        this.acknowledged.set(name, version);
        this.rejected.delete(name);
      }
    }
    return true;
  }
}
