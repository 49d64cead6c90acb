import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";
import { resize } from "../tensor/resize.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { requireEqualChannels } from "./adapters.ts";
import type { Distiller } from "./distiller.ts";
import { finest, published, type Published } from "./published.ts";
import { checkMaps } from "./squared-distance.ts";
import { detectorOf, pairLevels, taught, type LevelPair, type TaughtOptions } from "./taught.ts";

interface PkdWeights {
  /** The term's weight. */
  readonly alpha: number;
  /** How many of the finest levels are compared. Default all. */
  readonly levels?: number;
}

type PkdPreset = PkdWeights & Published;

const razor = "open-mmlab/mmrazor 90c7af1, configs/distill/mmdet/pkd";
const cross = "jbwang1997/CrossKD 87e156a, configs/crosskd+pkd (together with CrossKD's terms)";

/** The published weights by detector. */
export const pkdPresets = {
  retinanet: { alpha: 10, levels: 4, origin: `${razor}/pkd_fpn_retina_x101_retina_r50_2x_coco.py` },
  reppoints: { alpha: 10, levels: 4, origin: `${razor}/pkd_fpn_reppoints_x101-dcn_reppoints_r50_2x_coco.py` },
  fasterRcnn: { alpha: 6, levels: 4, origin: `${razor}/pkd_fpn_faster-rcnn_r101_faster-rcnn_r50_2x_coco.py` },
  gfl: { alpha: 6, origin: cross },
  fcos: { alpha: 2, origin: cross },
  atss: { alpha: 1, origin: cross },
} satisfies Readonly<Record<string, PkdPreset>>;

export interface PkdLevelOptions {
  /** Which map is resized, bilinearly at half-pixel centres, where the two differ in size. Default `student`. */
  readonly resize?: "student" | "teacher";
  /**
   * A level with one value per channel (one cell, one image), whose deviation is undefined. `zero` (default): it says nothing,
   * its term and gradient are 0. `nan`: as the code does.
   */
  readonly singleValue?: "zero" | "nan";
}

export interface PkdOptions extends TaughtOptions, Partial<PkdWeights>, PkdLevelOptions {
  /** Whose published weights are taken. Default the student's kind, else `retinanet`. */
  readonly preset?: keyof typeof pkdPresets;
  /** Levels of equal stride are compared (default), or those of equal place in the pyramid, resized: a teacher with other strides. */
  readonly pairing?: "stride" | "order";
}

/**
 * Pearson knowledge distillation (PKD; Cao et al., NeurIPS 2022): per level the halved mean square of the difference of maps
 * that are standardised channel by channel over the batch and its cells, z = (F − μ)/(σ + 1e-6):
 * L = α·Σ_levels mean (z_s − z_t)²/2, which is (n − 1)/n·(1 − r̄) with Pearson's r averaged over the channels (eq. 5), n values each.
 *
 * Of the public code (open-mmlab/mmrazor 90c7af1; the same in jbwang1997/CrossKD): the deviation is the unbiased one, so that
 * one value per channel gives NaN (`singleValue: "nan"`); maps of unequal height are resized; the first four levels take
 * part, also of RetinaNet's five. The method has no parameters: channels must be equal.
 * @throws Error for levels or channels that do not pair, RangeError for values outside their range
 */
export function pkd(options: PkdOptions): Distiller {
  const { alpha, levels, student, pairing = "stride", resize: resized = "student", singleValue = "zero" } = options;
  const weights = published<keyof typeof pkdPresets, PkdPreset>("pkd", pkdPresets, options, { alpha, levels });
  for (const [name, value, allowed] of [["pairing", pairing, ["stride", "order"]], ["resize", resized, ["student", "teacher"]], ["singleValue", singleValue, ["zero", "nan"]]] as const) {
    if (!(allowed as readonly string[]).includes(value)) throw new RangeError(`pkd: ${name} is ${JSON.stringify(value)}; allowed: ${allowed.join(", ")}`);
  }
  const teacher = detectorOf(options.teacher);
  requireEqualChannels("pkd", student, teacher);
  const pairs = finest("pkd", pairing === "stride" ? pairLevels(student, teacher) : byOrder(student.strides, teacher.strides), weights);
  return taught("pkd", options, () => ({
    reads: "pyramid",
    hints: ({ pyramid }) => ({ maps: pairs.map((pair) => pyramid[pair.teacher]) }),
    terms: ({ pyramid }, { maps }) => {
      const values = pairs.map((pair, i) => pkdTerm(pyramid[pair.student], maps[i] as tf.Tensor4D, { resize: resized, singleValue }));
      return { feature: { value: tf.addN(values), weight: weights.alpha } };
    },
  }));
}

function byOrder(student: readonly number[], teacher: readonly number[]): LevelPair[] {
  return student.slice(0, teacher.length).map((stride, level) => ({ student: level, teacher: level, stride }));
}

/**
 * The unweighted term of one level.
 * @param student F_s [B, H, W, C], differentiated
 * @param teacher F_t with the same batch and channels, a constant
 * @throws Error for maps that a change of size does not make equal
 */
export function pkdTerm(student: tf.Tensor4D, teacher: tf.Tensor4D, { resize: which = "student", singleValue = "zero" }: PkdLevelOptions = {}): tf.Scalar {
  const fit = (map: tf.Tensor4D, [, height, width]: readonly number[]) =>
    (map.shape[1] === height && map.shape[2] === width ? map : resize(map, { size: [height, width], mode: "bilinear" }));
  const own = which === "student" ? fit(student, teacher.shape) : student;
  const wanted = withoutTape(() => {
    const map = which === "teacher" ? fit(teacher, student.shape) : teacher;
    checkMaps(own, map);
    return standardisedChannels(map, singleValue).z;
  });
  return distance(own, wanted, singleValue);
}

const axes = [0, 1, 2];
const eps = 1e-6;

/** What PKD compares of a map [B, H, W, C]: z [B, H, W, C], and per channel μ, σ [1, 1, 1, C] and the values n − 1 that σ² is over. */
export function standardisedChannels(map: tf.Tensor4D, singleValue: "zero" | "nan" = "zero") {
  const [batch, height, width] = map.shape;
  const count = batch * height * width;
  const degrees = singleValue === "nan" ? count - 1 : Math.max(count - 1, 1);
  const mean = tf.div<tf.Tensor4D>(tf.sum(map, axes, true), count);
  const centred = tf.sub<tf.Tensor4D>(map, mean);
  const deviation = tf.sqrt<tf.Tensor4D>(tf.div(tf.sum(tf.square(centred), axes, true), degrees));
  return { z: tf.div<tf.Tensor4D>(centred, tf.add(deviation, eps)), mean, deviation, degrees };
}

/**
 * mean (z − z_t)²/2 as one node that keeps no map of its own. With g = (z − z_t)/size:
 * dF = (g − ⟨g⟩ − z·Σ(g·z)·(σ + ε)/(σ·(n − 1)))/(σ + ε); a constant channel has no second part.
 */
function distance(student: tf.Tensor4D, wanted: tf.Tensor4D, singleValue: "zero" | "nan"): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { student },
    forward: (save) => {
      const { z, mean, deviation } = standardisedChannels(student, singleValue);
      save([student, wanted, mean, deviation]);
      return tf.div(tf.sum(tf.square(tf.sub(z, wanted))), 2 * student.size);
    },
    backward: (dy, { saved: [map, target, mean, deviation] }) => ({
      student: () => {
        const [batch, height, width] = student.shape;
        const count = batch * height * width;
        const spread = tf.add(deviation, eps);
        const z = tf.div(tf.sub(map, mean), spread);
        const g = tf.sub(z, target);
        const along = tf.mul(tf.sum(tf.mul(g, z), axes, true), tf.div(spread, tf.mul(tf.maximum(deviation, 1e-30), Math.max(count - 1, 1))));
        const rest = tf.sub(tf.sub(g, tf.div(tf.sum(g, axes, true), count)), tf.mul(z, along));
        return tf.mul(rest, tf.div(tf.div(dy, student.size), spread));
      },
    }),
  });
}
