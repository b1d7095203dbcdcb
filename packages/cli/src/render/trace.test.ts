import { expect, it } from "vitest";
import { toTapRequest } from "../clients/tap.ts";
import { createStyle } from "./style.ts";
import { renderTrace } from "./trace.ts";

const style = createStyle(false);

it("shows a request with its response, and nothing that could move the cursor", () => {
  const text = renderTrace(
    {
      http_buffered_trace: {
        request: {
          headers: [
            { key: ":method", value: "POST" },
            { key: ":authority", value: "shop" },
            { key: ":path", value: "/orders" },
            { key: "x-a", value: "\u001b[2Jb" },
          ],
          body: { as_string: "one\ntwo", truncated: true },
          trailers: [],
        },
        response: { headers: [{ key: ":status", value: "503" }], trailers: [{ key: "grpc-status", raw_value: "/w==" }] },
      },
    },
    style,
  );
  expect(text.split("\n")).toEqual([
    "POST shop/orders 503",
    "> x-a: \u{fffd}[2Jb",
    ">   one",
    ">   two",
    ">   (there is more)",
    "< grpc-status: (base64) /w==",
    "",
  ]);
});

it("says where there was no response", () => {
  const nothing = { headers: [], trailers: [] };
  expect(renderTrace({ http_buffered_trace: { request: nothing, response: nothing } }, style)).toContain("no response");
});

it("asks for all requests, or for those that are all that was said", () => {
  const shown = { bodyBytes: 7, secrets: false };
  expect(toTapRequest({ headers: [] }, shown)).toMatchObject({
    config_id: "fairlead",
    tap_config: { match: { any_match: true }, output_config: { max_buffered_rx_bytes: 7 } },
  });
  expect(toTapRequest({ headers: [{ name: "a" }], method: "GET", status: [500, 600] }, shown)).toMatchObject({
    tap_config: {
      match: {
        and_match: {
          rules: [
            {
              http_request_headers_match: {
                headers: [
                  { name: ":method", string_match: { exact: "GET" } },
                  { name: "a", present_match: true },
                ],
              },
            },
            { http_response_headers_match: { headers: [{ name: ":status", range_match: { start: 500, end: 600 } }] } },
          ],
        },
      },
    },
  });
});
