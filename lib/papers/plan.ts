import { createHash } from "node:crypto";
import type { Transforms } from "../data/transforms.ts";
import { canonical, type Experiment } from "./experiment.ts";
import type { Item, ItemRow } from "./item.ts";
import { isScore } from "./metrics.ts";
import type { TeacherSpec } from "./teacher.ts";

/** What is looked at once a run is trained, and how the validation images are prepared for it. */
export type Measure = { readonly transforms: Transforms } & (
  /** COCO's scores. */
  | { readonly kind: "score"; readonly of: "boxes" | "masks" }
  /** Entropy of the four regions that the trained detector divides the images into (FRS Figure 5). */
  | { readonly kind: "regionEntropy" }
);

/** A training that one row or many ask for, and what is measured of it. Plain data: a worker process is told no more. */
export interface PlannedRun {
  /** The same for the same training: of its content, seed and data. */
  readonly id: string;
  readonly experiment: Experiment;
  readonly seed: number;
  /** What a person is told of it. */
  readonly label: string;
  /** Trainings that come before it: its teacher's, its encoder's. */
  readonly after: readonly string[];
  readonly measures: readonly Measure[];
  /** Whose numbers it gives; none of a teacher or encoder that no row shows. */
  readonly rows: readonly { readonly item: string; readonly row: string }[];
}

/** A row that is to be trained at a seed. */
export interface Request {
  readonly item: Item;
  readonly row: ItemRow;
  readonly experiment: Experiment;
  /** How images are prepared when it is measured. */
  readonly transforms: Transforms;
  readonly seed: number;
}

/** Identifies a training among those on the same data. What is allowed changes no number. */
export function runId({ allow: _, ...experiment }: Experiment, seed: number, dataHash: string): string {
  return createHash("sha256").update(canonical({ experiment, seed, dataHash })).digest("hex").slice(0, 16);
}

/** The trainings that these rows need, each once, after those that it needs; what others need comes first. */
export function planOf(requests: readonly Request[], dataHash: string): PlannedRun[] {
  return inOrder(requests.flatMap(({ item, row, experiment, transforms, seed }) => {
    const own = { label: `${item.id}/${row.id}, seed ${seed}`, measures: measuresOf(item, row, transforms), rows: [{ item: item.id, row: row.id }] };
    return [...needed(experiment, dataHash), planned({ experiment, seed }, dataHash, own)];
  }));
}

/** The trainings that several studies need, each once, as in `planOf`. */
export function plannedRuns(studies: readonly { readonly planned: readonly PlannedRun[] }[]): PlannedRun[] {
  return inOrder(studies.flatMap(({ planned: runs }) => runs));
}

/** A run after everything that comes before it. */
export function lineOf(run: PlannedRun, planned: readonly PlannedRun[]): PlannedRun[] {
  const needs = planned.filter(({ id }) => run.after.includes(id)).flatMap((one) => lineOf(one, planned));
  return [...new Set([...needs, run])];
}

interface Needed {
  readonly what: "teacher" | "encoder";
  readonly experiment: Experiment;
  readonly seed: number;
}

function planned({ experiment, seed }: Pick<Needed, "experiment" | "seed">, dataHash: string, own: Pick<PlannedRun, "label" | "measures" | "rows">): PlannedRun {
  return { id: runId(experiment, seed, dataHash), experiment, seed, after: before(experiment).map((one) => runId(one.experiment, one.seed, dataHash)), ...own };
}

interface Learner {
  readonly teacher?: TeacherSpec;
  readonly encoder?: { readonly run: NonNullable<TeacherSpec["run"]> };
}

/** What a training learns from, where that is trained here, too. */
function before({ teacher, encoder }: Learner): Needed[] {
  return ([["teacher", teacher?.run], ["encoder", encoder?.run]] as const)
    .flatMap(([what, run]) => (typeof run === "object" ? [{ what, experiment: run.experiment, seed: run.seed ?? 0 }] : []));
}

function needed(experiment: Experiment, dataHash: string): PlannedRun[] {
  return before(experiment).flatMap((one) => {
    const label = `${one.what} ${one.experiment.name}, seed ${one.seed}`;
    return [...needed(one.experiment, dataHash), planned(one, dataHash, { label, measures: [], rows: [] })];
  });
}

/** What a row's metrics need. */
export function measuresOf({ metrics, masks }: Item, { measure }: ItemRow, transforms: Transforms): Measure[] {
  if (measure !== undefined) return [{ kind: measure.kind, transforms }];
  return metrics.some((metric) => isScore(metric)) ? [{ kind: "score", of: masks ? "masks" : "boxes", transforms }] : [];
}

/** Each run once, with everything that is asked of it; those that others come after first, else in the order given. */
function inOrder(runs: readonly PlannedRun[]): PlannedRun[] {
  const merged = new Map<string, PlannedRun>();
  for (const run of runs) {
    const there = merged.get(run.id);
    merged.set(run.id, there === undefined ? run : both(there, run));
  }
  const all = [...merged.values()];
  const first = new Set(all.flatMap(({ after }) => after));
  return [...all.filter(({ id }) => first.has(id)), ...all.filter(({ id }) => !first.has(id))];
}

function both(a: PlannedRun, b: PlannedRun): PlannedRun {
  const { label } = a.rows.length > 0 ? a : b; // a teacher that is a row, too, is told as the row
  return { ...a, label, measures: unique([...a.measures, ...b.measures]), rows: unique([...a.rows, ...b.rows]) };
}

function unique<T extends object>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [canonical(one), one])).values()];
}
