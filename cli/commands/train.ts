import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import { experimentSteps, runPlace } from "../../lib/papers/build.ts";
import { experimentOf } from "../../lib/papers/config.ts";
import type { Step } from "../../lib/train/step.ts";
import { openData } from "../data.ts";
import { UsageError } from "../errors.ts";
import { interruptible } from "../interruptible.ts";
import { wholeNumber } from "../options.ts";

interface Flags {
  readonly data: string;
  readonly seed: number;
  readonly runs: string;
  readonly every: number;
  readonly checkpointEvery: number;
  readonly mirror?: string;
  readonly requireGpu: boolean;
  readonly dryRun: boolean;
}

/** `potstill train CONFIG`: one training, by its preset's recipe where the configuration is silent. */
export function register(program: Command): void {
  program
    .command("train")
    .description("train a detector as a JSON file says; what it leaves out is its preset's recipe. The same command continues an interrupted training")
    .argument("<config>", 'for example {"detector": {"kind": "fcos", "preset": "mmdet"}, "weights": "open-mmlab/detectron/resnet50_caffe"}')
    .option("--data <folder>", "a folder in COCO format, or synthetic", "synthetic")
    .option("--seed <n>", "weights, order and augmentation follow from it", wholeNumber(0), 0)
    .option("--runs <folder>", "where trainings are kept", "runs")
    .option("--every <n>", "iterations between two lines of progress", wholeNumber(1), 20)
    .option("--checkpoint-every <n>", "iterations between two checkpoints", wholeNumber(1), 200)
    .option("--mirror <url>", "address that stands for the publishers' of weights (default: POTSTILL_WEIGHTS_MIRROR)")
    .option("--require-gpu", "fail instead of computing on the CPU", false)
    .option("--dry-run", "print the whole experiment as JSON and train nothing", false)
    .action(train);
}

function readConfig(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}

async function train(path: string, { data, seed, runs, every, checkpointEvery, mirror, requireGpu, dryRun }: Flags): Promise<void> {
  const config = readConfig(path);
  const { train: dataset } = await openData(data);
  const experiment = experimentOf(config, { dataset, name: basename(path, extname(path)) });
  if (dryRun) {
    process.stdout.write(`${JSON.stringify(experiment, null, 2)}\n`);
    return;
  }
  const { exitCode } = await interruptible(async (signal) => {
    const { folder } = await runPlace(experiment, { dataset, seed, runs, requireGpu });
    process.stderr.write(`${folder}: ${experiment.training.iterations} iterations of ${experiment.data.batchSize} images on ${dataset.name}\n`);
    const weights = { reporter: terminalReporter(), signal, ...(mirror !== undefined && { mirror }) };
    for await (const step of experimentSteps(experiment, { dataset, seed, runs, requireGpu, checkpointEvery, weights })) {
      if ((step.iteration + 1) % every === 0 || step.iteration + 1 === step.iterations) process.stderr.write(`${line(step)}\n`);
      if (signal.aborted) return; // the run keeps a state to continue from
    }
    process.stdout.write(`${folder}\n`);
  });
  if (exitCode !== undefined) {
    process.exitCode = exitCode;
    process.stderr.write("Interrupted. The same command continues where it stopped.\n");
  }
}

function line({ iteration, iterations, total, weighted, learningRates, imagesPerSecond }: Step): string {
  const terms = Object.entries(weighted).map(([name, value]) => `${name} ${value.toPrecision(3)}`).join(", ");
  return `${iteration + 1}/${iterations}  loss ${total.toPrecision(4)} (${terms})  rate ${Math.max(...Object.values(learningRates)).toPrecision(3)}  ${imagesPerSecond.toPrecision(2)} images/s`;
}
