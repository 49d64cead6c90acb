import type { Dataset } from "../data/dataset.ts";
import type { Detector, Parameter } from "../detector/detector.ts";
import { listed } from "../detector/load.ts";
import type { Distiller } from "../distill/index.ts";
import { scoreDetector } from "../evaluate/index.ts";
import type { TrainingSettings } from "../train/recipe.ts";
import type { Step } from "../train/step.ts";
import { concerns, marksOf, RefusedError, type Concern } from "./concerns.ts";
import { buildParts, type ExperimentOptions, type ExperimentParts } from "./build.ts";
import type { Experiment } from "./experiment.ts";
import { delaysOf } from "./delays.ts";
import { fullWeight, type FullShares } from "./full-weight.ts";
import { isInterrupt } from "./run-problem.ts";

export interface PreflightOptions extends ExperimentOptions {
  /** First iterations that are tried, in memory alone. Default 5. */
  readonly iterations?: number;
  /** Images that the teacher is scored on. Default 50. */
  readonly images?: number;
  /** Where they are from. Default the training data. */
  readonly evaluation?: Dataset;
}

export interface Check {
  /** A concern's name; `build` and `first iterations` for what cannot even be tried. */
  readonly name: Concern | "build" | "first iterations";
  /** `not checked`: it came to nothing before, or needs more iterations than were tried. */
  readonly outcome: "passed" | "allowed" | "refused" | "not checked";
  /** What is wrong, and what to do. */
  readonly message?: string;
}

export interface GroupSummary {
  readonly group: string;
  readonly parameters: number;
  readonly values: number;
  /** Values that the optimiser changes; the others never learn. */
  readonly trained: number;
  /** Parameters that an iteration would change and none of the tried ones did: no gradient reaches them. */
  readonly idle: readonly string[];
  /** Times the learning rate. */
  readonly factor: number;
  readonly frozenUntil: number;
}

/** What a training would do, and whether it is refused. */
export interface Preflight {
  readonly checks: readonly Check[];
  readonly learningRate: string;
  readonly groups: readonly GroupSummary[];
  /** Absent without a teacher, or when it could not be tried. */
  readonly teacher?: { readonly name: string; readonly ap: number; readonly ap50: number; readonly images: number };
  /** The tried iterations. */
  readonly steps: readonly Step[];
  /** Of the method's terms on the tried batches, had it its full weight; absent where the tried iterations reach that. */
  readonly fullShares?: FullShares;
  readonly refused: boolean;
}

/** Runs every check of an experiment, scores its teacher and tries its first iterations. Nothing is written. */
export async function preflight(experiment: Experiment, options: PreflightOptions): Promise<Preflight> {
  const found: RefusedError[] = [];
  const allow = experiment.allow ?? [];
  const learningRate = learningRateRule(experiment.training);
  const { iterations = 5 } = options;
  const delays = delaysOf(experiment).filter(({ until }) => until >= iterations);
  const full = delays.length > 0 ? fullWeight(Math.max(...delays.map(({ until }) => until))) : undefined;
  let parts: ExperimentParts;
  try {
    parts = await buildParts(experiment, { ...options, ...(full && { around: full.around }), onFinding: (finding) => found.push(finding) });
  } catch (error) {
    if (isInterrupt(error, options.weights?.signal)) throw error;
    return { checks: [...checksOf(found, { allow, checked: () => false }), buildCheck(error, { found, allow })], learningRate, groups: [], steps: [], refused: true };
  }
  try {
    const teacher = parts.model.teacher && (await scoreTeacher(parts.model.teacher, experiment, options));
    const tried = await firstIterations(parts, iterations);
    if (tried.error !== undefined && isInterrupt(tried.error, options.weights?.signal)) throw tried.error;
    const groups = groupsOf(parts, experiment.training, tried);
    found.push(...idleMethod(parts.model.distiller, groups));
    const checked = (name: Concern) => name !== "movingTeacher" || tried.steps.length >= stepsOfMoving;
    const checks = [...checksOf(found, { allow, checked }), ...(tried.error ? [refused("first iterations", tried.error)] : [])];
    return { checks, learningRate, groups, ...(teacher && { teacher }), steps: tried.steps, ...(full && tried.steps.length > 0 && { fullShares: { terms: full.shares(tried.steps), delays } }), refused: checks.some(({ outcome }) => outcome === "refused") };
  } finally {
    parts.dispose();
  }
}

const refused = (name: Check["name"], error: unknown): Check => ({ name, outcome: "refused", message: (error as Error).message });

/** What a method says of levels that do not fit has been said already where they are refused. */
function buildCheck(error: unknown, { found, allow }: { readonly found: readonly RefusedError[]; readonly allow: readonly Concern[] }): Check {
  const said = found.some(({ concern }) => concern === "otherStrides" && !allow.includes(concern));
  return said ? { name: "build", outcome: "not checked", message: "it comes after what is refused above" } : refused("build", error);
}

/** A teacher that moves is seen when the second iteration looks at what the first one left. */
const stepsOfMoving = 2;

function checksOf(found: readonly RefusedError[], { allow, checked }: { readonly allow: readonly Concern[]; readonly checked: (name: Concern) => boolean }): Check[] {
  return (Object.keys(concerns) as Concern[]).map((name) => {
    const finding = found.find(({ concern }) => concern === name);
    return finding ? { name, outcome: allow.includes(name) ? "allowed" : "refused", message: finding.message } : { name, outcome: checked(name) ? "passed" : "not checked" };
  });
}

async function scoreTeacher(teacher: Detector, { data: { transforms } }: Experiment, { dataset, evaluation = dataset, images = 50 }: PreflightOptions): Promise<Preflight["teacher"]> {
  if (teacher.classes !== evaluation.categories.length) return undefined; // its labels mean something else here
  const { stats } = await scoreDetector(teacher, evaluation, { transforms, images });
  return { name: teacher.name, ap: stats[0], ap50: stats[1], images: Math.min(images, evaluation.images.length) };
}

interface Tried {
  readonly steps: readonly Step[];
  readonly error?: Error;
  /** Trained parameters that no iteration has changed. */
  readonly untouched: ReadonlySet<string>;
}

async function firstIterations({ model, training }: ExperimentParts, count: number): Promise<Tried> {
  const learners = [...model.detector.parameters(), ...(model.distiller?.parameters() ?? [])];
  const marks = marksOf({ parameters: () => learners });
  const steps: Step[] = [];
  let error: Error | undefined;
  try {
    if (count > 0) for await (const step of training.steps()) if (steps.push(step) >= count) break;
  } catch (thrown) {
    error = thrown as Error;
  }
  const still = learners.filter(({ name, variable, frozen }) => !frozen && marks.get(name) === variable.dataId).map(({ name }) => name);
  return { steps, untouched: new Set(still), ...(error !== undefined && { error }) };
}

function groupsOf({ model }: ExperimentParts, { groupFactors = {}, frozenUntil = {} }: TrainingSettings, { steps, untouched }: Tried): GroupSummary[] {
  const learners = [...model.detector.parameters(), ...(model.distiller?.parameters() ?? [])];
  const count = (parameters: readonly Parameter[]) => parameters.reduce((sum, { variable }) => sum + variable.size, 0);
  return [...new Set(learners.map(({ group }) => group))].map((group) => {
    const own = learners.filter((parameter) => parameter.group === group);
    const start = frozenUntil[group] ?? 0;
    const idle = steps.length > start ? own.filter(({ name }) => untouched.has(name)).map(({ name }) => name) : [];
    return { group, parameters: own.length, values: count(own), trained: count(own.filter(({ frozen }) => !frozen)), idle, factor: groupFactors[group] ?? 1, frozenUntil: start };
  });
}

function idleMethod(distiller: Distiller | undefined, groups: readonly GroupSummary[]): RefusedError[] {
  const idle = groups.find(({ group }) => group === "distill")?.idle ?? [];
  if (distiller === undefined || idle.length === 0) return [];
  return [new RefusedError("untrainedMethod", `${distiller.name}: ${listed("parameters of the method get no gradient", idle, { few: 3 }).join()}. Look whether they are used at all`)];
}

/** The rule as a sentence: base, warm-up, drops, optimiser, decay, clipping. */
export function learningRateRule({ iterations, learningRate, optimiser = "sgd", momentum = 0.9, weightDecay = optimiser === "adamw" ? 0.01 : 1e-4, clipValue, clipNorm }: TrainingSettings): string {
  const { base, warmup = 0, warmupKind = "linear", warmupFactor = 0.001, drops = [], gamma = 0.1 } = learningRate;
  const start = Number((base * warmupFactor).toPrecision(4));
  const kind = `${warmupKind === "linear" ? "rising in a line from" : "at"} ${start}`;
  return [
    `${base}${warmup > 0 ? `, the first ${warmup} iterations ${kind}` : ", no warm-up"}`,
    drops.length > 0 ? `times ${gamma} at iteration ${drops.join(" and ")}` : "no drops",
    `${iterations} iterations`,
    optimiser === "adamw" ? "AdamW" : `SGD with momentum ${momentum}`,
    `weight decay ${weightDecay}`,
    ...(clipValue !== undefined ? [`gradients clipped at ±${clipValue}`] : []),
    ...(clipNorm !== undefined ? [`gradients' norm clipped at ${clipNorm}`] : []),
  ].join("; ");
}
