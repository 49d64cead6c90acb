import { statSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { STAT_NAMES, evaluateBoxes, readDetections, readGroundTruth, summarize } from "../../lib/evaluate/index.ts";
import type { Detections, Evaluation, GroundTruth } from "../../lib/evaluate/index.ts";
import { UsageError } from "../errors.ts";

interface EvaluateOptions {
  readonly annotations: string;
  readonly type: string;
  readonly json?: boolean;
  readonly maxDets: number[];
}

/** `potstill evaluate RESULTS --annotations FILE`: COCO average precision and recall, as pycocotools prints them. */
export function register(program: Command): void {
  program
    .command("evaluate")
    .description("COCO average precision and recall of a result file, equal to pycocotools'")
    .argument("<results>", "detections: a JSON list of {image_id, category_id, bbox: [x, y, width, height], score}")
    .requiredOption("--annotations <file>", "ground truth in COCO's format")
    .option("--type <type>", "what to compare: bbox", "bbox")
    .option("--max-dets <limits>", "detections kept per image and category, three ascending limits", parseLimits, [1, 10, 100])
    .option("--json", "print one JSON object instead: all numbers in full precision")
    .action((results: string, options: EvaluateOptions) => evaluate(results, options));
}

function parseLimits(text: string): number[] {
  const limits = text.split(",").map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : NaN));
  const sound = limits.length === 3 && limits.every((limit, i) => limit > (limits[i - 1] ?? 0));
  if (!sound) throw new InvalidArgumentError("It must be three ascending positive integers, such as 1,10,100.");
  return limits;
}

function evaluate(results: string, { annotations, type, json, maxDets }: EvaluateOptions): void {
  if (type !== "bbox") throw new UsageError(`--type is ${type}; this version evaluates bbox`);
  requireFile("--annotations", annotations, "name the ground truth in COCO's format, such as instances_val2017.json");
  requireFile("<results>", results, "name the JSON list of detections that your detector wrote");
  const groundTruth = readGroundTruth(annotations);
  const detections = readDetections(results, groundTruth);
  const evaluation = evaluateBoxes({ groundTruth, detections, options: { maxDetections: maxDets } });
  for (const note of notes({ groundTruth, detections, maxDets, annotations, results })) process.stderr.write(`potstill: ${note}\n`);
  process.stdout.write(`${json ? JSON.stringify(asRecord(evaluation, groundTruth, detections)) : summarize(evaluation)}\n`);
}

function requireFile(argument: string, path: string, remedy: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`${argument}: the file ${path} does not exist; ${remedy}`);
  if (found.isDirectory()) throw new UsageError(`${argument}: ${path} is a folder; ${remedy}`);
}

interface Noted {
  readonly groundTruth: GroundTruth;
  readonly detections: Detections;
  readonly maxDets: readonly number[];
  readonly annotations: string;
  readonly results: string;
}

/** What a reader of the numbers should know; pycocotools passes over all of it in silence. */
function notes({ groundTruth, detections, maxDets, annotations, results }: Noted): string[] {
  const found: string[] = [];
  if (groundTruth.unlisted > 0) found.push(`${groundTruth.unlisted} annotations of ${annotations} were left out: their image or category is not listed there`);
  if (detections.unlisted > 0) found.push(`${detections.unlisted} detections of ${results} were left out: their category is not in ${annotations}`);
  if (groundTruth.id.includes(0)) found.push(`${annotations} has an annotation with id 0: a match with it counts as no match, as in pycocotools. Number annotations from 1`);
  if (!maxDets.includes(100)) found.push("AP is −1: like pycocotools, the first line is read at 100 detections, which --max-dets does not list");
  return found;
}

function asRecord({ stats, perCategory, protocol }: Evaluation, groundTruth: GroundTruth, detections: Detections): object {
  return {
    stats: [...stats],
    names: STAT_NAMES,
    type: "bbox",
    maxDets: protocol.maxDetections,
    images: groundTruth.imageIds.length,
    annotations: groundTruth.count,
    detections: detections.count,
    leftOut: { annotations: groundTruth.unlisted, detections: detections.unlisted },
    perCategory: perCategory.map(({ id, name, ap, ap50, ap75, ar }) => ({ id, name, AP: ap, AP50: ap50, AP75: ap75, AR: ar })),
  };
}
