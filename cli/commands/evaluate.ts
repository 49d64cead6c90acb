import { statSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { STAT_NAMES, evaluateBoxes, evaluateMasks, readDetections, readGroundTruth, summarize } from "../../lib/evaluate/index.ts";
import type { Detections, Evaluation, GroundTruth } from "../../lib/evaluate/index.ts";
import { UsageError } from "../errors.ts";

interface EvaluateOptions {
  readonly annotations: string;
  readonly type: string;
  readonly areaOf?: string;
  readonly json?: boolean;
  readonly maxDets: number[];
}

/** `potstill evaluate RESULTS --annotations FILE`: COCO average precision and recall, as pycocotools prints them. */
export function register(program: Command): void {
  program
    .command("evaluate")
    .description("COCO average precision and recall of a result file, equal to pycocotools'")
    .argument("<results>", "detections: a JSON list of {image_id, category_id, bbox: [x, y, width, height], score}, for segm with segmentation")
    .requiredOption("--annotations <file>", "ground truth in COCO's format")
    .option("--type <type>", "what to compare: bbox or segm (masks)", "bbox")
    .option("--area-of <shape>", "for segm: the area that makes a detection small or large, mask or box (default: as pycocotools, box if results have boxes)")
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

function evaluate(results: string, { annotations, type, areaOf, json, maxDets }: EvaluateOptions): void {
  if (type !== "bbox" && type !== "segm") throw new UsageError(`--type is ${type}; it must be bbox or segm`);
  if (areaOf !== undefined && areaOf !== "mask" && areaOf !== "box") throw new UsageError(`--area-of is ${areaOf}; it must be mask or box`);
  if (areaOf !== undefined && type === "bbox") throw new UsageError("--area-of is for --type segm; boxes have their own areas");
  const masks = type === "segm";
  requireFile("--annotations", annotations, "name the ground truth in COCO's format, such as instances_val2017.json");
  requireFile("<results>", results, "name the JSON list of detections that your detector wrote");
  const groundTruth = readGroundTruth(annotations, { masks });
  const detections = readDetections(results, groundTruth, { masks });
  const evaluation = (masks ? evaluateMasks : evaluateBoxes)({ groundTruth, detections, options: { maxDetections: maxDets, areaOf } });
  for (const note of notes({ groundTruth, detections, maxDets, annotations, results, areaOf })) process.stderr.write(`potstill: ${note}\n`);
  process.stdout.write(`${json ? JSON.stringify(asRecord(evaluation, { groundTruth, detections, type })) : summarize(evaluation)}\n`);
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
  readonly areaOf?: string;
}

/** What a reader of the numbers should know; pycocotools passes over all of it in silence. */
function notes({ groundTruth, detections, maxDets, annotations, results, areaOf }: Noted): string[] {
  const found: string[] = [];
  if (groundTruth.unlisted > 0) found.push(`${groundTruth.unlisted} annotations of ${annotations} were left out: their image or category is not listed there`);
  if (detections.unlisted > 0) found.push(`${detections.unlisted} detections of ${results} were left out: their category is not in ${annotations}`);
  if (groundTruth.id.includes(0)) found.push(`${annotations} has an annotation with id 0: a match with it counts as no match, as in pycocotools. Number annotations from 1`);
  if (!maxDets.includes(100)) found.push("AP is −1: like pycocotools, the first line is read at 100 detections, which --max-dets does not list");
  if (detections.rectangles !== undefined) found.push(`${detections.rectangles} of the results have no segmentation: their boxes were taken as rectangular masks, as in pycocotools; for boxes use --type bbox`);
  if (detections.areaOf === "box" && areaOf === undefined) found.push("the results have boxes, so these decide which masks are small, medium or large, as in pycocotools; --area-of mask measures the masks, as detectron2 and mmdet do");
  return found;
}

function asRecord({ stats, perCategory, protocol }: Evaluation, { groundTruth, detections, type }: { groundTruth: GroundTruth; detections: Detections; type: string }): object {
  return {
    stats: [...stats],
    names: STAT_NAMES,
    type,
    maxDets: protocol.maxDetections,
    images: groundTruth.imageIds.length,
    annotations: groundTruth.count,
    detections: detections.count,
    leftOut: { annotations: groundTruth.unlisted, detections: detections.unlisted },
    perCategory: perCategory.map(({ id, name, ap, ap50, ap75, ar }) => ({ id, name, AP: ap, AP50: ap50, AP75: ap75, AR: ar })),
  };
}
