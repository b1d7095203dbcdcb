import { z } from "zod";
import { extensionProvider, OTHER_PROVIDERS } from "./extension-provider.ts";
import { duplicates } from "./schema/common.ts";
import { checked, list } from "./schema/object.ts";
import type { UnsupportedField } from "./unsupported.ts";

/** What holds for the whole mesh (Istio's MeshConfig); fields that this version does not do are not looked at. */
const meshConfig = z.looseObject({
  extensionProviders: checked(list(extensionProvider), (providers) =>
    duplicates(providers.map(({ name }) => name)).map(({ value, index }) => ({
      message: `another provider is called "${value}" already`,
      path: [index, "name"],
    })),
  ),
});

/** How Istio is installed (install.istio.io IstioOperator), of which `meshConfig` is of interest here. */
export const istioOperatorSchema = z.looseObject({ meshConfig: meshConfig.default({ extensionProviders: [] }) });

export type IstioOperatorSpec = z.output<typeof istioOperatorSchema>;

/** What of the kind this version reads but does not do. */
export const istioOperatorUnsupported: readonly UnsupportedField[] = [
  { path: "", keys: /^(?!meshConfig$)/, effect: "it has no effect: only meshConfig has" },
  { path: "meshConfig", keys: /^(?!extensionProviders$)/, effect: "it has no effect" },
  ...OTHER_PROVIDERS.map((kind) => ({ path: `meshConfig.extensionProviders[].${kind}`, effect: "the provider is not used" })),
];
