import { describe, expect, it } from "vitest";
import { headerTemplateMistake } from "./header-template.ts";

describe("a header's value", () => {
  it.each(["plain", "100%%", "%REQ(x-user?:authority):20% from %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "%START_TIME(s)%", ""])(
    "%j is fine",
    (value) => expect(headerTemplateMistake(value)).toBeUndefined(),
  );

  it.each([
    ["50%", "without an end", "%%"],
    ["%PROTOCL%", "no operator", 'did you mean "PROTOCOL"?'],
    ["%REQ()%", "no operator", "REQ"],
    ["a % b % c", "no operator", "%%"],
  ])("%j is refused: it has %s", (value, reason, hint) => {
    expect(headerTemplateMistake(value)?.message).toContain(reason);
    expect(headerTemplateMistake(value)?.hint).toContain(hint);
  });
});
