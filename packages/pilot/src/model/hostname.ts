/** True when every name that `inner` stands for is also one that `outer` stands for: `*.a.b` covers `x.a.b`, `*.x.a.b` and itself. */
export function hostCovers(outer: string, inner: string): boolean {
  if (outer === inner || outer === "*") return true;
  if (!outer.startsWith("*")) return false;
  const suffix = outer.slice(1);
  const name = inner.startsWith("*") ? inner.slice(1) : inner;
  // `*.a.b` stands for names below a.b, not for a.b.
  return name.length > suffix.length && name.endsWith(suffix);
}

/** True when some name is meant by both. */
export function hostsOverlap(left: string, right: string): boolean {
  return hostCovers(left, right) || hostCovers(right, left);
}

/** Orders names from the most specific to the least: full names, then wildcards with the longest suffix, `*` last. */
export function compareSpecificity(left: string, right: string): number {
  const leftWild = left.startsWith("*");
  const rightWild = right.startsWith("*");
  if (leftWild !== rightWild) return leftWild ? 1 : -1;
  return leftWild ? right.length - left.length : 0;
}

/** Completes a name without a dot with the namespace of the object that it is written in (Istio's short names). */
export function resolveHost(host: string, namespace: string, clusterDomain: string): string {
  const name = host.toLowerCase();
  return name === "*" || name.includes(".") || name.includes(":") ? name : `${name}.${namespace}.svc.${clusterDomain}`;
}

/** The most specific of `candidates` that covers `host`; the first where two are equal. */
export function mostSpecific<Item>(candidates: readonly Item[], host: string, hostOf: (item: Item) => string): Item | undefined {
  let best: Item | undefined;
  for (const candidate of candidates) {
    if (!hostCovers(hostOf(candidate), host)) continue;
    if (hostOf(candidate) === host) return candidate;
    if (best === undefined || compareSpecificity(hostOf(candidate), hostOf(best)) < 0) best = candidate;
  }
  return best;
}
