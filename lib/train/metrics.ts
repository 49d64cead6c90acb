import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { writeAtomic } from "./atomic.ts";
import type { Step } from "./step.ts";

/**
 * The steps that a run's `metrics.jsonl` holds, in order, up to the first line that a kill cut short.
 * @throws Error naming file and line when a line in the middle is broken or out of order
 */
export function readMetrics(path: string): Step[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  const complete = lines.slice(0, -1); // a complete line ends with a newline
  return complete.map((line, i) => {
    const step = parse(line);
    if (step?.iteration !== i) throw new Error(`${path}, line ${i + 1}: expected the record of iteration ${i}. Remove the run's folder to train it again`);
    return step;
  });
}

function parse(line: string): Step | undefined {
  try {
    return JSON.parse(line) as Step;
  } catch {
    return undefined;
  }
}

/** Keeps the first `count` steps: what a resumed run goes on from. */
export function truncateMetrics(path: string, steps: readonly Step[], count: number): void {
  writeAtomic(path, steps.slice(0, count).map((step) => `${JSON.stringify(step)}\n`).join(""));
}

/** Appends one step as one line. */
export function appendMetric(path: string, step: Step): void {
  appendFileSync(path, `${JSON.stringify(step)}\n`);
}
