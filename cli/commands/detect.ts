import { writeAtomic } from "../../lib/train/atomic.ts";
import type { Command } from "commander";
import { loadBackend } from "../../lib/backend/load.ts";
import { terminalReporter } from "../../lib/backend/setup/progress.ts";
import { detectDataset, detectionRecords, writeDetections } from "../../lib/evaluate/index.ts";
import { openTrained } from "../../lib/papers/trained.ts";
import { openValidation } from "../data.ts";
import { computing } from "../interruptible.ts";
import { commandLine } from "../next-step.ts";
import { wholeNumber } from "../options.ts";

interface Flags {
  readonly data: string;
  readonly out: string;
  readonly annotations?: string;
  readonly weights?: string;
  readonly images?: number;
  readonly batchSize: number;
  readonly mirror?: string;
  readonly requireGpu: boolean;
}

/** `potstill detect RUN --data FOLDER --out FILE`: from a trained detector to what `potstill evaluate` reads. */
export function register(program: Command): void {
  program
    .command("detect")
    .description("write what a trained detector sees as COCO results (boxes, and masks of detectors that make them), for potstill evaluate and other evaluators")
    .argument("<run>", "the folder that potstill train printed, or a training's JSON file with weights for the whole detector")
    .requiredOption("--out <file>", "results: a JSON list of {image_id, category_id, bbox, score}")
    .option("--data <folder>", "the validation part of a folder in COCO format, all images of an annotation file, or synthetic", "synthetic")
    .option("--annotations <file>", "write the annotations of these images there: the ground truth where --data has no file of its own for them")
    .option("--weights <file>", "weights of the whole detector instead of the run's: a file, or a name of potstill weights list")
    .option("--images <n>", "only so many images, spread over the data", wholeNumber(1))
    .option("--batch-size <n>", "images at once", wholeNumber(1), 4)
    .option("--mirror <url>", "address that stands for the publishers' of weights (default: POTSTILL_WEIGHTS_MIRROR)")
    .option("--require-gpu", "fail instead of computing on the CPU", false)
    .action(detect);
}

async function detect(run: string, flags: Flags): Promise<void> {
  const { exitCode } = await computing((signal) => write(run, { ...flags, signal }));
  if (exitCode === undefined) return;
  process.exitCode = exitCode;
  process.stderr.write(`Interrupted. ${flags.out} is not written.\n`);
}

async function write(run: string, { data, out, annotations: annotationsOut, weights, images, batchSize, mirror, requireGpu, signal }: Flags & { readonly signal: AbortSignal }): Promise<void> {
  await loadBackend({ requireGpu });
  const { dataset, file } = await openValidation(data);
  const source = { reporter: terminalReporter(), signal, ...(mirror !== undefined && { mirror }) };
  const { detector, transforms, from } = await openTrained(run, { dataset, source, ...(weights !== undefined && { weights }) });
  try {
    process.stderr.write(`${detector.name} of ${from} on ${dataset.name}\n`);
    const all = dataset.images.length;
    const { detections, groundTruth, annotations } = await detectDataset(detector, dataset, { transforms, batchSize, masks: true, images: Math.min(images ?? all, all), onProgress });
    signal.throwIfAborted();
    writeDetections(out, detectionRecords(detections, groundTruth, { boxes: true }));
    if (annotationsOut !== undefined) writeAtomic(annotationsOut, JSON.stringify(annotations));
    const whole = (images ?? all) >= all ? file : undefined;
    process.stdout.write(`${out}: ${detections.count} detections on ${annotations.images.length} images\n`);
    if (detections.count === 0) process.stderr.write(`${nothingSeen(detector.name)}\n`);
    process.stderr.write(`${nextStep(out, annotationsOut ?? whole, { masks: detections.masks !== undefined })}\n`);
  } finally {
    detector.dispose();
  }
}

function nothingSeen(name: string): string {
  return `${name} sees nothing on these images: a training that was too short or diverged, weights of something else, or images prepared otherwise than in training (data.transforms). potstill train --validate tells the AP at its end; preflight what is wrong before it`;
}

function nextStep(out: string, annotations: string | undefined, { masks }: { readonly masks: boolean }): string {
  if (annotations === undefined) return "To evaluate them, give --annotations FILE: no file has the annotations of these images alone";
  const boxes = commandLine("evaluate", out, "--annotations", annotations);
  return masks ? `next: ${boxes} --type segm (masks; boxes without --type)` : `next: ${boxes}`;
}

/** One line that is rewritten on a terminal; silent elsewhere. */
function onProgress(done: number, images: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done}/${images} images${done === images ? "\n" : ""}`);
}
