import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";

type Sample = Record<string, number>;
interface Result {
  readonly name: string;
  readonly samples: Sample[];
  readonly problem?: string;
}
interface Row {
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: string;
  readonly peer: string;
  readonly note?: string;
}
interface Harness {
  interleave(contestants: { name: string; measure?: () => Sample | Promise<Sample>; problem?: string }[], options: { rounds: number; log: (text: string) => void }): Promise<Result[]>;
  ratios(results: Result[], quantities: { key: string; label: string; higherIsBetter?: boolean }[]): Row[];
  runChild(command: string, args: string[], options?: { allowFailure?: boolean }): Promise<{ code: number; ms: number; mib: number; stdout: string }>;
  printTable(title: string, rows: Row[], options: { print: (line: string) => void }): void;
}
const harness = (await import(pathToFileURL(join(import.meta.dirname, "harness.mjs")).href)) as Harness;
const log = () => undefined;

it("interleaves, turning the order round each round", async () => {
  const calls: string[] = [];
  const contestant = (name: string) => ({ name, measure: () => (calls.push(name), { ms: calls.length }) });
  const results = await harness.interleave([contestant("a"), contestant("b")], { rounds: 3, log });
  expect(calls.join("")).toBe("abbaab");
  expect(results.map(({ samples }) => samples.map(({ ms }) => ms))).toEqual([[1, 4, 5], [2, 3, 6]]);
});

it("goes on without a contestant that fails or is absent, and says why", async () => {
  const results = await harness.interleave([{ name: "ours", measure: () => ({ ms: 2 }) }, { name: "broken", measure: () => { throw new Error("no such file"); } }, { name: "absent", problem: "not installed" }], { rounds: 2, log });
  const rows = harness.ratios(results, [{ key: "ms", label: "time" }]);
  expect(rows.map(({ ratio, note }) => [ratio, note])).toEqual([["not measured", "no such file"], ["not measured", "not installed"]]);
  const lines: string[] = [];
  harness.printTable("bench", rows, { print: (line) => lines.push(line) });
  expect(lines.join("\n")).toMatch(/absent: not measured: not installed/);
});

it("pairs ratios by round; above one is better for Potstill", () => {
  const results = [{ name: "ours", samples: [{ ms: 1, rate: 4 }, { ms: 2, rate: 2 }, { ms: 4, rate: 1 }] }, { name: "peer", samples: [{ ms: 10, rate: 1 }, { ms: 10, rate: 1 }, { ms: 10, rate: 2 }] }];
  const [time, rate] = harness.ratios(results, [{ key: "ms", label: "time" }, { key: "rate", label: "rate", higherIsBetter: true }]);
  expect([time.ours, time.theirs, time.ratio]).toEqual(["2 [1–4]", "10 [10–10]", "5 [2.5–10]"]);
  expect(rate.ratio).toBe("2 [0.5–4]");
});

it("measures a process's time, memory and output", async () => {
  const { stdout, mib, ms, code } = await harness.runChild(process.execPath, ["-e", "const held = Buffer.alloc(60e6, 1); setTimeout(() => console.log(held.length), 120)"]);
  expect([stdout.trim(), code]).toEqual(["60000000", 0]);
  expect(ms).toBeGreaterThan(100);
  if (process.platform === "linux") expect(mib).toBeGreaterThan(57);
  await expect(harness.runChild(process.execPath, ["-e", "console.error('why'); process.exit(3)"])).rejects.toThrow(/ended with 3:\nwhy/);
});
