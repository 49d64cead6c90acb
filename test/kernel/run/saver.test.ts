import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it, vi } from "vitest";
import { Saver } from "../../../kernel/run/saver.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** A document whose rendering takes the given time (ms, busy). */
function slowDocument(cost: number): { render: () => string; renders: () => number } {
  let count = 0;
  const render = (): string => {
    for (const end = performance.now() + cost; performance.now() < end; );
    return String(++count);
  };
  return { render, renders: () => count };
}

describe("Saver", () => {
  it("spends little of the time on saving, however often it is asked", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const path = join(folder.path, "a"), cost = 10;
      let clock = 0, renders = 0;
      const render = (): string => {
        clock += cost;
        return String(++renders);
      };
      const saver = new Saver(path, render, () => clock);
      const written = () => (existsSync(path) ? Number(readFileSync(path, "utf8")) : 0);
      while (clock < 1000) {
        saver.request();
        clock += 5;
        await vi.advanceTimersByTimeAsync(5);
        while (written() < renders) await new Promise((next) => { setImmediate(next); });
      }
      await saver.close();
      expect(renders).toBeGreaterThanOrEqual(3);
      expect(renders * cost).toBeLessThanOrEqual(0.05 * clock + cost); // 5 % of the time, and the first save
    } finally {
      vi.useRealTimers();
    }
  });

  it("saves what was asked for last, and at once when told", async () => {
    let text = "first";
    const saver = new Saver(join(folder.path, "b"), () => text);
    await saver.flush();
    text = "second";
    saver.request();
    await saver.flush();
    expect(readFileSync(join(folder.path, "b"), "utf8")).toBe("second");
  });

  it("throws what went wrong in the background at the next request", async () => {
    const saver = new Saver(join(folder.path, "none", "c"), () => "x");
    saver.request();
    await sleep(50);
    expect(() => saver.request()).toThrow(/Cannot write/);
  });

  it("does nothing without a path", async () => {
    const { render, renders } = slowDocument(0);
    const saver = new Saver(undefined, render);
    saver.request();
    await saver.flush();
    expect(renders()).toBe(0);
  });
});
