import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Log } from "../../kernel/log.ts";

function withLog(act: (log: Log, clock: { now: number }) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "potstill-log-"));
  const file = join(folder, "log");
  const descriptor = openSync(file, "w");
  const clock = { now: 0 };
  act(new Log(descriptor, () => clock.now), clock);
  closeSync(descriptor);
  const text = readFileSync(file, "utf8");
  rmSync(folder, { recursive: true });
  return text;
}

it("a flood leaves a burst and, later, the number of what is missing", () => {
  const lines = withLog((log, clock) => {
    for (let k = 0; k < 100_000; k++) log.write(`message ${k}`);
    clock.now = 1000;
    log.write("much later");
  }).trimEnd().split("\n");
  expect(lines.length).toBe(52);
  expect(lines.at(-3)).toBe("potstill kernel: message 49");
  expect(lines.slice(-2)).toEqual(["potstill kernel: 99950 more messages were not logged", "potstill kernel: much later"]);
});

it("a long message is shortened", () => {
  expect(withLog((log) => log.write("x".repeat(1e6))).length).toBeLessThan(10_000);
});

it("a log that nobody reads harms nobody", () => {
  expect(() => new Log(987_654).write("lost")).not.toThrow();
});
