import { existsSync } from "node:fs";
import { checkpoints } from "../detector/weights/catalogue.ts";
import { checkpointPath } from "../detector/weights/fetch.ts";
import { isTrained, type Experiment } from "./experiment.ts";
import type { ItemRow } from "./item.ts";
import type { MeasuredStep } from "./measure-step.ts";
import { outcomesOf } from "./outcome.ts";
import { plannedRuns, type PlannedRun } from "./plan.ts";
import { publishedStep, stepCost, type CostTable } from "./step-cost.ts";
import type { Study } from "./study.ts";
import { specOf } from "./weights.ts";

/** Weights that trainings start from or learn from. */
export interface NeededWeights {
  readonly name: string;
  /** How the publisher lets one check the file; absent where only the first download can be pinned, and for own files. */
  readonly hash?: string;
  readonly url?: string;
  readonly here: boolean;
}

/** A training of the plan. */
export interface PlannedTraining {
  readonly label: string;
  readonly folder: string;
  readonly experiment: Experiment;
  readonly seed: number;
  readonly steps: number;
  /** Labels of the trainings that come before it. */
  readonly after: readonly string[];
  readonly rows: readonly string[];
  readonly weights: readonly string[];
  readonly done: boolean;
  /** Of one step, on a photograph of 640×480: `stepCost`; in the paper profile. */
  readonly multiplyAdds?: number;
  /** Estimated, of the device that `assumption` is about; in the paper profile. */
  readonly hours?: number;
}

/** Trainings one after the other, each knowing what the last one gave: of how many there will be only the most can be told. */
export interface PlannedSearch {
  /** `sssd/calibration`. */
  readonly item: string;
  /** The rows that it answers. */
  readonly rows: readonly string[];
  /** How it searches, and how many trainings that takes at most. */
  readonly text: string;
  /** What it trains, and at most how often over all seeds; λ of SSSD is the first that is tried. */
  readonly probes: readonly { readonly experiment: Experiment; readonly atMost: number }[];
  /** At most, over all seeds. */
  readonly steps: number;
  /** What its trainings start from. */
  readonly weights: readonly string[];
}

/** A search, and what it takes. */
export interface EstimatedSearch extends PlannedSearch {
  /** At most, estimated as a training's; in the paper profile. */
  readonly hours?: number;
}

/** A row that trains nothing, or cannot be trained. */
export interface UntrainedRow {
  readonly row: string;
  readonly why: string;
}

/** What a command would do. */
export interface DryRun {
  readonly trainings: readonly PlannedTraining[];
  /** What trains by itself, beside the plan. */
  readonly searches: readonly EstimatedSearch[];
  readonly weights: readonly NeededWeights[];
  /** Rows that the papers' texts or this kit leave out on purpose. */
  readonly notRun: readonly UntrainedRow[];
  /** Rows that cannot be trained in the profile. */
  readonly refused: readonly UntrainedRow[];
  /** What the hours are estimated from; in the paper profile. */
  readonly assumption?: string;
  /** Whose hours they are: `GPU`, or this machine's processor. */
  readonly device?: string;
}

/** What a step of a row took on somebody's GPU. */
export interface StepTime {
  /** `<paper>/<item>/<row>`. */
  readonly row: string;
  readonly seconds: number;
}

export interface DryRunOptions {
  /** At least one, if only for its data. */
  readonly studies: readonly Study[];
  /** Default none. */
  readonly searches?: readonly PlannedSearch[];
  /** The data are there, so that finished trainings can be told. */
  readonly opened: boolean;
  /** What somebody's step took, or a step that is measured now. Default: a published step of other software. */
  readonly measured?: StepTime | ((experiments: readonly Experiment[]) => Promise<MeasuredStep>);
}

/**
 * What the studies and searches would train, in order, and what that needs. Nothing is fetched, and nothing is trained but the
 * steps that `measured` may take.
 * @throws Error for a measured row that is not trained, and for a step that cannot be measured
 */
export async function dryRunOf({ studies, searches = [], opened, measured }: DryRunOptions): Promise<DryRun> {
  const planned = plannedRuns(studies);
  const [{ profile, train, validation, runs }] = studies;
  const outcomes = opened ? await outcomesOf(planned, { train, validation, runs }) : undefined;
  const estimate = profile === "paper" ? estimator(await reference([...planned.map(trainedRun), ...searches.map(triedRun)], measured)) : undefined;
  const trainings = planned.map((run): PlannedTraining => ({
    ...plannedTraining(run, planned),
    done: outcomes !== undefined && "folder" in outcomes.get(run.id)!,
    ...estimate?.of(run.experiment),
  }));
  const untrained = (pick: (study: Study) => readonly UntrainedRow[]) => studies.flatMap((study) => pick(study).map(({ row, why }) => ({ row: `${study.item.id}/${row}`, why })));
  return {
    trainings,
    searches: searches.map((search) => ({ ...search, ...(estimate && { hours: hoursAtMost(search, estimate) }) })),
    weights: [...new Set([...trainings, ...searches].flatMap(({ weights }) => weights))].map(needed),
    notRun: untrained(({ item }) => item.rows.flatMap(notRun)),
    refused: untrained(({ refused }) => refused.map(({ row, problem }) => ({ row, why: problem }))),
    ...(estimate && { assumption: estimate.assumption, device: estimate.device }),
  };
}

function plannedTraining(run: PlannedRun, planned: readonly PlannedRun[]): Omit<PlannedTraining, "done"> {
  const { experiment, seed } = run;
  return {
    label: labelOf(run),
    folder: experiment.name,
    experiment, seed,
    steps: experiment.training.iterations,
    after: run.after.map((id) => labelOf(planned.find((one) => one.id === id)!)),
    rows: rowNames(run),
    weights: weightNames(run),
  };
}

/** What is published has no seed. */
function labelOf({ label, experiment }: PlannedRun): string {
  return isTrained(experiment) ? label : label.replace(/, seed \d+$/, "");
}

const rowNames = ({ rows }: PlannedRun) => rows.map(({ item, row }) => `${item}/${row}`);

function notRun({ id, setting, probe, notRun: why }: ItemRow): UntrainedRow[] {
  return setting === undefined && probe === undefined ? [{ row: id, why: why ?? "it is not trained here" }] : [];
}

function weightNames({ experiment: { weights, teacher } }: PlannedRun): string[] {
  return [weights, teacher?.weights].flatMap((one) => (one === undefined ? [] : [specOf(one).from]));
}

function needed(name: string): NeededWeights {
  const checkpoint = checkpoints.find((one) => one.name === name);
  if (checkpoint === undefined) return { name, here: existsSync(name) };
  const { hash, url } = checkpoint;
  return { name, url, ...(hash && { hash: `${hash.algorithm} ${hash.prefix}…` }), here: existsSync(checkpointPath(checkpoint)) };
}

/** A training that a step can be measured of. */
interface TimedRun {
  readonly experiment: Experiment;
  readonly rows: readonly string[];
}

const trainedRun = (run: PlannedRun): TimedRun => ({ experiment: run.experiment, rows: rowNames(run) });

/** All its rows' detectors are the same. */
const triedRun = ({ probes: [{ experiment }], rows }: PlannedSearch): TimedRun => ({ experiment, rows });

/** A step from which the others' times follow. */
interface Reference {
  readonly experiment: Experiment;
  readonly seconds: number;
  /** "the 2 s that …": what it is. */
  readonly text: string;
  /** What the hours hold beside multiply-adds, and what they do not. */
  readonly beside: string;
  readonly device: string;
}

async function reference(runs: readonly TimedRun[], measured: DryRunOptions["measured"]): Promise<Reference> {
  if (measured === undefined) return { ...publishedStep, device: "GPU" };
  if (typeof measured === "function") return measuredHere(await measured(runs.map(({ experiment }) => experiment)));
  const trained = runs.filter(({ experiment }) => isTrained(experiment));
  const own = trained.find(({ rows }) => rows.includes(measured.row));
  if (own === undefined) throw new Error(`the step of ${measured.row} was measured, which is not trained here; rows: ${trained.flatMap(({ rows }) => rows).join(", ")}`);
  return {
    experiment: own.experiment, seconds: measured.seconds, text: `the ${measured.seconds} s that were given for a step of ${measured.row}`, device: "GPU",
    beside: "What else that step did (its images, heads on regions, its method's own layers) is spread over all in proportion; what only others do, and scoring, come on top",
  };
}

function measuredHere({ experiment, seconds, environment: { device, deviceName, name, threads } }: MeasuredStep): Reference {
  const { batchSize } = experiment.data;
  const where = device === "cuda" ? deviceName : `${deviceName}, ${name} with ${threads} ${threads === 1 ? "thread" : "threads"}`;
  const text = `the ${Number(seconds.toPrecision(3))} s that a step of ${batchSize === 1 ? "one image" : `${batchSize} images`} of the student of ${experiment.name} took here (${where})`;
  const beside = "That step prepared its images, and had heads on regions if its detector has them, which is spread over all in proportion; a method's own layers, reading of images and scoring come on top";
  return { experiment, seconds, text, beside, device: device === "cuda" ? "GPU" : "CPU" };
}

interface Estimator {
  readonly assumption: string;
  readonly device: string;
  /** Multiply-adds of one step, hours of so many; default the training's. */
  readonly of: (experiment: Experiment, steps?: number) => { readonly multiplyAdds: number; readonly hours: number };
}

/** Hours in proportion to multiply-adds: from a step that was measured, or one that is published. */
function estimator({ experiment: measured, seconds, text, beside, device }: Reference): Estimator {
  const known: CostTable = new Map();
  const secondsPerUnit = seconds / stepCost(measured, known);
  return {
    device,
    assumption: `${device} hours are an estimate, in proportion to the multiply-adds of the convolutions of student (three times) and teacher (once) on photographs of 640×480, from ${text}. ${beside}`,
    of: (experiment, steps = experiment.training.iterations) => {
      const multiplyAdds = stepCost(experiment, known);
      return { multiplyAdds, hours: (multiplyAdds * secondsPerUnit * steps) / 3600 };
    },
  };
}

function hoursAtMost({ probes }: PlannedSearch, { of }: Estimator): number {
  return probes.reduce((sum, { experiment, atMost }) => sum + of(experiment, atMost * experiment.training.iterations).hours, 0);
}
