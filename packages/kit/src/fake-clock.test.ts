import { describe, expect, it } from "vitest";
import { sleep } from "./clock.ts";
import { FakeClock } from "./fake-clock.ts";

describe("a fake clock", () => {
  it("runs what is due in order of time, and what that adds", async () => {
    const clock = new FakeClock(0);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`second at ${clock.now()}`));
    clock.after(10, () => {
      ran.push(`first at ${clock.now()}`);
      clock.after(5, () => ran.push(`added at ${clock.now()}`));
    });
    await clock.advance(30);
    expect(ran).toEqual(["first at 10", "added at 15", "second at 20"]);
  });

  it("forgets what is cancelled", async () => {
    const clock = new FakeClock(0);
    const cancel = clock.after(10, () => expect.unreachable());
    cancel();
    await clock.advance(20);
    expect(clock.pending).toBe(0);
  });

  it("lets a sleeper go when its signal is aborted, and leaves no timer", async () => {
    const clock = new FakeClock(0);
    const controller = new AbortController();
    const sleeping = sleep(clock, 1000, controller.signal);
    controller.abort(new Error("stopped"));
    await expect(sleeping).rejects.toThrow("stopped");
    expect(clock.pending).toBe(0);
  });
});
