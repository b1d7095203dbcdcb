import { describe, expect, it } from "vitest";
import { formatMetric, parseStats } from "./stats.ts";

describe("reading Prometheus' text format", () => {
  it("answers name, labels and value of every sample", () => {
    const text = '# HELP a Help.\n# TYPE a counter\na 1\na{b="c",d="e"} 2.5\n\n';
    expect(parseStats(text)).toEqual([
      { name: "a", labels: {}, value: 1 },
      { name: "a", labels: { b: "c", d: "e" }, value: 2.5 },
    ]);
  });

  it("undoes escapes, and takes braces and commas inside quotes for text", () => {
    expect(parseStats('a{b="x\\"y\\\\z\\n",c="},{"} 1')).toEqual([{ name: "a", labels: { b: 'x"y\\z\n', c: "},{" }, value: 1 }]);
  });

  it("knows infinities and time stamps", () => {
    expect(parseStats('a_bucket{le="+Inf"} +Inf 1700000000000')).toEqual([{ name: "a_bucket", labels: { le: "+Inf" }, value: Infinity }]);
  });

  it("leaves out what is no sample", () => {
    expect(parseStats("what is this\n<html>")).toEqual([]);
  });

  it("reads back what it writes", () => {
    const labels = { path: 'a"b\\c\nd' };
    const text = formatMetric({ name: "m", help: "Help.", type: "gauge", samples: [{ labels, value: 3 }] });
    expect(parseStats(text)).toEqual([{ name: "m", labels, value: 3 }]);
  });
});
