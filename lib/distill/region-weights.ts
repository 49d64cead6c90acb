import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import type { ImageSize } from "../detector/assignment.ts";
import { cellsIn, checkPartition, partition, regionNames, type Divided, type PartitionOptions, type Region, type RegionLevel } from "./regions.ts";
import { normalisedScores, scoreMask, type MaskArithmetic } from "./score-mask.ts";

/** Which regions are compared, and how much each of their cells counts. */
export interface RegionSelection extends PartitionOptions {
  readonly keep: readonly Region[];
  /** A cell counts as much as the teacher's score S (`soft`, default) or 1 (`binary`). */
  readonly weight?: "soft" | "binary";
  /** Divided by the sum of the weights that count (`kept`, default), or by that of all cells of the level: then regions add up. */
  readonly normaliser?: "kept" | "all";
}

/** What the division into regions needs besides scores. */
export interface RegionContext {
  readonly targets: readonly Target[];
  readonly detector: Divided;
  /** Strides of the levels. */
  readonly strides: readonly number[];
  readonly size: ImageSize;
}

/** @throws RangeError for an option outside its values */
export function checkSelection({ keep, weight = "soft", normaliser = "kept", ...division }: RegionSelection): void {
  const unknown = keep.filter((name) => !regionNames.includes(name));
  if (keep.length === 0 || unknown.length > 0) throw new RangeError(`regions are [${keep.map((name) => JSON.stringify(name)).join(", ")}]; allowed: one or more of ${regionNames.join(", ")}`);
  if (weight !== "soft" && weight !== "binary") throw new RangeError(`the weight of regions is ${JSON.stringify(weight)}; allowed: "soft", "binary"`);
  if (normaliser !== "kept" && normaliser !== "all") throw new RangeError(`the normaliser of regions is ${JSON.stringify(normaliser)}; allowed: "kept", "all"`);
  checkPartition(division);
}

/**
 * The regions of a batch by the scores of a teacher's prediction.
 * @param logits class logits per level, [B, H_l, W_l, A·K]
 */
export function regionsOf(logits: readonly tf.Tensor4D[], { targets, detector, strides, size }: RegionContext, options: PartitionOptions = {}): RegionLevel[] {
  const levels = logits.map((map, l) => {
    const mask = scoreMask(map);
    const scores = mask.dataSync<"float32">();
    mask.dispose();
    return { stride: strides[l], height: map.shape[1], width: map.shape[2], scores };
  });
  return partition(levels, targets, detector, { ...options, size });
}

/**
 * S / N_l per level, [B, H_l, W_l, 1]: of all cells, or of those in the selected regions. They belong to the current tidy scope.
 * @param logits class logits of the teacher per level
 */
export function cellWeights(logits: readonly tf.Tensor4D[], context: RegionContext, { arithmetic, selection }: { readonly arithmetic: MaskArithmetic; readonly selection?: RegionSelection }): tf.Tensor4D[] {
  if (selection === undefined) return logits.map((map) => normalisedScores(map, { arithmetic }));
  const { keep, weight = "soft", normaliser = "kept" } = selection;
  const levels = regionsOf(logits, context, selection);
  return logits.map((map, l) => tf.tidy(() => {
    const kept = tf.tensor3d(cellsIn(levels[l], keep), map.shape.slice(0, 3) as [number, number, number]);
    return weight === "soft" ? normalisedScores(map, { arithmetic, kept, normaliser }) : normalisedCells(kept, normaliser);
  }));
}

/** Every kept cell counts 1: [B, H, W] → [B, H, W, 1]. */
function normalisedCells(kept: tf.Tensor3D, normaliser: "kept" | "all"): tf.Tensor4D {
  const sum = normaliser === "all" ? kept.size : tf.maximum(tf.sum(kept), 1);
  return tf.expandDims(tf.div<tf.Tensor3D>(kept, sum), 3);
}
