/**
 * Who may see an object (Istio's `exportTo`). `namespaces` holds plain names: `.` was replaced by the owner's namespace.
 * An empty list of namespaces means nobody.
 */
export type Visibility = { readonly kind: "everywhere" } | { readonly kind: "namespaces"; readonly namespaces: readonly string[] };

export const VISIBLE_EVERYWHERE: Visibility = { kind: "everywhere" };

export function isVisibleIn(visibility: Visibility, namespace: string): boolean {
  return visibility.kind === "everywhere" || visibility.namespaces.includes(namespace);
}
