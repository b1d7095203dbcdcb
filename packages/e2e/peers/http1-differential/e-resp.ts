import { readCases } from "./corpus.ts";
import { startProxy } from "./proxies.ts";
import { runResponses, describeResponseOutcome, differentResponseReadings } from "./response-outcome.ts";
import { readResponses, STRICT } from "./readers.ts";
const cases = readCases("responses.txt");
for (const c of cases) { const r = readResponses(c.bytes, STRICT, [c.options["request"]??"GET"], c.options["then"]==="close"); const ok = c.verdict==="free" || (c.verdict==="valid" ? r.rest==="nothing" : r.rest!=="nothing" || r.messages.length===0); if(!ok) console.log("REFERENCE", c.name, c.verdict, r.rest, r.fault, r.messages.length); }
const names = (process.argv[2] ?? "fairlead,envoy,haproxy,nginx").split(",");
const t=performance.now();
const all = await Promise.all(names.map(async (name) => { const p = await startProxy(name as never, Array(6).fill("BASE")); const r = await runResponses(p, cases); await p[Symbol.asyncDispose](); return [name, r] as const; }));
for (const c of cases) { console.log(`\n## ${c.name}\n${c.verdict}`); for (const [n, r] of all) { const o = r.get(c.name)!; console.log(`${n.padEnd(9)} ${describeResponseOutcome(o)}${n==="fairlead"&&differentResponseReadings(o).length?"  !!! "+differentResponseReadings(o):""}`);} }
console.log(performance.now()-t);
