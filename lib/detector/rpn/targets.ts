import type { Target } from "../../data/batch.ts";
import { random } from "../../tensor/random.ts";
import type { Boxes } from "../../tensor/boxes.ts";
import { checkedObjects } from "../assign/dense-targets.ts";
import { assignInside, type AnchorRegion } from "../assign/anchors-inside.ts";
import type { MaxIouOptions } from "../assign/max-iou.ts";
import { sampleAssignment, type SamplingOptions } from "../assign/random-sampling.ts";
import { encodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import type { Moment } from "../detector.ts";

/** Which anchors of one image belong to which of its objects. */
export interface RpnAssignment {
  /** [m, 4] the objects that have an area. */
  readonly objects: Float32Array;
  /** [m] their positions in the target. */
  readonly kept: readonly number[];
  /** [N] per anchor: object, background or ignored. */
  readonly assignment: Int32Array;
  readonly imageId: number;
}

/** @throws Error for broken targets */
export function assignRpn(targets: readonly Target[], anchors: Boxes, { classes, assign, region = "all" }: { readonly classes: number; readonly assign: MaxIouOptions; readonly region?: AnchorRegion }): RpnAssignment[] {
  return targets.map((target, image) => {
    const { objects, kept } = checkedObjects(target, image, classes);
    return { objects, kept, assignment: assignInside(anchors, objects, assign, { region, size: target }), imageId: target.imageId };
  });
}

export interface RpnTargetOptions {
  readonly sampling: SamplingOptions;
  readonly coder: DeltaCoder;
  /**
   * What both losses are divided by: the sampled anchors of the batch (torchvision); Σ over images of max(positives, 1) +
   * max(negatives, 1) (mmdet); images · `sampling.count` (detectron2).
   */
  readonly normaliser: "sampled" | "sampled-or-one" | "count";
  readonly seed: number;
}

/** The anchors that train, on the host: positives first, then negatives. */
export interface RpnTargets {
  /** [S] rows (image · N + anchor). */
  readonly rows: Int32Array;
  /** The first `positives` rows have an object. */
  readonly positives: number;
  /** [positives, 4] their regression targets. */
  readonly regression: Float32Array;
  readonly divisor: number;
}

/** Draws the anchors of an iteration; the same for the same seed, iteration and images. */
export function sampleRpn(assignments: readonly RpnAssignment[], anchors: Boxes, options: RpnTargetOptions, { iteration }: Moment): RpnTargets {
  const count = anchors.length / 4;
  const [positive, negative, chosen, objects]: [number[], number[], number[], number[]] = [[], [], [], []];
  let least = 0;
  for (const [i, { assignment, objects: boxes, imageId }] of assignments.entries()) {
    const { positives, negatives } = sampleAssignment(assignment, options.sampling, () => random(options.seed, "rpn", iteration, imageId));
    for (const a of positives) {
      positive.push(i * count + a);
      chosen.push(...box(anchors, a));
      objects.push(...box(boxes, assignment[a]));
    }
    for (const a of negatives) negative.push(i * count + a);
    least += Math.max(positives.length, 1) + Math.max(negatives.length, 1);
  }
  const sampled = positive.length + negative.length;
  const divisor = { sampled: Math.max(sampled, 1), "sampled-or-one": least, count: assignments.length * options.sampling.count }[options.normaliser];
  return { rows: Int32Array.from([...positive, ...negative]), positives: positive.length, regression: Float32Array.from(encodeDeltas(chosen, objects, options.coder)), divisor };
}

function box(from: Boxes, index: number): number[] {
  return [from[4 * index], from[4 * index + 1], from[4 * index + 2], from[4 * index + 3]];
}
