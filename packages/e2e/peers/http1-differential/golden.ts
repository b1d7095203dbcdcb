import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FOLDER } from "./corpus.ts";
import { findPeer, type PeerName, PEERS, type ProxyName } from "./proxies.ts";

/** What a proxy did with each case, in words. */
export type Column = ReadonlyMap<string, string>;

/**
 * A table of outcomes, a block for each case with a line for each proxy. Columns of peers that are not installed, or not in the version that the table was
 * made with, are taken from the table itself: it is the same on every machine. With `FAIRLEAD_NEW_PEERS=1 vitest -u` it takes the versions that are installed.
 */
export class Golden {
  readonly path: string;
  readonly #peers: readonly PeerName[];
  readonly #before: ReadonlyMap<string, ReadonlyMap<string, string>>;

  constructor(file: string, peers: readonly PeerName[] = PEERS) {
    this.path = fileURLToPath(new URL(file, FOLDER));
    this.#peers = peers;
    this.#before = existsSync(this.path) ? parse(readFileSync(this.path, "utf8")) : new Map();
  }

  /** Why the column of a peer cannot be checked here; undefined where it can. */
  obstacle(name: PeerName): string | undefined {
    const found = findPeer(name);
    if ("missing" in found) return found.missing;
    const recorded = this.#before.get(VERSIONS)?.get(name);
    if (recorded === undefined || recorded === found.version || process.env["FAIRLEAD_NEW_PEERS"] === "1") return undefined;
    return `${name} ${found.version} is installed, and the table was made with ${recorded}`;
  }

  /** The peers that take part here. */
  present(): readonly PeerName[] {
    return this.#peers.filter((name) => this.obstacle(name) === undefined);
  }

  /**
   * The names of cases whose outcome is not the table's. Some peers race with the upstream about who answers a faulty body first; they are asked again
   * before their column counts as changed. Ours never is.
   */
  unexpected(proxy: PeerName, column: Column): readonly string[] {
    return [...column].filter(([name, text]) => (this.#before.get(name)?.get(proxy) ?? text) !== text).map(([name]) => name);
  }

  /** The table as it is now. */
  render(names: readonly string[], columns: ReadonlyMap<ProxyName, Column>): string {
    const versions = new Map(this.#peers.map((name) => [name, this.#versionOf(name)]));
    const line = (block: string, proxy: ProxyName): string => {
      const text = columns.get(proxy)?.get(block) ?? this.#before.get(block)?.get(proxy) ?? "(not known yet)";
      return `${proxy.padEnd(WIDTH)}${text}`;
    };
    const head = this.#peers.map((name) => `${name.padEnd(WIDTH)}${versions.get(name)}`);
    const blocks = names.map((name) => [`## ${name}`, line(name, "fairlead"), ...this.#peers.map((peer) => line(name, peer))].join("\n"));
    return `${[`## ${VERSIONS}\n${head.join("\n")}`, ...blocks].join("\n\n")}\n`;
  }

  #versionOf(name: PeerName): string {
    const found = findPeer(name);
    if (this.obstacle(name) === undefined && "version" in found) return found.version;
    return this.#before.get(VERSIONS)?.get(name) ?? "(not known yet)";
  }
}

/** The first block of a table. */
const VERSIONS = "Versions of the peers";
const WIDTH = 10;

function parse(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const blocks = text.split(/^## /m).slice(1);
  return new Map(
    blocks.map((block) => {
      const [name = "", ...lines] = block.split("\n").filter((line) => line !== "");
      return [name, new Map(lines.map((line) => [line.slice(0, WIDTH).trim(), line.slice(WIDTH)]))];
    }),
  );
}
