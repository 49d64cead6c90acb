import { basename, extname } from "node:path";
import type { Command } from "commander";
import { loadBackend } from "../../lib/backend/load.ts";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import { experimentSteps, runPlace } from "../../lib/papers/build.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { scoreDetector, summarize } from "../../lib/evaluate/index.ts";
import { experimentOf } from "../../lib/papers/config.ts";
import { buildDetector, defaultPreset } from "../../lib/papers/detectors.ts";
import type { Experiment } from "../../lib/papers/experiment.ts";
import { openTrained } from "../../lib/papers/trained.ts";
import { warnings } from "../../lib/papers/warnings.ts";
import { runResult } from "../../lib/train/run.ts";
import { openData, openValidation } from "../data.ts";
import { computing } from "../interruptible.ts";
import { readTrainingFile } from "../training-file.ts";
import { commandLine } from "../next-step.ts";
import { wholeNumber } from "../options.ts";
import { trainingLog } from "../training-log.ts";

interface Flags {
  readonly data: string;
  readonly seed: number;
  readonly runs: string;
  readonly every: number;
  readonly checkpointEvery: number;
  readonly validate?: string;
  readonly mirror?: string;
  readonly requireGpu: boolean;
  readonly dryRun: boolean;
}

const entries = `
Entries of the file; --dry-run prints all with their values:
  detector   kind, preset, backbone, channels and what the preset lets one change
  weights    a name of potstill weights list or a file, of the backbone; or {from, part, optional}
  teacher    {run: a training's folder} or {detector, weights};  encoder {run}: LabelEnc's second step
  inherit    true: the student starts with the teacher's neck and head
  method     {name, options, lambda: [[from iteration, value], …], ramp, from, until}
  data       {batchSize, transforms, dropEmpty, masks}
  training   {iterations, learningRate: {base, warmup, drops, …}, optimiser, weightDecay, clipNorm, …};
             {"iterations": 60} alone shortens a training, with its whole schedule
  allow      names of refusals that are meant, as ["randomBackbone"];  name: folder below the runs`;

/** `potstill train CONFIG`: one training, by its preset's recipe where the configuration is silent. */
export function register(program: Command): void {
  program
    .command("train")
    .description("train a detector as a JSON file says; what it leaves out is its preset's recipe. The same command continues an interrupted training. The run's folder ends with weights.safetensors")
    .argument("<config>", 'for example {"detector": {"kind": "fcos", "preset": "mmdet"}, "weights": "open-mmlab/detectron/resnet50_caffe"}')
    .option("--data <folder>", "a folder in COCO format, or synthetic", "synthetic")
    .option("--seed <n>", "weights, order and augmentation follow from it", wholeNumber(0), 0)
    .option("--runs <folder>", "where trainings are kept", "runs")
    .option("--every <n>", "iterations between two lines of progress", wholeNumber(1), 20)
    .option("--checkpoint-every <n>", "iterations between two checkpoints", wholeNumber(1), 200)
    .option("--validate <folder>", "score the trained detector on the validation part of a folder in COCO format, or on all images of an annotation file")
    .option("--mirror <url>", "address that stands for the publishers' of weights (default: POTSTILL_WEIGHTS_MIRROR)")
    .option("--require-gpu", "fail instead of computing on the CPU", false)
    .option("--dry-run", "print the whole experiment as JSON and train nothing", false)
    .addHelpText("after", entries)
    .action(train);
}

async function train(path: string, flags: Flags): Promise<void> {
  const config = readTrainingFile(path);
  const { train: dataset } = await openData(flags.data);
  const experiment = experimentOf(config, { dataset, name: basename(path, extname(path)) });
  for (const warning of warnings(experiment)) tell(`potstill: ${warning}`);
  if (flags.dryRun) {
    await assertBuildable(experiment, dataset);
    const detector = { kind: "retinanet", preset: defaultPreset, ...experiment.detector };
    process.stdout.write(`${JSON.stringify({ ...experiment, detector }, null, 2)}\n`);
    return;
  }
  const { result: folder, exitCode } = await computing((signal) => trained(experiment, dataset, { ...flags, signal }));
  if (exitCode !== undefined) {
    process.exitCode = exitCode;
    tell("Interrupted. The same command continues where it stopped.");
  } else if (folder !== undefined) {
    process.stdout.write(`${folder}\n`);
    tell(`next: ${commandLine("detect", folder, "--data", flags.validate ?? flags.data, "--out", "results.json")}`);
  }
}

/** @throws Error for options that do not fit together, which only building the detector tells */
async function assertBuildable({ detector }: Experiment, { categories }: Dataset): Promise<void> {
  await loadBackend();
  buildDetector(detector, { classes: categories.length, seed: 0 }).dispose();
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The run's folder once it is finished and, when that is asked for, scored; undefined when a signal came first. */
async function trained(experiment: Experiment, dataset: Dataset, { seed, runs, every, checkpointEvery, mirror, requireGpu, validate, signal }: Flags & { readonly signal: AbortSignal }): Promise<string | undefined> {
  const validation = validate === undefined ? undefined : await openValidation(validate);
  const { folder } = await runPlace(experiment, { dataset, seed, runs, requireGpu });
  const finished = runResult(folder) !== undefined;
  const { iterations } = experiment.training;
  tell(finished ? `${folder}: already finished, ${iterations} iterations; nothing is trained` : `${folder}: ${iterations} iterations of ${experiment.data.batchSize} images on ${dataset.name}`);
  const log = trainingLog(experiment, dataset, { every, write: tell });
  const weights = { reporter: terminalReporter(), signal, ...(mirror !== undefined && { mirror }) };
  for await (const step of finished ? [] : experimentSteps(experiment, { dataset, seed, runs, requireGpu, checkpointEvery, weights, onStart: (iteration) => log.start(iteration) })) {
    log.step(step);
    if (signal.aborted) return undefined; // the run keeps a state to continue from
  }
  if (validation) await tellScore(folder, validation.dataset);
  return folder;
}

async function tellScore(folder: string, dataset: Dataset): Promise<void> {
  const { detector, transforms } = await openTrained(folder, { dataset });
  try {
    tell(`scoring on ${dataset.images.length} images of ${dataset.name} …`);
    tell(summarize(await scoreDetector(detector, dataset, { transforms })));
  } finally {
    detector.dispose();
  }
}
