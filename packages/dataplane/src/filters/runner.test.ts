import { beforeEach, describe, expect, it } from "vitest";
import { defineFilter, type Filter, type FilterRequest, type FilterResponse } from "../filter.ts";
import { FilterRunner } from "./runner.ts";
import { loadFrame, parseAnswers, type ParsedAnswer, releaseFrame, type Shown, shownFrame } from "../testing/filter-frames.ts";

let modules: Map<string, Readonly<Record<string, unknown>>>;
let batches: ParsedAnswer[][];
let failures: string[];
let runner: FilterRunner;

beforeEach(() => {
  modules = new Map();
  batches = [];
  failures = [];
  runner = new FilterRunner({
    load: async (module) => {
      const exported = modules.get(module);
      if (exported === undefined) throw new Error(`there is no file ${JSON.stringify(module)}`);
      return exported;
    },
    answer: (batch) => batches.push([...parseAnswers(batch)]),
    onFailure: (module, error) => failures.push(`${module}: ${error instanceof Error ? error.message : String(error)}`),
  });
});

const exclaim = (response: FilterResponse): void => response.setBody(`${Buffer.from(response.body ?? []).toString()}!`);

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function load<Config>(filter: Filter<Config>, config = ""): Promise<ParsedAnswer | undefined> {
  modules.set("a.ts", { filter });
  runner.take(loadFrame(1, 7, "a.ts", config));
  await settled();
  return batches.splice(0).flat()[0];
}

async function ask(...shown: readonly Shown[]): Promise<readonly ParsedAnswer[]> {
  runner.take(Buffer.concat(shown.map((one, index) => shownFrame(index + 10, 7, one))));
  await settled();
  return batches.splice(0).flat();
}

describe("a module", () => {
  it("says what its filter can do", async () => {
    const filter = defineFilter({ requestBody: { maxBytes: 100, allowPartial: true }, onRequest: () => undefined });
    expect(await load(filter)).toMatchObject({ call: 1, kind: "loaded", flags: 1 + 4 + 8, maxBytes: [100, 0] });
  });

  it("says the same of responses", async () => {
    const filter = defineFilter({ responseBody: { maxBytes: 100, allowPartial: true }, onResponse: () => undefined });
    expect(await load(filter)).toMatchObject({ call: 1, kind: "loaded", flags: 2 + 16 + 32, maxBytes: [0, 100] });
  });

  it("that exports no filter, or is not there, is refused", async () => {
    modules.set("b.ts", { something: 1 });
    runner.take(Buffer.concat([loadFrame(1, 7, "b.ts", ""), loadFrame(2, 8, "c.ts", "")]));
    await settled();
    expect(batches.flat().map(({ message }) => message)).toEqual([
      "exports no filter; write: export const filter = defineFilter({ … })",
      'there is no file "c.ts"',
    ]);
  });

  it("refuses a configuration by what its filter says", async () => {
    const filter = defineFilter({
      parseConfig(config) {
        if (config !== "right") throw new Error("write:\n  right");
        return config;
      },
      onRequest: () => undefined,
    });
    expect(await load(filter, '"wrong"')).toMatchObject({ kind: "not-loaded", of: "config", message: "write:; right" });
    expect(await load(filter, '"right"')).toMatchObject({ kind: "loaded" });
  });
});

describe("a filter", () => {
  it("sees a request, and changes headers, path and metadata", async () => {
    const seen: unknown[] = [];
    const filter = defineFilter({
      onRequest(request, context) {
        seen.push(
          request.method,
          request.path,
          request.headers.get("X-USER"),
          [...request.headers],
          context.client,
          context.route,
          context.metadata,
        );
        request.headers.set("x-user", "bob");
        request.headers.append("x-more", "1");
        request.headers.delete("Cookie");
        request.setPath("/b?c");
        request.chooseRouteAgain();
        context.setMetadata("my.ns", { user: "bob" });
        seen.push(request.path, request.headers.getAll("x-user"), request.headers.has("cookie"), context.metadata);
      },
    });
    await load(filter);
    const [answer] = await ask({
      method: "PUT",
      path: "/a",
      route: "röute",
      client: "1.2.3.4:5",
      principal: "spiffe://a/b",
      metadata: '{"my.ns":{"old":1}}',
      headers: [
        ["X-User", "ann"],
        ["cookie", "a=b"],
      ],
    });
    const headers = [
      ["x-user", "ann"],
      ["cookie", "a=b"],
    ];
    const client = { address: "1.2.3.4:5", principal: "spiffe://a/b" };
    const before = ["PUT", "/a", "ann", headers, client, "röute", { "my.ns": { old: 1 } }];
    expect(seen).toEqual([...before, "/b?c", ["bob"], false, { "my.ns": { old: 1, user: "bob" } }]);
    expect(answer).toMatchObject({
      kind: "changes",
      flags: 1,
      changes: [
        ["set", "x-user", "bob"],
        ["append", "x-more", "1"],
        ["remove", "cookie", ""],
        ["set", ":path", "/b?c"],
      ],
      metadata: '{"my.ns":{"old":1,"user":"bob"}}',
    });
  });

  it("answers in the upstream's place, later too", async () => {
    const filter = defineFilter({
      parseConfig: (config) => Number(config),
      async onRequest(_request, { config }) {
        await settled();
        return { status: config, headers: { "set-cookie": ["a=1", "b=2"] }, body: "tea" };
      },
    });
    await load(filter, "418");
    const fields = [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ];
    const atOnce = await ask({});
    await settled();
    expect([...atOnce, ...batches.flat()][0]).toMatchObject({ kind: "reply", status: 418, fields, body: "tea" });
  });

  it("sees the body that it declared, and may replace it", async () => {
    const filter = defineFilter({
      requestBody: { maxBytes: 10 },
      onRequest: (request) =>
        request.setBody(
          Buffer.from(request.body ?? [])
            .toString()
            .toUpperCase(),
        ),
    });
    await load(filter);
    expect((await ask({ body: "hi" }))[0]).toMatchObject({ kind: "changes", flags: 2, body: "HI" });
  });

  it("changes the head of a response", async () => {
    const filter = defineFilter({
      onResponse(response, { request }) {
        response.setStatus(response.status + 1);
        response.headers.set("x-path", request.path);
      },
    });
    await load(filter);
    expect((await ask({ status: 200, path: "/p" }))[0]).toMatchObject({ kind: "changes", status: 201, changes: [["set", "x-path", "/p"]] });
  });

  it("replaces the body of a response, where it declared that", async () => {
    await load(defineFilter({ responseBody: { maxBytes: 10 }, onResponse: exclaim }));
    expect((await ask({ status: 200, body: "hi" }))[0]).toMatchObject({ kind: "changes", flags: 2, body: "hi!" });
    runner.take(releaseFrame(7));
    await load(defineFilter({ onResponse: exclaim }));
    expect((await ask({ status: 200 }))[0]).toMatchObject({ kind: "failed" });
    expect(failures).toEqual(["a.ts: only a filter with responseBody may change the body of a response"]);
  });

  it.each<readonly [string, (request: FilterRequest) => unknown]>([
    ["oops", () => Promise.reject(new Error("oops"))],
    ["x-a: the value has a character that no header may have", (request) => request.headers.set("x-a", "1\r\nx-b: 2")],
    ['"x a" is no name of a header', (request) => request.headers.set("x a", "1")],
    ["host is not a filter's to change", (request) => request.headers.set("Host", "evil")],
    ['"b" is no path; it begins with / and has neither spaces nor other than ASCII', (request) => request.setPath("b")],
    ["only a filter with requestBody may change the body of a request", (request) => request.setBody("")],
    ["a filter returns nothing, or a response: { status, headers, body }", () => "x"],
    ["42 is no status; write one from 200 to 599", () => ({ status: 42 })],
  ])("that throws fails at one request only: %s", async (message, onRequest) => {
    let turn = 0;
    modules.set("a.ts", {
      filter: defineFilter({ onRequest: (request) => ((turn += 1) === 1 ? (onRequest(request) as undefined) : undefined) }),
    });
    runner.take(loadFrame(1, 7, "a.ts", ""));
    await settled();
    batches = [];
    expect((await ask({}, {})).map(({ kind }) => kind).toSorted()).toEqual(["changes", "failed"]);
    expect(failures).toEqual([`a.ts: ${message}`]);
  });

  it("that is not loaded, or not any more, fails", async () => {
    await load(defineFilter({ onRequest: () => undefined }));
    runner.take(releaseFrame(7));
    expect((await ask({}))[0]).toMatchObject({ kind: "failed" });
  });

  it("is asked what came while it was being loaded", async () => {
    modules.set("a.ts", { filter: defineFilter({ onRequest: () => undefined }) });
    runner.take(Buffer.concat([loadFrame(0, 7, "a.ts", ""), shownFrame(2, 7, {})]));
    await settled();
    expect(batches.flat()).toMatchObject([{ call: 2, kind: "changes" }]);
  });
});

it("answers many questions in one batch, those of one turn together", async () => {
  const many = Array.from({ length: 50 }, () => ({}));
  await load(defineFilter({ onRequest: () => undefined }));
  runner.take(Buffer.concat(many.map((one, index) => shownFrame(index + 1, 7, one))));
  expect(batches.map(({ length }) => length)).toEqual([50]);
  batches = [];
  await load(defineFilter({ onRequest: async () => undefined }));
  runner.take(releaseFrame(7));
  runner.take(loadFrame(1, 7, "a.ts", ""));
  await settled();
  batches = [];
  runner.take(Buffer.concat(many.map((one, index) => shownFrame(index + 1, 7, one))));
  await settled();
  expect(batches.map(({ length }) => length)).toEqual([50]);
});

it("tells what is wrong with a filter when it is defined", () => {
  expect(() => defineFilter({})).toThrow("a filter needs onRequest, onResponse or both");
  expect(() => defineFilter({ requestBody: { maxBytes: 0 }, onRequest: () => undefined })).toThrow("requestBody.maxBytes: 0 is not from 1");
  expect(() => defineFilter({ responseBody: { maxBytes: 9 }, onRequest: () => undefined })).toThrow(
    "responseBody: only onResponse sees it, and there is none",
  );
});
