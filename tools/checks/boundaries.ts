/**
 * Who may import whom: the one table behind the lint configuration, its test, and the picture in docs/architecture.md.
 * Data flows one way; an import against it is a design error, not a matter of taste.
 */

export type Layer = "base" | "contract" | "source" | "native" | "proxy" | "service" | "client" | "test";

/** What a package of each layer may import besides libraries. */
export const LAYERS: Readonly<Record<Layer, readonly Layer[]>> = {
  base: [],
  contract: ["base", "contract"],
  source: ["base", "contract", "source"],
  native: [],
  proxy: ["base", "contract", "source", "native"],
  service: ["base", "contract", "source"],
  client: ["base", "contract"],
  test: ["base", "contract", "source", "native", "proxy", "service", "client", "test"],
};

export const PACKAGES: Readonly<Record<string, Layer>> = {
  kit: "base",
  api: "contract",
  crds: "contract",
  sources: "source",
  identity: "source",
  pilot: "service",
  mixer: "service",
  citadel: "service",
  dataplane: "proxy",
  "dataplane-native": "native",
  cli: "client",
  testkit: "test",
  e2e: "test",
};

/** Pure subpaths that a package may import although the layers forbid the package itself. */
export const SUBPATHS: Readonly<Record<string, readonly string[]>> = {
  cli: ["@fairlead/pilot/offline", "@fairlead/dataplane/explain"],
};

/** Inside a package: each stage (a folder of `src/`) and the stages it may import. What is not listed may read any stage. */
export const STAGES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  pilot: {
    model: [],
    ir: ["model"],
    xds: ["ir"],
    stream: ["xds"],
  },
  citadel: {
    template: [],
    attest: [],
    ca: ["template"],
    validate: ["template"],
    "sign-server": ["attest", "ca"],
  },
  mixer: {
    ingest: [],
    aggregate: ["ingest"],
    store: ["ingest", "aggregate"],
    query: ["ingest", "aggregate", "store"],
  },
  dataplane: {
    native: [],
    ads: ["native"],
    report: [],
    admin: ["native", "ads"],
    agent: ["admin"],
  },
};

/** The one folder that may import the native addon. */
export const ADDON_ROOM = "packages/dataplane/src/native";

export function mayImport(importer: string, imported: string): boolean {
  const from = PACKAGES[importer];
  const to = PACKAGES[imported];
  return from !== undefined && to !== undefined && (importer === imported || LAYERS[from].includes(to));
}
