import { describe, expect, test } from "vitest";
import { renderSection } from "./proxy-config.ts";
import { createScreen } from "./screen.ts";
import { createStyle, wantsColor } from "./style.ts";
import { renderTable } from "./table.ts";
import { formatMs, formatShare, formatSpan } from "./units.ts";

describe("a table", () => {
  const columns = [
    { title: "name", value: (row: readonly string[]) => row[0] ?? "" },
    { title: "count", align: "right" as const, value: (row: readonly string[]) => row[1] ?? "" },
  ];

  test("is as wide as its widest cells, colours not counted", () => {
    const style = createStyle(true);
    const lines = renderTable(
      columns,
      [
        [style.red("ab"), "1"],
        ["abcdef", "1000"],
      ],
      style,
    ).split("\n");
    expect(lines[1]).toBe(`${style.red("ab")}          1`);
    expect(lines[2]).toBe("abcdef   1000");
  });

  test("carries no colour codes into a pipe", () => {
    expect(renderTable(columns, [["a", "1"]], createStyle(false))).toBe("NAME  COUNT\na         1");
  });
});

function section(names: unknown): string {
  return renderSection("names", { config: { names }, certificate: null }, createStyle(false));
}

describe("the names that a proxy answers", () => {
  test("are its hosts with their addresses, and what they are called for short", () => {
    const hosts = {
      "db.example.com": { addresses: ["240.240.1.2"] },
      "reviews.default.svc.cluster.local": {
        addresses: ["10.0.0.1", "10.0.0.2"],
        kubernetes: { shortname: "reviews", namespace: "default" },
      },
    };
    expect(section({ addresses: ["127.0.0.1:15053"], tables: [{ name: "", version: "1", hosts }] }).split("\n")).toEqual([
      "HOST                               ADDRESSES           SHORT NAMES",
      "db.example.com                     240.240.1.2",
      "reviews.default.svc.cluster.local  10.0.0.1, 10.0.0.2  reviews.default",
    ]);
  });

  test("are none where it answers none", () => {
    expect(section(null)).toBe("none");
  });
});

test("colours are for terminals, unless the environment says otherwise", () => {
  expect(wantsColor({ isTTY: true }, {})).toBe(true);
  expect(wantsColor({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColor({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(wantsColor({}, {})).toBe(false);
  expect(wantsColor({}, { FORCE_COLOR: "1" })).toBe(true);
});

test("a screen keeps its live line below what is printed, and cuts it to the width", () => {
  let written = "";
  const screen = createScreen({ isTTY: true, columns: 11, write: (text) => (written += text) }, {});
  screen.status("waiting for a, b and c");
  screen.line("done");
  expect(written).toBe("waiting fo\r\u001b[2Kdone\nwaiting fo");
});

test("in a pipe there is no live line", () => {
  let written = "";
  const screen = createScreen({ write: (text) => (written += text) }, {});
  screen.status("waiting");
  screen.line("done");
  expect(written).toBe("done\n");
});

test("numbers read as people say them, and shares are never rounded to all or nothing", () => {
  expect([formatMs(0.42), formatMs(12.4), formatMs(1500), formatMs(null)]).toEqual(["0.4 ms", "12 ms", "1.5 s", "-"]);
  expect([formatShare(1), formatShare(0.99999), formatShare(0.5), formatShare(0.00001), formatShare(0)]).toEqual([
    "100 %",
    "> 99.9 %",
    "50 %",
    "< 0.1 %",
    "0 %",
  ]);
  expect([formatSpan(45_000), formatSpan(600_000), formatSpan(3 * 3_600_000)]).toEqual(["45 s", "10 min", "3 h"]);
});
