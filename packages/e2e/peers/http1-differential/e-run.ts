import { readCases } from "./corpus.ts";
import { startProxy } from "./proxies.ts";
import { runRequests, describeOutcome, differentReadings, targetReadings } from "./outcome.ts";
const cases = readCases("requests.txt");
const names = (process.argv[2] ?? "fairlead,envoy,haproxy,nginx").split(",");
const t=performance.now();
const all = await Promise.all(names.map(async (name) => { const p = await startProxy(name as never, Array(6).fill("BASE")); const r = await runRequests(p, cases, {bytewise: process.argv[3]==="bytewise"}); await p[Symbol.asyncDispose](); return [name, r] as const; }));
for (const c of cases) { console.log(`\n## ${c.name}\n${c.verdict}`); for (const [n, r] of all) { const o = r.get(c.name)!; console.log(`${n.padEnd(9)} ${describeOutcome(o)}${n==="fairlead"&&differentReadings(o).length?"  !!! "+differentReadings(o):""}`);} }
console.log(performance.now()-t);
