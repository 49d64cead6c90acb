import * as tf from "@tensorflow/tfjs-core";
import type { Prediction } from "../detector/detector.ts";
import { differentiable } from "../tensor/differentiable.ts";
import { requireEqualChannels } from "./adapters.ts";
import type { Distiller } from "./distiller.ts";
import { fromRows, toRows } from "./distribution.ts";
import { reverseKullbackLeibler } from "./divergence.ts";
import { finest, published, type Published } from "./published.ts";
import { checkMaps } from "./squared-distance.ts";
import { detectorOf, pairLevels, taught, type TaughtOptions } from "./taught.ts";

interface CwdWeights {
  /** The term's weight. */
  readonly alpha: number;
  /** τ divides the maps. */
  readonly temperature: number;
  /** How many of the finest levels are compared. Default all. */
  readonly levels?: number;
}

type CwdPreset = CwdWeights & Published;

const origin = "open-mmlab/mmrazor 90c7af1, configs/distill/mmdet/cwd";

/** The published weights by detector; all on the pyramid's five levels. */
export const cwdPresets = {
  retinanet: { alpha: 10, temperature: 1, origin: `${origin}/cwd_fpn_retina_r101_retina_r50_1x_coco.py` },
  gfl: { alpha: 10, temperature: 1, origin: `${origin}/cwd_cls_head_gfl_r101_fpn_gfl_r50_fpn_1x_coco.py, which compares the pyramids in spite of its name` },
  fasterRcnn: { alpha: 10, temperature: 1, origin: `${origin}/cwd_fpn_frcnn_r101_frcnn_r50_1x_coco.py` },
} satisfies Readonly<Record<string, CwdPreset>>;

export interface CwdTermOptions {
  /** τ > 0. */
  readonly temperature: number;
  /**
   * `stable` (default): differences of log-softmaxes, finite for all finite maps. `underflowing`: the logarithm of a softmax, as
   * in TorchDistiller, which is infinite or NaN where an entry underflows.
   */
  readonly logarithm?: "stable" | "underflowing";
}

export interface CwdOptions extends TaughtOptions, Partial<CwdWeights>, Pick<CwdTermOptions, "logarithm"> {
  /** Whose published weights are taken. Default the student's kind, else `retinanet`. */
  readonly preset?: keyof typeof cwdPresets;
  /** What is compared: the pyramid (default) or the class logits, of detectors with equal heads. */
  readonly site?: "pyramid" | "logits";
}

/**
 * Channel-wise distillation (CWD; Shu et al., ICCV 2021): each channel's map is a distribution over its cells,
 * L = α·Σ_levels τ²/(C·B)·Σ_channels KL(softmax(F_t/τ) ‖ softmax(F_s/τ)) (eq. 4), H·W entries each.
 *
 * Default weights: τ = 1, α = 10 on all levels of the pyramid (open-mmlab/mmrazor 90c7af1). The authors' code
 * (irfanICMLL/TorchDistiller 78bac7c) takes the logarithm of a softmax, which large activations make NaN in single precision
 * (`logarithm: "underflowing"`). The method has no parameters: channels must be equal.
 * @throws Error for levels, channels or classes that do not pair, RangeError for values outside their range
 */
export function cwd(options: CwdOptions): Distiller {
  const { alpha, temperature, levels, student, site = "pyramid", logarithm = "stable" } = options;
  const weights = published<keyof typeof cwdPresets, CwdPreset>("cwd", cwdPresets, options, { alpha, temperature, levels });
  if (!(weights.temperature > 0)) throw new RangeError("cwd: temperature is 0; allowed: a finite number > 0");
  if (site !== "pyramid" && site !== "logits") throw new RangeError(`cwd: site is ${JSON.stringify(site)}; allowed: pyramid, logits`);
  if (logarithm !== "stable" && logarithm !== "underflowing") throw new RangeError(`cwd: logarithm is ${JSON.stringify(logarithm)}; allowed: stable, underflowing`);
  const teacher = detectorOf(options.teacher);
  if (site === "pyramid") requireEqualChannels("cwd", student, teacher);
  else if (student.classes !== teacher.classes) throw new Error(`cwd: the student ${student.name} has ${student.classes} classes, the teacher ${teacher.name} ${teacher.classes}: class logits are compared channel by channel`);
  const pairs = finest("cwd", pairLevels(student, teacher), weights);
  const maps = (prediction: Prediction) => prediction[site];
  return taught("cwd", options, () => ({
    reads: site === "pyramid" ? "pyramid" : "prediction",
    hints: (prediction) => ({ maps: pairs.map((pair) => maps(prediction)[pair.teacher]) }),
    terms: (prediction, hints) => {
      const values = pairs.map((pair, i) => cwdTerm(maps(prediction)[pair.student], hints.maps[i] as tf.Tensor4D, { temperature: weights.temperature, logarithm }));
      return { channel: { value: tf.addN(values), weight: weights.alpha } };
    },
  }));
}

/**
 * The unweighted term of one level.
 * @param student F_s [B, H, W, C], differentiated
 * @param teacher F_t of the same shape, a constant
 * @throws Error for unequal shapes
 */
export function cwdTerm(student: tf.Tensor4D, teacher: tf.Tensor4D, { temperature, logarithm = "stable" }: CwdTermOptions): tf.Scalar {
  checkMaps(student, teacher);
  const factor = temperature ** 2 / (student.shape[0] * student.shape[3]);
  return logarithm === "stable" ? stable(student, teacher, { temperature, factor }) : underflowing(student, teacher, { temperature, factor });
}

interface Scaled {
  readonly temperature: number;
  /** Of the sum of divergences. */
  readonly factor: number;
}

function stable(student: tf.Tensor4D, teacher: tf.Tensor4D, { temperature, factor }: Scaled): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { student },
    forward: (save) => {
      const { values, gradient } = reverseKullbackLeibler(toRows([student], "spatial"), toRows([teacher], "spatial"), temperature);
      save([fromRows(tf.mul(gradient, factor), [student.shape], "spatial")[0]]);
      return tf.mul<tf.Scalar>(tf.sum(values), factor);
    },
    backward: (dy, { saved: [slope] }) => ({ student: () => tf.mul(slope, dy) }),
  });
}

/** What CWD compares: each channel's softmax over its cells, [B, H, W, C]. */
export function channelDistributions(map: tf.Tensor4D, temperature: number): tf.Tensor4D {
  return tf.tidy(() => fromRows(shares(map, temperature), [map.shape], "spatial")[0]);
}

/** The same as rows [B·C, H·W]. */
function shares(map: tf.Tensor4D, temperature: number): tf.Tensor2D {
  return tf.softmax(tf.div<tf.Tensor2D>(toRows([map], "spatial"), temperature));
}

function underflowing(student: tf.Tensor4D, teacher: tf.Tensor4D, { temperature, factor }: Scaled): tf.Scalar {
  const [p, q] = [shares(teacher, temperature), shares(student, temperature)];
  return tf.mul<tf.Scalar>(tf.sum(tf.mul(p, tf.sub(tf.log(p), tf.log(q)))), factor);
}
