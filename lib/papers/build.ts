import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../backend/load.ts";
import { batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { portableName } from "../data/portable-name.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { saveWeights } from "../detector/weights/save.ts";
import { cachedTeacher, inherit } from "../distill/index.ts";
import type { Distiller, LabelGuided, Teacher } from "../distill/index.ts";
import { recorder } from "../provenance/record.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { runSteps } from "../train/run.ts";
import type { BuiltTraining } from "../train/run.ts";
import { optimiserOf } from "../train/recipe.ts";
import type { Step } from "../train/step.ts";
import { training, type Training } from "../train/training.ts";
import { checkAllowed, marksOf, otherStrides, randomBackbone, refuseUnless, untrainedMethod, type RefusedError } from "./concerns.ts";
import { buildDetector, segments } from "./detectors.ts";
import { buildEncoder, checkEncoder, encoderIdentity } from "./encoder.ts";
import { fingerprint } from "./experiment.ts";
import type { Experiment } from "./experiment.ts";
import { buildMethod, isLabelGuided, type MethodParts } from "./method.ts";
import { buildTeacher, teacherIdentity, type BuiltTeacher, type RunFolder } from "./teacher.ts";
import { findWeights, startFrom, weightsIdentity } from "./weights.ts";
import type { WeightsSource } from "./weights.ts";

export interface ExperimentOptions {
  /** The data it trains on. */
  readonly dataset: Dataset;
  /** Weights, batch order and augmentation follow from it. */
  readonly seed: number;
  /** Folder of all runs; default `runs`. */
  readonly runs?: string;
  readonly requireGpu?: boolean;
  /** Keep the trained weights; default true. */
  readonly keepWeights?: boolean;
  /** Iterations between checkpoints; default 200. */
  readonly checkpointEvery?: number;
  /** Where weights are kept and fetched from; default the user's cache and `POTSTILL_WEIGHTS_MIRROR`. */
  readonly weights?: WeightsSource;
  /** Keeps the teacher's answers in this folder (`cachedTeacher`): images must not be cut out at random. Default: it computes each time. */
  readonly teacherCache?: { readonly folder: string; readonly limitBytes?: number };
  /** Looks at the detector while it trains; what it answers is kept in the run's `validation.jsonl`. */
  readonly validate?: Validate;
  /** Told the first iteration that is trained now; not called when all are. */
  readonly onStart?: (iteration: number) => void;
  /** Told of what would be refused, allowed or not; then nothing of it is refused. Default: the first that is not allowed is thrown. */
  readonly onFinding?: (finding: RefusedError) => void;
  /** Stands between the training and its method, to watch it. Default: nothing does. */
  readonly around?: (distiller: Distiller) => Distiller;
}

/** A look at a detector that is being trained. It changes no step: not the weights, not the order of the data. */
export interface Validate {
  /** Iterations done at which it looks. */
  readonly at: readonly number[];
  readonly look: (detector: Detector, iteration: number) => Promise<Readonly<Record<string, number>>>;
}

/** The steps of an experiment: read from its run directory when it is finished, continued when it is not. */
export async function* experimentSteps(experiment: Experiment, options: ExperimentOptions): AsyncGenerator<Step, void> {
  const { seed, requireGpu = false, keepWeights = true, checkpointEvery, onStart, validate } = options;
  const { folder, identity, shown } = await runPlace(experiment, { ...options, requireGpu });
  yield* runSteps({
    folder,
    fingerprint: `${identity}/${seed}`,
    config: shown,
    iterations: experiment.training.iterations,
    keepWeights,
    ...(checkpointEvery !== undefined && { checkpointEvery }),
    ...(onStart && { onStart }),
    ...(validate && { lookAt: validate.at }),
    recorder: recorder(folder),
    build: () => buildTraining(experiment, options),
  });
}

type Place = Pick<ExperimentOptions, "dataset" | "seed" | "runs" | "requireGpu">;

/** Where an experiment's run lies, what it is named after, and what its `config.json` shows. */
export async function runPlace(experiment: Experiment, { dataset, seed, runs = "runs", requireGpu = false }: Place): Promise<{ readonly folder: string; readonly identity: string; readonly shown: object }> {
  const environment = await loadBackend({ requireGpu });
  const { weights, teacher, encoder, allow, ...own } = experiment;
  const folderOf = runFolder({ dataset, seed, runs, requireGpu });
  const known = {
    ...own,
    ...(weights !== undefined && { weights: await weightsIdentity(weights) }),
    ...(teacher !== undefined && { teacher: await teacherIdentity(teacher, folderOf) }),
    ...(encoder !== undefined && { encoder: await encoderIdentity(encoder, folderOf) }),
  };
  const identity = fingerprint(known, dataset.hash, environment);
  const data = { ...experiment.data, name: portableName(dataset.name), hash: dataset.hash, classes: dataset.categories.map(({ name }) => name) };
  return { folder: join(runs, experiment.name, identity, `seed-${seed}`), identity, shown: { ...known, ...(allow && { allow }), seed, data } };
}

/** Where another training on the same data lies. */
function runFolder(place: Place): RunFolder {
  return async (experiment, seed) => (await runPlace(experiment, { ...place, seed })).folder;
}

/** An experiment's detector with its weights, its teacher and its method; owned together. */
export interface ExperimentModel {
  readonly detector: Detector;
  readonly teacher?: Detector;
  readonly distiller?: Distiller;
  /** What they start from, for `config.json`. */
  readonly started: object | undefined;
  dispose(): void;
}

/**
 * Detector, method, data and optimiser of an experiment, ready to train.
 * @throws RefusedError for what `allow` would have to name; Error when weights are neither there nor to be had, or do not fit;
 * nothing is left behind
 */
export async function buildTraining(experiment: Experiment, options: ExperimentOptions): Promise<BuiltTraining> {
  const { model: { detector, started }, environment, training: run, dispose } = await buildParts(experiment, options);
  const classes = JSON.stringify(options.dataset.categories.map(({ name }) => name));
  const save = (path: string) => saveWeights(detector, path, { iteration: String(run.iteration), classes });
  const { validate } = options;
  return { environment, training: run, ...(started && { started }), saveWeights: save, ...(validate && { look: (iteration: number) => validate.look(detector, iteration) }), dispose };
}

/** A training with what it trains. */
export interface ExperimentParts extends Omit<BuiltTraining, "started" | "saveWeights" | "look"> {
  readonly model: ExperimentModel;
}

/** As `buildTraining`, for those who look at what is trained, too. */
export async function buildParts(experiment: Experiment, options: ExperimentOptions): Promise<ExperimentParts> {
  const { dataset, seed, requireGpu = false, around = (distiller) => distiller } = options;
  const environment = await loadBackend({ requireGpu });
  const { data: { masks = "bitmap", ...data }, training: settings } = experiment;
  const model = await buildModel(experiment, options);
  let run: Training | undefined;
  try {
    run = training({
      detector: model.detector,
      ...(model.distiller && { distiller: around(model.distiller) }),
      iterations: settings.iterations,
      batches: (from) => batches(dataset, { ...data, seed, from, ...(segments(experiment.detector) && { masks }) }),
      optimiser: optimiserOf(settings),
    });
    const own = run;
    if (model.distiller) refuseUnless(experiment.allow, [untrainedMethod(model.distiller, { trained: new Set(run.state().keys()), settings })], options.onFinding);
    return { environment, model, training: own, dispose: () => { own.dispose(); model.dispose(); } };
  } catch (error) {
    run?.dispose();
    model.dispose();
    throw error;
  }
}

/**
 * What an experiment trains and by what, with all weights in place.
 * @throws RefusedError and Error as `buildTraining`
 */
export async function buildModel(experiment: Experiment, options: ExperimentOptions): Promise<ExperimentModel> {
  checkAllowed(experiment.allow);
  const owned: { dispose(): void }[] = [];
  const dispose = () => { for (const one of owned.splice(0).reverse()) one.dispose(); };
  try {
    return { ...(await assemble(experiment, options, (one) => (owned.push(one), one))), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

type Own = <T extends { dispose(): void }>(one: T) => T;

async function assemble(experiment: Experiment, options: ExperimentOptions, own: Own): Promise<Omit<ExperimentModel, "dispose">> {
  const { dataset, seed } = options;
  const { data: { transforms }, weights, teacher: spec, encoder: first, method, allow } = experiment;
  if (spec !== undefined && method === undefined) throw new Error("teacher: there is no method to learn from it by; name one, or leave the teacher out");
  if (first !== undefined) checkEncoder(first, method);
  const found = weights === undefined ? undefined : await findWeights(weights, options.weights);
  const taught = spec && await buildTeacher(spec, { dataset, transforms, folderOf: runFolder(options), ...(options.weights && { weights: options.weights }) });
  if (taught) own(taught.detector);
  const encoding = first && own(await buildEncoder(first, { classes: dataset.categories.length, folderOf: runFolder(options) }));
  const detector = own(buildDetector(experiment.detector, { classes: dataset.categories.length, seed }));
  const marks = marksOf(detector);
  const start = found && startFrom(detector, weights!, { found, transforms });
  const inherited = inheritFrom(experiment, detector, taught?.detector);
  const stepOne = encoding?.start(detector);
  refuseUnless(allow, [
    ...(taught ? [...taught.findings(detector), otherStrides(detector, taught.detector)] : []),
    randomBackbone(detector, marks, { taught: taught !== undefined }),
  ], options.onFinding);
  const distiller = method && own(methodOf(experiment, { student: detector, seed, ...(taught && { teacher: mouthOf(taught, options, transforms) }), ...(encoding && { encoder: encoding.encoder }) }));
  const started = { ...(start && { weights: start }), ...(taught && { teacher: taught.record }), ...(inherited && { inherited }), ...(stepOne && { encoder: stepOne }) };
  return { detector, ...(taught && { teacher: taught.detector }), ...(distiller && { distiller }), started: Object.keys(started).length > 0 ? started : undefined };
}

/** Who answers for the teacher: itself, or its answers on disk. */
function mouthOf({ detector, description }: BuiltTeacher, { teacherCache, dataset }: ExperimentOptions, transforms: Transforms): Detector | Teacher {
  return teacherCache === undefined ? detector : cachedTeacher(detector, { ...teacherCache, dataset, transforms, description });
}

function inheritFrom({ inherit: asked }: Experiment, student: Detector, teacher: Detector | undefined): object | undefined {
  if (asked === undefined) return undefined;
  if (teacher === undefined) throw new Error("inherit: there is no teacher to inherit from; name one, or leave inherit out");
  if (asked !== true && (typeof asked !== "object" || Array.isArray(asked))) throw new Error(`inherit is ${JSON.stringify(asked)}; it must be true, or a record with "parts" and "unfit"`);
  const { taken, kept } = inherit(student, teacher, asked === true ? {} : asked);
  return { parameters: taken.length, kept };
}

function methodOf({ method, allow }: Experiment, parts: MethodParts): Distiller {
  const distiller = buildMethod(method!, { ...parts, movingTeacher: allow?.includes("movingTeacher") ?? false });
  return method!.observe && isLabelGuided(distiller) ? observed(distiller) : distiller;
}

/** The same method, which also reports its readings at every step; nothing of them stays for the backward pass. */
function observed(distiller: LabelGuided): Distiller {
  return {
    ...distiller,
    loss: (student, hints, batch, context) => {
      const readings = withoutTape(() => distiller.readings(student, batch));
      const terms = Object.entries(readings).map(([name, value]) => [name, { value: tf.scalar(value), weight: 0, kind: "observation" as const }] as const);
      return { ...distiller.loss(student, hints, batch, context), ...Object.fromEntries(terms) };
    },
  };
}
