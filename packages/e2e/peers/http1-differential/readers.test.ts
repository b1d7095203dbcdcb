import { describe, expect, test } from "vitest";
import { readCases, toBytes } from "./corpus.ts";
import { LENIENT, readRequests, readResponses, STRICT, toRequest } from "./readers.ts";

describe("the strict reader agrees with the RFC's word on", () => {
  test.for(readCases("requests.txt").map((wireCase) => [wireCase.name, wireCase] as const))("%s", ([, { bytes, verdict }]) => {
    const { rest, fault } = readRequests(bytes, STRICT);
    if (verdict === "valid") expect({ rest, fault }).toEqual({ rest: "nothing", fault: undefined });
    if (verdict === "invalid" || verdict === "invalid-body") expect(rest).toBe("refused");
  });

  test.for(readCases("responses.txt").map((wireCase) => [wireCase.name, wireCase] as const))("%s", ([, { bytes, verdict, options }]) => {
    const isClosed = options["then"] === "close";
    const { messages, rest } = readResponses(bytes, STRICT, [options["request"] ?? "GET"], isClosed);
    if (verdict === "valid") expect({ rest, final: messages.length > 0 }).toEqual({ rest: "nothing", final: true });
    if (verdict === "invalid" || verdict === "invalid-body")
      expect(rest === "nothing" && messages.some(({ start }) => !start.includes(" 101 "))).toBe(false);
  });
});

describe("the corpus", () => {
  test("has a name of its own for every case", () => {
    const names = [...readCases("requests.txt"), ...readCases("responses.txt")].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("writes bytes with escapes", () => {
    expect(toBytes("| a{NUL}{x7f}b")).toBe("a\0\u007fb\r\n");
    expect(toBytes("| {3 x ab}{END}")).toBe("ababab");
    expect(toBytes("| {2 lines a: b}{LF}")).toBe("a: b\r\na: b\r\n\n");
    expect(() => toBytes("| {what}")).toThrow("no escape");
  });
});

describe("lenient readers", () => {
  test.for([
    ["GET / HTTP/1.1\nHost: a\n\nGET /two HTTP/1.1\r\nHost: b\r\n\r\n", "/", "/two"],
    [
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /two HTTP/1.1\r\nHost: b\r\n\r\n",
      "/",
      "/two",
    ],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\nGET /two HTTP/1.1\r\nHost: b\r\n\r\n", "/", "/two"],
    ["GET / HTTP/1.1\r\nHost : a\r\nHost: b\r\n\r\n", "/"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", "/"],
  ])("find in %j what the strict one refuses", ([bytes = "", ...targets]) => {
    expect(readRequests(bytes, STRICT)).toMatchObject({ messages: [], rest: "refused" });
    const found = LENIENT.map((reader) => readRequests(bytes, reader).messages.map((message) => toRequest(message).target));
    expect(found).toContainEqual(targets);
  });
});
