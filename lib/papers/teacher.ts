import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { loadParameters } from "../detector/load.ts";
import { readSafetensors } from "../detector/weights/safetensors.ts";
import { runResult } from "../train/run.ts";
import { marksOf, otherClasses, randomTeacher, type Finding } from "./concerns.ts";
import { buildDetector, type DetectorSpec } from "./detectors.ts";
import type { Experiment } from "./experiment.ts";
import type { MethodSpec } from "./method.ts";
import { findWeights, hashOf, requirePixels, startFrom, weightsIdentity, type WeightsSource, type WeightsSpec } from "./weights.ts";

/** Whom a student learns from: any detector with weights of a file or the catalogue, or what another training has made. */
export interface TeacherSpec {
  /** What it is; of a run, what that run's `config.json` says. */
  readonly detector?: DetectorSpec;
  /** A file or a name of the catalogue with the whole detector, or in detail. */
  readonly weights?: string | WeightsSpec;
  /** Instead of both: a finished training's folder (`potstill train` prints it), or the training itself. */
  readonly run?: string | { readonly experiment: Experiment; readonly seed?: number };
  /** Its number of classes; default the student's. */
  readonly classes?: number;
}

/** Where a training's folder is: known to whoever names runs. */
export type RunFolder = (experiment: Experiment, seed: number) => Promise<string>;

/** A training that another one builds on. */
export type RunSpec = NonNullable<TeacherSpec["run"]>;

export interface FinishedRun {
  readonly checkpoint: string;
  readonly detector: DetectorSpec;
  readonly method?: MethodSpec;
  readonly classes?: readonly string[];
  /** How its images were prepared; runs of older versions may not say it. */
  readonly transforms?: Transforms;
}

export interface BuiltTeacher {
  readonly detector: Detector;
  /** What it is beside its weights. */
  readonly description: object;
  /** What the run directory says of it. */
  readonly record: object;
  /** What is wrong with it as a teacher of this student. */
  readonly findings: (student: Detector) => readonly Finding[];
}

const entries: readonly string[] = ["detector", "weights", "run", "classes"];

/** @throws Error naming the entry that is unknown, missing or impossible */
export function checkTeacher(teacher: TeacherSpec): void {
  if (typeof teacher !== "object" || teacher === null || Array.isArray(teacher)) throw new Error(`teacher must be a record, received ${JSON.stringify(teacher)}`);
  const unknown = Object.keys(teacher).filter((key) => !entries.includes(key));
  if (unknown.length > 0) throw new Error(`teacher has no entry ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: ${entries.join(", ")}`);
  const { detector, weights, run, classes } = teacher;
  if (run !== undefined && (detector !== undefined || weights !== undefined)) throw new Error("teacher: run says detector and weights by itself; leave those out, or run");
  if (run === undefined && detector === undefined) throw new Error('teacher needs "detector" and "weights", or "run" (the folder of a finished training)');
  if (classes !== undefined && !(Number.isSafeInteger(classes) && classes > 0)) throw new Error(`teacher.classes is ${JSON.stringify(classes)}; it must be a whole number above 0`);
}

/** What messages call it. */
const titleOf = (run: RunSpec, part: "teacher" | "encoder"): string => (typeof run === "string" ? `${part}.run` : `${part}.run (${run.experiment.name})`);

/**
 * @param part of the experiment whose run it is, for messages
 * @throws Error when there is no finished run with its weights
 */
export async function finishedRun(run: RunSpec, folderOf: RunFolder, part: "teacher" | "encoder" = "teacher"): Promise<FinishedRun> {
  const folder = typeof run === "string" ? run : await folderOf(run.experiment, run.seed ?? 0);
  const who = titleOf(run, part);
  if (!existsSync(folder)) throw new Error(`${who}: there is no run ${folder}. Train the ${part} first (potstill train prints the folder)`);
  if (runResult(folder) === undefined) throw new Error(`${who}: the run ${folder} is not finished. Continue it with the command that started it`);
  const checkpoint = join(folder, "checkpoint", "state.safetensors");
  if (!existsSync(checkpoint)) throw new Error(`${who}: the run ${folder} kept no weights (${checkpoint}). Train it again with its weights kept`);
  const { config } = readConfig(join(folder, "config.json"));
  return { checkpoint, ...config };
}

function readConfig(path: string): { readonly config: Omit<FinishedRun, "checkpoint"> } {
  try {
    const { config } = JSON.parse(readFileSync(path, "utf8")) as { readonly config: Pick<FinishedRun, "detector" | "method"> & { readonly data?: Pick<FinishedRun, "classes" | "transforms"> } };
    const { detector, method, data: { classes, transforms } = {} } = config;
    return { config: { detector, ...(method && { method }), ...(classes && { classes }), ...(transforms && { transforms }) } };
  } catch (error) {
    throw new Error(`${path} does not say what was trained: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * What identifies a teacher in a run's name: what it is and what it has learnt, wherever that lies. Nothing is fetched.
 * @throws Error as `buildTeacher` where files are missing
 */
export async function teacherIdentity(teacher: TeacherSpec, folderOf: RunFolder): Promise<object> {
  checkTeacher(teacher);
  const { detector, weights, run, classes } = teacher;
  const own = classes === undefined ? {} : { classes };
  if (run === undefined) return { ...own, detector, ...(weights !== undefined && { weights: await weightsIdentity(wholeDetector(weights)) }) };
  const found = await finishedRun(run, folderOf);
  return { ...own, detector: found.detector, sha256: await hashOf(found.checkpoint) };
}

/** Of a teacher everything is loaded unless it is said otherwise. */
function wholeDetector(weights: string | WeightsSpec): WeightsSpec {
  return { part: "detector", ...(typeof weights === "string" ? { from: weights } : weights) };
}

export interface TeacherOptions {
  readonly dataset: Pick<Dataset, "categories">;
  readonly transforms: Transforms;
  readonly folderOf: RunFolder;
  readonly weights?: WeightsSource;
}

/**
 * The teacher of an experiment with its weights; the caller disposes it.
 * @throws Error when its weights are neither there nor to be had, or fit neither the detector nor the images; nothing is left behind
 */
export async function buildTeacher(teacher: TeacherSpec, { dataset, transforms, folderOf, weights: source }: TeacherOptions): Promise<BuiltTeacher> {
  checkTeacher(teacher);
  const own = dataset.categories.map(({ name }) => name);
  const { detector: spec, weights, run, classes = own.length } = teacher;
  const finished = run === undefined ? undefined : await finishedRun(run, folderOf);
  if (finished?.transforms) requirePixels(`${titleOf(run!, "teacher")}: the teacher was`, finished.transforms.normalise ?? "torchvision", transforms);
  const whole = weights === undefined ? undefined : wholeDetector(weights);
  const found = whole && await findWeights(whole, source);
  const detector = buildDetector(finished?.detector ?? spec!, { classes, seed: 0 });
  try {
    const marks = marksOf(detector);
    const record = finished ? restoreDetector(detector, finished.checkpoint) : whole && found && startFrom(detector, whole, { found, transforms });
    const names = finished?.classes && { student: own, teacher: finished.classes };
    return {
      detector,
      description: { detector: finished?.detector ?? spec, classes },
      record: { ...record, ...(finished && { sha256: await hashOf(finished.checkpoint) }) },
      findings: (student) => [randomTeacher(detector, marks), otherClasses(student, detector, names)],
    };
  } catch (error) {
    detector.dispose();
    throw error;
  }
}

/**
 * Sets a detector (or a part of a method) from a training's checkpoint, which holds the method's parameters and the
 * optimiser's state beside it.
 * @throws Error when it is of another detector
 */
export function restoreDetector(detector: Pick<Detector, "parameters">, checkpoint: string, part: "teacher" | "encoder" = "teacher"): object {
  const { tensors, metadata } = readSafetensors(checkpoint);
  const names = new Set(detector.parameters().map(({ name }) => name));
  try {
    const own = [...tensors].flatMap(([name, { shape, data }]) => (names.has(name) && data instanceof Float32Array ? [[name, { shape, data }] as const] : []));
    loadParameters(detector, new Map(own), { layout: "tensorflow" });
  } catch (error) {
    const remedy = part === "teacher" ? ". If it was trained on other classes, say how many: teacher.classes" : "";
    throw new Error(`${part}.run: ${checkpoint} does not hold this detector: ${(error as Error).message}${remedy}`, { cause: error });
  }
  return { name: "run", fingerprint: metadata["fingerprint"], parameters: names.size };
}
