import { join, relative, sep } from "node:path";
import type { EntropyMeasure, Region } from "../distill/index.ts";
import { mean } from "../statistics/mean.ts";
import { readMetrics } from "../train/metrics.ts";
import { runResult } from "../train/run.ts";
import type { Step } from "../train/step.ts";
import { readLooks } from "../train/validation.ts";
import { cachedEntropies } from "./entropy-cache.ts";
import { isTrained } from "./experiment.ts";
import type { Metric } from "./item.ts";
import { sawAll } from "./looking.ts";
import { folderOfRun, isComplete, type Workplace } from "./perform.ts";
import { measuresOf, type PlannedRun, type Request } from "./plan.ts";
import type { RowResult, RunRecord } from "./row-result.ts";
import { problemOf } from "./run-problem.ts";
import { cachedScores } from "./score-cache.ts";

/** What has come of a planned run: its folder once it is complete, or why there is nothing. */
export type Outcome = { readonly folder: string } | { readonly problem: string };

/** What has come of each planned run, by id; nothing is trained. Runs come after those that they need. */
export async function outcomesOf(runs: readonly PlannedRun[], place: Workplace): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const labels = new Map(runs.map(({ id, label }) => [id, label]));
  for (const run of runs) {
    const missing = run.after.find((id) => "problem" in outcomes.get(id)!);
    outcomes.set(run.id, missing === undefined ? await outcomeOf(run, place) : { problem: blockedBy(labels.get(missing)!, outcomes.get(missing)) });
  }
  return outcomes;
}

/** How a run says that what it needs has failed. */
export function blockedBy(label: string, outcome: Outcome | undefined): string {
  return `it learns from ${label}, of which there is nothing${outcome !== undefined && "problem" in outcome ? `: ${outcome.problem}` : ""}`;
}

async function outcomeOf(run: PlannedRun, place: Workplace): Promise<Outcome> {
  try {
    const folder = await folderOfRun(run, place);
    if (isComplete(run, folder, place)) return { folder };
    return { problem: problemOf(folder) ?? (runResult(folder) === undefined ? "it has not been trained to its end yet" : "it has been trained, and not been measured yet") };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

interface Come {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly place: Workplace;
}

/** A row's numbers at a seed, from what its run has left; of a broken file it is told what it is. */
export function rowResult(request: Request, run: PlannedRun, come: Come): RowResult {
  const { row, seed } = request;
  const outcome = come.outcomes.get(run.id)!;
  if ("problem" in outcome) return { row, seed, problem: outcome.problem };
  try {
    return measuredResult(request, { run, outcome }, come);
  } catch (error) {
    return { row, seed, problem: (error as Error).message };
  }
}

function measuredResult(request: Request, { run, outcome }: { readonly run: PlannedRun; readonly outcome: { readonly folder: string } }, { outcomes, place }: Come): RowResult {
  const { item, row, seed } = request;
  const teacher = run.after.map((id) => outcomes.get(id)!).flatMap((one) => ("folder" in one ? [one.folder] : []))[0];
  const record = recordOf(run, outcome.folder, { place, masks: item.masks === true, teacher });
  const entropies = row.measure && entropiesIn(request, outcome.folder, { place, region: row.measure.region });
  const metrics = entropies === undefined ? trainedMetrics(request, outcome.folder, { place, record }) : { ...(entropies.pixels !== undefined && { entropy: entropies.pixels }) };
  return { row, seed, metrics, run: record, ...(entropies && { entropies }) };
}

interface Looked {
  readonly place: Workplace;
  readonly masks: boolean;
  readonly teacher: string | undefined;
}

function recordOf({ experiment, seed }: PlannedRun, folder: string, { place, masks, teacher }: Looked): RunRecord {
  const { iterations, seconds, peakMemoryBytes, environment } = runResult(folder)!;
  const name = (path: string) => relative(place.runs, path).split(sep).join("/");
  const curve = readLooks(join(folder, "validation.jsonl")).flatMap(({ iteration, AP, maskAP, images }) => {
    const value = masks ? maskAP : AP;
    return value === undefined ? [] : [{ iteration, AP: value, ...(images !== undefined && { images }) }];
  });
  return { folder: name(folder), experiment: experiment.name, seed, iterations, seconds, peakMemoryBytes, environment, curve, ...(teacher !== undefined && { teacher: name(teacher) }) };
}

function trainedMetrics({ item, row, experiment, transforms }: Request, folder: string, { place, record }: { readonly place: Workplace; readonly record: RunRecord }): Partial<Record<Metric, number>> {
  const scored = measuresOf(item, row, transforms).find((measure) => measure.kind === "score");
  const late = item.metrics.includes("lateAP") ? lateAP(record, place.validation.images.length) : undefined;
  return {
    ...(scored && cachedScores(folder, { ...scored, validation: place.validation })),
    ...(late !== undefined && { lateAP: late }),
    ...(experiment.method !== undefined && { share: lateShare(readMetrics(join(folder, "metrics.jsonl"))) }),
    ...(isTrained(experiment) && { hours: record.seconds / 3600, memory: record.peakMemoryBytes / 1e9 }),
  };
}

/** Iterations of 180,000 that SSSD Figure 2 draws. */
const drawn = [130 / 180, 170 / 180] as const;

/** Mean AP of the looks in the window of SSSD Figure 2; undefined where nobody looked, or at a part of the images alone. */
export function lateAP({ curve, iterations }: Pick<RunRecord, "curve" | "iterations">, images: number): number | undefined {
  const seen = curve.filter(({ iteration }) => iteration >= drawn[0] * iterations && iteration <= drawn[1] * iterations);
  return seen.length === 0 || !seen.every((look) => sawAll(look, images)) ? undefined : mean(seen.map(({ AP }) => AP));
}

/** Where SSSD Table 3 reads the share: iteration 170,000 of 180,000. */
const readAt = 170 / 180;
/** Steps over which it is averaged, as a part of the run: one step of few images says little. */
const window = 0.05;

/** Mean λL_distill / L_total around 170/180 of a run: SSSD Table 3. */
export function lateShare(steps: readonly Pick<Step, "distillShare">[]): number {
  const half = Math.max(1, Math.round((window / 2) * steps.length));
  const middle = Math.round(readAt * steps.length);
  const near = steps.slice(Math.max(0, middle - half), middle + half);
  return mean(near.map(({ distillShare }) => distillShare));
}

function entropiesIn({ transforms }: Request, folder: string, { place, region }: { readonly place: Workplace; readonly region: Region }): Partial<Record<EntropyMeasure, number>> {
  const own = cachedEntropies(folder, { transforms, validation: place.validation })!.filter((one) => one.region === region);
  return Object.fromEntries(own.map(({ measure, entropy }) => [measure, entropy]));
}
