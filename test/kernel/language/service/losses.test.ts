import { expect, it } from "vitest";
import { Losses } from "../../../../kernel/language/service/losses.ts";

it("the first loss costs nothing, further ones in a row ever longer pauses, an answer ends them", () => {
  let now = 0;
  const losses = new Losses(() => now);
  const pause = (): number => {
    losses.add(new Error("boom"));
    const start = now;
    while (losses.mustWait()) now += 100;
    return now - start;
  };
  expect([pause(), pause(), pause(), pause(), pause()]).toEqual([0, 2000, 10_000, 60_000, 60_000]);
  expect(losses.reason).toContain("ended 5 times in a row (boom)");
  losses.clear();
  expect(pause()).toBe(0);
});
