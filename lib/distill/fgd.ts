import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Prediction } from "../detector/detector.ts";
import { differentiable } from "../tensor/differentiable.ts";
import { levelAdapters } from "./adapters.ts";
import { attentionDistance, channelAttention, spatialAttention } from "./attention.ts";
import { boxMasks, type BoxMaskOptions } from "./box-masks.ts";
import { contextBlock, contextOf, type ContextBlock } from "./context-block.ts";
import type { Distiller } from "./distiller.ts";
import type { ParameterSet } from "./layers.ts";
import { finest, published, type Published } from "./published.ts";
import { checkMaps, squaredDistance } from "./squared-distance.ts";
import { detectorOf, pairLevels, taught, type LevelPair, type Method, type TaughtOptions } from "./taught.ts";

interface FgdWeights {
  /** α of the foreground's and β of the background's feature term. */
  readonly alpha: number;
  readonly beta: number;
  /** γ of the attention term. */
  readonly gamma: number;
  /** λ of the relation term. */
  readonly lambda: number;
  /** T of both attentions. */
  readonly temperature: number;
  /** How many of the finest levels are compared. Default all. */
  readonly levels?: number;
}

type FgdPreset = FgdWeights & Published;

const origin = "yzd-v/FGD c03a6cf, configs/distillers/fgd";
const dense = { alpha: 1e-3, beta: 5e-4, gamma: 5e-4, lambda: 5e-6, temperature: 0.5 };
const twoStage = { alpha: 5e-5, beta: 2.5e-5, gamma: 5e-5, lambda: 5e-7, temperature: 0.5, levels: 4 };

/** The published weights by detector. */
export const fgdPresets = {
  retinanet: { ...dense, origin: `${origin}/fgd_retina_rx101_64x4d_distill_retina_r50_fpn_2x_coco.py` },
  gfl: { ...dense, origin: `${origin}/fgd_gfl_r101_distill_gfl_r50_fpn_1x_coco.py` },
  fcos: { alpha: 1.6e-3, beta: 8e-4, gamma: 8e-4, lambda: 8e-6, temperature: 0.8, origin: `${origin}/fgd_fcos_r101_distill_fcos_r50_2x_coco.py` },
  reppoints: { alpha: 1.6e-3, beta: 8e-4, gamma: 8e-4, lambda: 8e-6, temperature: 0.5, origin: `${origin}/fgd_reppoints_r101_fpn_distill_reppoints_r50_fpn_2x_coco.py` },
  fasterRcnn: { ...twoStage, origin: `${origin}/fgd_faster_rcnn_r101_fpn_2x_distill_faster_rcnn_r50_fpn_2x_coco.py` },
  maskRcnn: { ...twoStage, origin: `${origin}/fgd_cascade_mask_rcnn_rx101_32x4d_distill_mask_rcnn_r50_fpn_2x_coco.py` },
} satisfies Readonly<Record<string, FgdPreset>>;

export interface FgdOptions extends TaughtOptions, Partial<FgdWeights> {
  /** Whose published weights are taken. Default the student's kind, else `retinanet`. */
  readonly preset?: keyof typeof fgdPresets;
  /** What boxes are scaled by. Default `padded`; `content` is what the code does. */
  readonly scaleBy?: BoxMaskOptions["scaleBy"];
  /** Which cells a box counts. Default `inside` the map; `whole` is what the code does. */
  readonly area?: BoxMaskOptions["area"];
}

/**
 * Focal and global distillation (FGD; Yang et al., CVPR 2022), per level, sums over cells and channels divided by the batch:
 *
 * foreground Σ M_fg·A^S·A^C·(F_t − F_s)², background the same with M_bg (eq. 8), attention ‖A^S_s − A^S_t‖₁ + ‖A^C_s − A^C_t‖₁
 * (eq. 9), relation ‖G_s(F_s) − G_t(F_t)‖² (eq. 11), with the teacher's attentions A (`spatialAttention`, `channelAttention`),
 * the masks of `boxMasks`, and one global context block per side and level; the teacher's block is trained too.
 * L = α·foreground + β·background + γ·attention + λ·relation, each summed over the levels.
 *
 * Of the authors' code (yzd-v/FGD c03a6cf): boxes are divided by the size of the image's content although the maps cover the
 * padding (`scaleBy: "content"`), a box at the border counts cells outside the map (`area: "whole"`), padding counts as
 * background, and an image whose boxes cover all cells has no background term. Two-stage detectors use P2–P5. Students start with
 * the teacher's neck and head, and the gradient's norm is clipped at 35. Where channels differ a 1 × 1 convolution adapts
 * the student's.
 * @throws Error for a teacher whose levels do not pair with the student's, RangeError for values outside their range
 */
export function fgd(options: FgdOptions): Distiller {
  const { alpha, beta, gamma, lambda, temperature, levels } = options;
  const weights = published<keyof typeof fgdPresets, FgdPreset>("fgd", fgdPresets, options, { alpha, beta, gamma, lambda, temperature, levels });
  if (!(weights.temperature > 0)) throw new RangeError("fgd: temperature is 0; allowed: a finite number > 0");
  const pairs = finest("fgd", pairLevels(options.student, detectorOf(options.teacher)), weights);
  return taught("fgd", options, (set) => method(weights, pairs, levelsOf(set, options, pairs), options));
}

/** The trained parts of one level. */
interface FgdLevel {
  /** Absent where the channels are equal. */
  readonly align?: (map: tf.Tensor4D) => tf.Tensor4D;
  readonly blocks: FgdBlocks;
}

/** The two sides' global context blocks. */
export interface FgdBlocks {
  readonly student: ContextBlock;
  readonly teacher: ContextBlock;
}

/** The two blocks of a level, with the official names after `prefix`. */
export function fgdBlocks(set: ParameterSet, prefix: string, channels: number): FgdBlocks {
  const block = (side: "s" | "t") => contextBlock(set, { mask: `${prefix}conv_mask_${side}`, transform: `${prefix}channel_add_conv_${side}`, channels });
  return { student: block("s"), teacher: block("t") };
}

function levelsOf(set: ParameterSet, { student, teacher }: FgdOptions, pairs: readonly LevelPair[]): FgdLevel[] {
  const to = detectorOf(teacher).channels;
  const prefix = (level: number) => `distill_losses.loss_fgd_fpn_${level}.`;
  const align = student.channels === to ? [] : levelAdapters(set, { kind: "conv1x1", name: (level) => `${prefix(level)}align`, from: student.channels, to, levels: pairs.length });
  return pairs.map((_, level) => ({ blocks: fgdBlocks(set, prefix(level), to), ...(align.length > 0 && { align: align[level] }) }));
}

function method(weights: FgdWeights, pairs: readonly LevelPair[], levels: readonly FgdLevel[], masks: Pick<BoxMaskOptions, "scaleBy" | "area">): Method {
  return {
    reads: "pyramid",
    hints: (teacher, { targets }) => {
      const all = pairs.map((pair) => fgdHints(teacher.pyramid[pair.teacher], targets, { temperature: weights.temperature, imageHeight: teacher.height, imageWidth: teacher.width, ...pick(masks) }));
      const column = (name: keyof FgdHints) => all.map((hints) => hints[name]);
      return { teacher: column("teacher"), spatial: column("spatial"), channel: column("channel"), foreground: column("foreground"), background: column("background") };
    },
    terms: (student: Prediction, hints) => {
      const all = pairs.map((pair, i) => {
        const own = Object.fromEntries(Object.entries(hints).map(([name, tensors]) => [name, tensors[i]])) as unknown as FgdHints;
        const map = student.pyramid[pair.student];
        return fgdTerms(levels[i].align?.(map) ?? map, own, { temperature: weights.temperature, blocks: levels[i].blocks });
      });
      const sum = (name: keyof FgdTerms) => tf.addN(all.map((terms) => terms[name]));
      return {
        foreground: { value: sum("foreground"), weight: weights.alpha },
        background: { value: sum("background"), weight: weights.beta },
        attention: { value: sum("attention"), weight: weights.gamma },
        relation: { value: sum("relation"), weight: weights.lambda },
      };
    },
  };
}

const pick = ({ scaleBy = "padded", area = "inside" }: Pick<BoxMaskOptions, "scaleBy" | "area">) => ({ scaleBy, area });

/** What a level's comparison needs of the teacher; constants. */
export interface FgdHints {
  /** F_t [B, H, W, C]. */
  readonly teacher: tf.Tensor4D;
  /** A^S [B, H, W] and A^C [B, C]. */
  readonly spatial: tf.Tensor3D;
  readonly channel: tf.Tensor2D;
  /** M_fg·A^S and M_bg·A^S [B, H, W, 1]. */
  readonly foreground: tf.Tensor4D;
  readonly background: tf.Tensor4D;
}

type HintOptions = Omit<BoxMaskOptions, "height" | "width"> & { readonly temperature: number };

/** The teacher's side of one level. */
export function fgdHints(teacher: tf.Tensor4D, targets: Batch["targets"], { temperature, ...image }: HintOptions): FgdHints {
  const [batch, height, width] = teacher.shape;
  const masks = boxMasks(targets, { ...image, height, width });
  const spatial = spatialAttention(teacher, temperature);
  const weighed = (mask: Float32Array) => tf.mul<tf.Tensor4D>(tf.tensor4d(mask, [batch, height, width, 1]), tf.expandDims(spatial, 3));
  return { teacher, spatial, channel: channelAttention(teacher, temperature), foreground: weighed(masks.foreground), background: weighed(masks.background) };
}

/** The four unweighted terms of one level. */
export interface FgdTerms {
  readonly foreground: tf.Scalar;
  readonly background: tf.Scalar;
  readonly attention: tf.Scalar;
  readonly relation: tf.Scalar;
}

/**
 * FGD's terms on one level.
 * @param student F_s [B, H, W, C], with the teacher's channels
 * @throws Error for a map of another shape than the teacher's
 */
export function fgdTerms(student: tf.Tensor4D, hints: FgdHints, { temperature, blocks }: { readonly temperature: number; readonly blocks: FgdBlocks }): FgdTerms {
  checkMaps(student, hints.teacher);
  const [foreground, background] = tf.unstack(focalTerms(student, hints)) as tf.Scalar[];
  const shift = tf.sub<tf.Tensor4D>(contextOf(student, blocks.student), contextOf(hints.teacher, blocks.teacher));
  return {
    foreground,
    background,
    attention: attentionDistance(student, hints, temperature),
    relation: tf.div(squaredDistance(student, hints.teacher, shift), student.shape[0]),
  };
}

/** [foreground, background] = Σ_i w_i·Σ_c A^C_c·(F_s − F_t)² / B with the cells' weights w, as one node that keeps no map of its own. */
function focalTerms(student: tf.Tensor4D, { teacher, channel, foreground, background }: FgdHints): tf.Tensor1D {
  const [batch, height, width, channels] = student.shape;
  const cells = height * width;
  return differentiable<tf.Tensor1D>({
    inputs: { student },
    forward: (save) => {
      const squares = tf.reshape<tf.Rank.R3>(tf.square(tf.sub(student, teacher)), [batch, cells, channels]);
      const errors = tf.reshape<tf.Rank.R2>(tf.matMul(squares, tf.reshape<tf.Rank.R3>(channel, [batch, channels, 1])), [1, batch * cells]);
      const weights = tf.stack([foreground, background].map((mask) => tf.reshape(mask, [batch * cells])), 1) as tf.Tensor2D;
      save([student, teacher, channel, foreground, background]);
      return tf.reshape(tf.div(tf.matMul(errors, weights), batch), [2]);
    },
    backward: (dy, { saved: [s, t, c, fg, bg] }) => ({
      student: () => {
        const [byForeground, byBackground] = tf.unstack(tf.mul(dy, 2 / batch));
        const byCell = tf.add(tf.mul(fg, byForeground), tf.mul(bg, byBackground));
        return tf.mul(tf.mul(tf.sub(s, t), byCell), tf.reshape(c, [batch, 1, 1, channels]));
      },
    }),
  });
}
