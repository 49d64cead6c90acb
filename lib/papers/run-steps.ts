import { join } from "node:path";
import { readMetrics } from "../train/metrics.ts";
import type { Step } from "../train/step.ts";
import type { RunRecord } from "./row-result.ts";

/** What is followed over a training's iterations. `share`: λL_distill / L_total. `loss`: the total. `speed`: images per second. */
export type Course = "share" | "lambda" | "learningRate" | "loss" | "speed";

/** The steps of a run, from its folder. */
export function stepsOf({ folder }: Pick<RunRecord, "folder">, runs = "runs"): Step[] {
  return readMetrics(join(runs, folder, "metrics.jsonl"));
}

const values: Readonly<Record<Course, (step: Step) => number>> = {
  share: ({ distillShare }) => 100 * distillShare,
  lambda: ({ lambda }) => lambda,
  learningRate: ({ learningRates }) => Math.max(...Object.values(learningRates)),
  loss: ({ total }) => total,
  speed: ({ imagesPerSecond }) => imagesPerSecond,
};

/** A course in points: means of equally many iterations each (λ and learning rate as they are at each one's end). */
export interface CoursePoints {
  /** How many iterations a point stands for. */
  readonly window: number;
  /** The last iteration of each point, counted from 1. */
  readonly iterations: readonly number[];
  readonly values: readonly number[];
}

/** At most `points` points of a course; the last one may stand for fewer iterations. */
export function courseOf(steps: readonly Step[], of: Course | ((step: Step) => number), points = 60): CoursePoints {
  const value = typeof of === "function" ? of : values[of];
  const window = Math.max(1, Math.ceil(steps.length / points));
  const windows = Array.from({ length: Math.ceil(steps.length / window) }, (_, i) => steps.slice(i * window, (i + 1) * window));
  const asItIs = of === "lambda" || of === "learningRate";
  return {
    window,
    iterations: windows.map((part) => part[part.length - 1].iteration + 1),
    values: windows.map((part) => (asItIs ? value(part[part.length - 1]) : part.reduce((sum, step) => sum + value(step), 0) / part.length)),
  };
}
