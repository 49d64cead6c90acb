import type { Target } from "../../data/batch.ts";
import { rowsOf } from "../../tensor/boxes.ts";
import { random } from "../../tensor/random.ts";
import { checkedObjects } from "../assign/dense-targets.ts";
import { assignMaxIou, background, type MaxIouOptions } from "../assign/max-iou.ts";
import { sampleAssignment, type SamplingOptions } from "../assign/random-sampling.ts";
import type { Moment } from "../detector.ts";

export interface RoiSamplingOptions extends SamplingOptions {
  readonly classes: number;
  readonly assign: MaxIouOptions;
  /**
   * Where the ground truth joins the proposals: after them, matched by overlap like any other (torchvision, detectron2);
   * before them, each box belonging to its own object (mmdet); or not at all.
   */
  readonly truth: "append" | "prepend" | "none";
  readonly seed: number;
  /** Name of the random numbers' stream; the stages of a cascade have one each. Default `roi`. */
  readonly stream?: string;
}

/** The regions of one image that a box head is trained on. */
export interface RoiSample {
  /** [n, 4] xyxy in pixels of the batch image. */
  readonly boxes: Float32Array;
  /** [n] label of the object (0 … K − 1), −1 for background. */
  readonly labels: Int32Array;
  /** [n] position of the object in the image's `Target`, −1 for background. */
  readonly objects: Int32Array;
  /** [n] 1 for a ground-truth box that joined the proposals. */
  readonly truths: Uint8Array;
}

/**
 * Assigns proposals to objects and draws the ones to train on, image by image; positives and negatives in the order of the
 * candidates. A pure function of its arguments: the random numbers are those of (seed, stream, iteration, image id).
 * @throws Error for broken targets
 */
export function sampleRois(proposals: readonly { readonly boxes: Float32Array }[], targets: readonly Target[], options: RoiSamplingOptions, { iteration }: Moment): RoiSample[] {
  return targets.map((target, i) => {
    const candidates = assignedRois(proposals[i].boxes, target, i, options);
    const { positives, negatives } = sampleAssignment(candidates.assignment, options, () => random(options.seed, options.stream ?? "roi", iteration, target.imageId));
    return pick(candidates, Int32Array.from([...positives, ...negatives]).sort());
  });
}

interface Candidates extends RoiSample {
  readonly assignment: Int32Array;
}

function assignedRois(proposals: Float32Array, target: Target, image: number, { classes, assign, truth }: RoiSamplingOptions): Candidates {
  const { objects, labels, kept } = checkedObjects(target, image, classes);
  const joined = { append: [proposals, objects], prepend: [objects, proposals], none: [proposals] }[truth];
  const boxes = Float32Array.from(joined.flatMap((part) => [...part]));
  const assignment = assignMaxIou(boxes, objects, assign);
  const truths = new Uint8Array(boxes.length / 4);
  const first = { append: proposals.length / 4, prepend: 0, none: 0 }[truth];
  if (truth !== "none") truths.fill(1, first, first + labels.length);
  if (truth === "prepend") for (let o = 0; o < labels.length; o++) assignment[o] = o;
  return {
    boxes, assignment, truths,
    labels: assignment.map((o) => (o >= 0 ? labels[o] : background)),
    objects: assignment.map((o) => (o >= 0 ? kept[o] : background)),
  };
}

function pick({ boxes, labels, objects, truths }: RoiSample, rows: Int32Array): RoiSample {
  return {
    boxes: rowsOf(boxes, rows),
    labels: rows.map((r) => labels[r]),
    objects: rows.map((r) => objects[r]),
    truths: Uint8Array.from(rows, (r) => truths[r]),
  };
}
