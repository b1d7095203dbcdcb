import { readPaths } from "./corpus.ts";
import { startProxy } from "./proxies.ts";
import { NORMALIZATIONS } from "./xds.ts";
import { runPaths } from "./path-outcome.ts";
const paths = readPaths("paths.txt");
console.log(paths.length);
const [a,b] = await Promise.all((["fairlead","envoy"] as const).map(async (name) => { const p = await startProxy(name, NORMALIZATIONS); const r = await runPaths(p, paths); await p[Symbol.asyncDispose](); return r; }));
for (const n of NORMALIZATIONS) for (const p of paths) { const x=a!.get(n)!.get(p), y=b!.get(n)!.get(p); if (x!==y) console.log(n.padEnd(26), p.padEnd(28), String(x).padEnd(24), y); }
