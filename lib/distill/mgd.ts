import * as tf from "@tensorflow/tfjs-core";
import { random } from "../tensor/random.ts";
import { levelAdapters } from "./adapters.ts";
import type { Distiller } from "./distiller.ts";
import { conv3x3, type Conv, type ParameterSet } from "./layers.ts";
import { finest, published, type Published } from "./published.ts";
import { checkMaps, squaredDistance } from "./squared-distance.ts";
import { detectorOf, pairLevels, taught, type TaughtOptions } from "./taught.ts";

interface MgdWeights {
  /** α of the term. */
  readonly alpha: number;
  /** λ: the share of the student's cells that is hidden, 0 to 1. */
  readonly ratio: number;
  /** How many of the finest levels are compared. Default all. */
  readonly levels?: number;
}

type MgdPreset = MgdWeights & Published;

const origin = "yzd-v/MGD 2c9da0b, det/configs/distillers/mgd";
const twoStage = { alpha: 5e-7, ratio: 0.45, levels: 4 };

/** The published weights by detector. */
export const mgdPresets = {
  retinanet: { alpha: 2e-5, ratio: 0.65, origin: `${origin}/retina_rx101_64x4d_distill_retina_r50_fpn_2x_coco.py` },
  reppoints: { alpha: 2e-5, ratio: 0.65, origin: `${origin}/reppoints_rx101_64x4d_distill_reppoints_r50_fpn_2x_coco.py` },
  fasterRcnn: { ...twoStage, origin: `${origin}/cascade_mask_rcnn_rx101_32x4d_distill_faster_rcnn_r50_fpn_2x_coco.py` },
  maskRcnn: { ...twoStage, origin: `${origin}/cascade_mask_rcnn_rx101_32x4d_distill_mask_rcnn_r50_fpn_2x_coco.py` },
} satisfies Readonly<Record<string, MgdPreset>>;

export interface MgdOptions extends TaughtOptions, Partial<MgdWeights> {
  /** Whose published weights are taken. Default the student's kind, else `retinanet`. */
  readonly preset?: keyof typeof mgdPresets;
}

/**
 * Masked generative distillation (MGD; Yang et al., ECCV 2022): per level, the student's map with a share λ of its cells hidden
 * is turned into the teacher's by G = conv3×3–ReLU–conv3×3: L = α·Σ_levels ‖G(M·F_s) − F_t‖² / B (eq. 4), one random M [B, H, W]
 * for all channels.
 *
 * Which cells are hidden is a pure function of the seed, the iteration and the level, so that resumed runs are equal to the bit.
 * Of the authors' code (yzd-v/MGD 2c9da0b): the sum is divided by the batch alone; a cell is hidden when its random number
 * in [0, 1) is over 1 − λ; where channels differ a 1 × 1 convolution adapts the student's before the mask, so its bias is hidden
 * too. α = 2e-5, λ = 0.65 for one-stage detectors; 5e-7, 0.45 on P2–P5 for two-stage ones. Students start with the teacher's neck
 * and head (one-stage), and the gradient's norm is clipped at 35.
 * @throws Error for a teacher whose levels do not pair with the student's, RangeError for values outside their range
 */
export function mgd(options: MgdOptions): Distiller {
  const { alpha, ratio, levels, student, seed = 0 } = options;
  const weights = published<keyof typeof mgdPresets, MgdPreset>("mgd", mgdPresets, options, { alpha, ratio, levels });
  if (weights.ratio > 1) throw new RangeError(`mgd: ratio is ${weights.ratio}; allowed: 0 to 1`);
  const teacher = detectorOf(options.teacher);
  const pairs = finest("mgd", pairLevels(student, teacher), weights);
  return taught("mgd", options, (set) => {
    const prefix = (level: number) => `distill_losses.loss_mgd_fpn_${level}.`;
    const align = student.channels === teacher.channels ? [] : levelAdapters(set, { kind: "conv1x1", name: (level) => `${prefix(level)}align`, from: student.channels, to: teacher.channels, levels: pairs.length });
    const generators = pairs.map((_, level) => generator(set, prefix(level), teacher.channels));
    return {
      reads: "pyramid",
      hints: ({ pyramid }) => ({ maps: pairs.map((pair) => pyramid[pair.teacher]) }),
      terms: ({ pyramid }, { maps }, _, { iteration }) => {
        const values = pairs.map((pair, level) => {
          const map = align[level]?.(pyramid[pair.student]) ?? pyramid[pair.student];
          const [batch, height, width] = map.shape;
          const kept = keptCells(cellNumbers(batch * height * width, { seed, iteration, level }), weights.ratio);
          return mgdTerm(map, maps[level] as tf.Tensor4D, { kept, generate: generators[level] });
        });
        return { feature: { value: tf.addN(values), weight: weights.alpha } };
      },
    };
  });
}

/** G of one level, with the official names after `prefix`. */
export function generator(set: ParameterSet, prefix: string, channels: number): Conv {
  const [first, second] = [conv3x3(set, `${prefix}generation.0`, channels, { relu: true }), conv3x3(set, `${prefix}generation.2`, channels)];
  return (map) => second(first(map));
}

/** What belongs to one level of one iteration. */
export interface CellKey {
  readonly seed: number | string;
  readonly iteration: number;
  readonly level: number;
}

/** The random numbers in [0, 1) of a level's cells, image by image and row by row. */
export function cellNumbers(cells: number, { seed, iteration, level }: CellKey): Float32Array {
  const stream = random(seed, "mgd", iteration, level);
  return Float32Array.from({ length: cells }, stream.next);
}

/** 1 for the cells whose number is at most 1 − ratio, 0 for the hidden ones. */
export function keptCells(numbers: Float32Array, ratio: number): Float32Array {
  return numbers.map((number) => (number > 1 - ratio ? 0 : 1));
}

export interface MgdLevel {
  /** [B·H·W] of 0 and 1. */
  readonly kept: Float32Array;
  readonly generate: Conv;
}

/**
 * The unweighted term of one level.
 * @param student F_s [B, H, W, C], with the teacher's channels
 * @param teacher F_t of the same shape, a constant
 * @throws Error for unequal shapes
 */
export function mgdTerm(student: tf.Tensor4D, teacher: tf.Tensor4D, { kept, generate }: MgdLevel): tf.Scalar {
  checkMaps(student, teacher);
  return tf.div(squaredDistance(generate(hideCells(student, kept)), teacher), student.shape[0]);
}

/** The map with its hidden cells at 0. */
export function hideCells(map: tf.Tensor4D, kept: Float32Array): tf.Tensor4D {
  const [batch, height, width] = map.shape;
  return tf.mul(map, tf.tensor4d(kept, [batch, height, width, 1]));
}
