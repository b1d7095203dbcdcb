import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { addressSchema, readSettings, splitAddress } from "./settings.ts";

const schema = z.strictObject({ listenAddress: addressSchema, level: z.enum(["info", "debug"]).default("info") });
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "settings-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function read(content: string): unknown {
  const file = join(directory, "settings.json");
  writeFileSync(file, content);
  return readSettings(schema, ["--settings", file]);
}

describe("a process's settings", () => {
  it("are read from the file named on the command line, with defaults", () => {
    expect(read('{ "listenAddress": "127.0.0.1:15012" }')).toEqual({ listenAddress: "127.0.0.1:15012", level: "info" });
  });

  it("name every wrong field at once", () => {
    expect(() => read('{ "listenAddress": "nowhere", "level": "loud", "extra": 1 }')).toThrow(
      /listenAddress: must be host:port[\s\S]*level:/,
    );
  });

  it("that cannot be read say which file", () => {
    expect(() => read("{")).toThrow(/cannot read settings file .*settings\.json/);
  });

  it("are asked for where the command line does not name them", () => {
    expect(() => readSettings(schema, [])).toThrow(/missing --settings FILE/);
  });
});

it.each([
  ["127.0.0.1:80", "127.0.0.1", 80],
  ["[::1]:15012", "::1", 15012],
  ["pilot.fairlead-system.svc:15012", "pilot.fairlead-system.svc", 15012],
])("the address %s is host %s and port %i", (address, host, port) => {
  expect(splitAddress(address)).toEqual({ host, port });
});
