import type { ProxyConfig } from "./config.ts";
import { ownFilterAt } from "./engine-policies.ts";
import type { EngineProblem } from "./native/engine.ts";

/**
 * The engine's problem with a configuration that we made for it, told of the user's own field: the engine knows the place in our JSON, or the resource by
 * name with a path in the engine's terms.
 */
export function toUserProblem(problem: EngineProblem, config: ProxyConfig, json: string): EngineProblem {
  const column = /^line 1 column (\d+)$/.exec(problem.path)?.[1];
  if (column !== undefined) {
    const message = problem.message.replace(/ at line 1 column \d+$/, "");
    return { ...problem, path: toUserPath(pathAt(json, Number(column) - 1)), message };
  }
  const place = placeOf(problem, config);
  if (place === undefined) return problem;
  const path = problem.path === "" ? place : `${place}.${problem.path}`;
  return { ...problem, path: toUserPath(withOwnFilters(path, config)) };
}

/** The engine counts all filters of a listener; the user's own are some of them. */
function withOwnFilters(path: string, { listeners }: ProxyConfig): string {
  return path.replace(
    /^listeners\[(\d+)\]\.filterChains\[0\]\.filters\[0\]\.httpFilters\[(\d+)\]/,
    (whole, listener: string, index: string) => {
      const config = listeners[Number(listener)];
      const own = config?.kind === "http" ? ownFilterAt(config, Number(index)) : undefined;
      return own === undefined ? whole : `listeners[${listener}].filters[${own}]`;
    },
  );
}

function placeOf({ resourceType, name }: EngineProblem, { listeners, clusters }: ProxyConfig): string | undefined {
  const isListener = resourceType.endsWith("Listener");
  if (!isListener && !resourceType.endsWith("Cluster")) return undefined;
  const index = (isListener ? listeners : clusters).findIndex((candidate) => candidate.name === name);
  return index < 0 ? undefined : `${isListener ? "listeners" : "clusters"}[${index}]`;
}

/** What `engine-config.ts` makes of a field, and the field; applied in this order. */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/^(listeners\[\d+\])\.filterChains\[0\]\.filters\[0\]\.httpConnectionManager\.routes\.inline\.virtualHosts(\[\d+\])/, "$1.hosts$2"],
  [/^(listeners\[\d+\])\.filterChains\[0\]\.filters\[0\]\.(?:httpConnectionManager|tcpProxy)/, "$1"],
  [/^(listeners\[\d+\])\.filterChains\[0\]\.transportConnectTimeoutMs$/, "$1.tls.handshakeTimeoutMs"],
  [/^(listeners\[\d+\])\.filterChains\[0\]/, "$1"],
  [/\.tls\.(?:context\.)?certificates\[0\](?:\.inline)?/, ".tls.certificate"],
  [/\.tls\.context\.validation(?:\.trust(?:\.inline)?)?/, ".tls.clientRootsPem"],
  [/^(clusters\[\d+\])\.transport\.tls/, "$1.tls"],
  [/^(clusters\[\d+\]\.tls)\.clientRootsPem/, "$1.rootsPem"],
  [/^(clusters\[\d+\])\.endpoints\[0\]\.endpoints(\[\d+\])/, "$1.endpoints$2"],
  [/^(clusters\[\d+\])\.circuitBreakers\.default/, "$1.limits"],
  [/\.headers\.(request|response)\.set\[\d+\](?:\.\w+)*$/, ".$1Headers"],
  [/\.headers\.(request|response)\.remove(\[\d+\])/, ".$1Headers.remove$2"],
  [/\.action\.(?:forward|directResponse|redirect)(?=\.|$)/, ".action"],
  [/\.action\.cluster$/, ".action.to"],
  [/\.weightedClusters\.clusters(\[\d+\])\.name/, ".to$1.cluster"],
  [/\.weightedClusters\.clusters(\[\d+\])/, ".to$1"],
  [/\.weightedClusters$/, ".to"],
  [/\.retry\.retryOn$/, ".retry.on"],
  [/\.retry\.numRetries$/, ".retry.attempts"],
  [/\.action\.pathRewrite(?:\.prefix)?$/, ".action.rewritePrefix"],
  [/\.action\.hostRewrite(?:\.literal)?$/, ".action.rewriteHost"],
  [/\.action\.mirrors(\[\d+\])(?:\.cluster)?$/, ".action.mirrorTo$1"],
  [/(?:\.filters\[0\])?\.httpFilters\[\d+\](?:\.kind\.jwtAuthn)?\.providers/, ".tokenIssuers"],
  [/\.httpFilters\[\d+\]\.kind\.localRateLimit(?:\.bucket)?/, ".rateLimit"],
  [/\.filterOverrides\.(?:deny|allow)\.rbac\.rules.*$/, ".access"],
  [/\.filterOverrides\.(cors|fault|rateLimit)\.\w+/, ".$1"],
  [/\.(?:typedPerFilterConfig\["filter(\d+)"\]|filterOverrides\.filter(\d+)\.module)/, ".filters[$1$2]"],
  [/\.filterOverrides\.tokens/, ".token"],
  [/\.action\.hashPolicy(\[\d+\])(?:\.on)?/, ".action.hashOn$1"],
  [/\.accessLog(\[\d+\])/, ".accessLogs$1"],
  [/\.healthCheck\.kind\.(?:http|tcp|grpc)/, ".healthCheck"],
];

function toUserPath(path: string): string {
  return RENAMED.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), path);
}

/** The field of a JSON text that is read at an offset. */
function pathAt(json: string, offset: number): string {
  const stack: { readonly isList: boolean; index: number; key: string }[] = [];
  for (const match of json.slice(0, Math.max(0, offset)).matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{},]/g)) {
    const [token, colon] = match;
    const top = stack.at(-1);
    if (token === "{" || token === "[") stack.push({ isList: token === "[", index: 0, key: "" });
    else if (token === "}" || token === "]") stack.pop();
    else if (token === "," && top !== undefined) top.index += 1;
    else if (colon !== undefined && top !== undefined) top.key = String(JSON.parse(token.slice(0, -colon.length)));
  }
  return stack.reduce(
    (path, { isList, index, key }) => (isList ? `${path}[${index}]` : key === "" ? path : `${path === "" ? "" : `${path}.`}${key}`),
    "",
  );
}
