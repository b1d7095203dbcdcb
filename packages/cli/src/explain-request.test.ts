import { describe, expect, test } from "vitest";
import { parseAskedRequest } from "./explain-request.ts";

function ask(...words: readonly string[]): unknown {
  const parsed = parseAskedRequest(words, { header: [] });
  return parsed.ok ? { method: parsed.value.method, url: parsed.value.url.href, headers: parsed.value.headers } : parsed.error;
}

describe("a request is understood", () => {
  test("as method and URL, or as URL alone", () => {
    expect(ask("POST", "http://reviews:9080/reviews/0")).toEqual({ method: "POST", url: "http://reviews:9080/reviews/0", headers: [] });
    expect(ask("reviews:9080/a?b=c")).toEqual({ method: "GET", url: "http://reviews:9080/a?b=c", headers: [] });
  });

  test("as the words of a curl line", () => {
    expect(ask("curl", "-sS", "-H", "End-User: jason", "-o", "/dev/null", "-X", "PUT", "http://reviews:9080/")).toEqual({
      method: "PUT",
      url: "http://reviews:9080/",
      headers: [["end-user", "jason"]],
    });
  });

  test("as one quoted curl line", () => {
    expect(ask(`curl -i -H 'end-user: "jason"' --data "a=\\"b\\"" http://reviews:9080/x`)).toEqual({
      method: "POST",
      url: "http://reviews:9080/x",
      headers: [["end-user", '"jason"']],
    });
  });
});

test("what is not understood is said", () => {
  expect(ask("curl")).toBe("no URL given");
  expect(ask("GET", "ftp://x/")).toBe('"ftp://x/" is no http:// URL');
  expect(ask("GET", "http://a/", "b")).toContain("one word too many");
  expect(ask("curl", "-H", "broken", "http://a/")).toBe('header "broken" must be "name: value"');
});
