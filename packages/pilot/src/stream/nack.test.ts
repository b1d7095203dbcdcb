import { expect, test } from "vitest";
import { blamedResources, boundedMessage } from "./nack.ts";

test("the resources that a rejection names are to blame", () => {
  expect(blamedResources(["127.0.0.1_80", "http_proxy"], "Error adding/updating listener(s) http_proxy: cannot bind")).toEqual([
    "http_proxy",
  ]);
});

test("a name inside a longer one is not what the rejection is about", () => {
  expect(blamedResources(["http_proxy", "http_proxy_tunnel"], "listener http_proxy_tunnel: bad")).toEqual(["http_proxy_tunnel"]);
  expect(blamedResources(["http_proxy", "http_proxy_tunnel"], "http_proxy_tunnel: bad, http_proxy: bad")).toEqual([
    "http_proxy",
    "http_proxy_tunnel",
  ]);
});

test("a rejection that names nothing is about everything in the response", () => {
  expect(blamedResources(["a_1", "b_2"], "out of memory")).toEqual(["a_1", "b_2"]);
});

test("a rejection's text is kept up to a bound", () => {
  expect(boundedMessage("x".repeat(10_000)).length).toBeLessThan(2_100);
});
