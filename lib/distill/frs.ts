import * as tf from "@tensorflow/tfjs-core";
import type { Detector, Prediction } from "../detector/detector.ts";
import { ramp } from "../train/schedule.ts";
import { levelAdapters } from "./adapters.ts";
import type { Distiller, Schedule } from "./distiller.ts";
import type { Conv, ParameterSet } from "./layers.ts";
import { presetOf } from "./preset.ts";
import { cellWeights, checkSelection, type RegionSelection } from "./region-weights.ts";
import type { Region } from "./regions.ts";
import type { MaskArithmetic } from "./score-mask.ts";
import { pairLevels, taught, type StudentShape, type TaughtOptions } from "./taught.ts";
import { weightedCrossEntropy, weightedSquaredError, type CrossEntropy } from "./weighted-errors.ts";

/** α (`feature`) and β (`head`) of the released configurations (duzhixing/FRS, `config/distill_frs`); the paper gives none. */
export const frsPresets = {
  /** R101 1x → R50 2x. */
  retinanet: { feature: 0.005, head: 0.02 },
  /** R101 2x multi-scale → R50 1x. */
  gfl: { feature: 0.1, head: 0.05 },
  /** R101 Caffe 2x multi-scale → R50 Caffe 2x multi-scale. */
  fcos: { feature: 0.01, head: 0.05 },
  /** R101 2x → R50 2x. */
  fasterRcnn: { feature: 0.002, head: 0.1 },
} as const;

/** Iterations over which both terms rise, where nobody says (the released configurations). */
export const frsWarmup = 500;

export interface FrsOptions extends TaughtOptions {
  /** Whose α and β. Default: the student's kind (all detectors of two stages: `fasterRcnn`), else `retinanet`. */
  readonly preset?: keyof typeof frsPresets;
  /** α, the weight of the term on the pyramid; 0 leaves it and its adapters out. */
  readonly feature?: number;
  /** β, the weight of the term on the class outputs; 0 leaves it out, and then these need not match. */
  readonly head?: number;
  /** Iterations of linear warm-up of both terms from 0. Default 500. */
  readonly warmup?: number;
  /** Default `conv3x3`, one per level, no activation; `none` needs equal channels. */
  readonly adapter?: "conv3x3" | "conv1x1" | "none";
  /** Default `logits`, the exact cross entropy; `single` is the released code's, of rounded probabilities. */
  readonly crossEntropy?: CrossEntropy;
  /** Default `exact`; `single` is the released code's, which gives NaN where the mask vanishes. */
  readonly mask?: MaskArithmetic;
  /** Compare in these regions alone (the paper's Table 4, which has `head: 0`). Default: everywhere. */
  readonly regions?: readonly Region[] | RegionSelection;
}

/** Both sides of FRS on the levels that are compared, finest first. */
export interface FrsSides {
  /** φ(F^s): [B, H_l, W_l, C]. */
  readonly maps: readonly tf.Tensor4D[];
  /** Class logits: [B, H_l, W_l, A·K]. */
  readonly logits: readonly tf.Tensor4D[];
}

/** The teacher's side, ready for comparison: constants. */
export interface FrsHints extends Readonly<Record<string, readonly tf.Tensor4D[]>> {
  /** F^t: [B, H_l, W_l, C]. */
  readonly maps: readonly tf.Tensor4D[];
  /** y^t: [B, H_l, W_l, A·K] in [0, 1]. */
  readonly probabilities: readonly tf.Tensor4D[];
  /** S / N_l: [B, H_l, W_l, 1]. */
  readonly weights: readonly tf.Tensor4D[];
}

/** L_FPN of FRS over these levels, without α: Σ_l (1/N_l) Σ_ij S_ij Σ_c (F^t − φ(F^s))². */
export function frsFeature(maps: readonly tf.Tensor4D[], hints: Pick<FrsHints, "maps" | "weights">): tf.Scalar {
  return weightedSquaredError(maps, hints.maps, hints.weights);
}

/** L_head of FRS over these levels, without β: Σ_l (1/N_l) Σ_ij S_ij Σ_c BCE(y^s, y^t). */
export function frsHead(logits: readonly tf.Tensor4D[], hints: Pick<FrsHints, "probabilities" | "weights">, form: CrossEntropy = "logits"): tf.Scalar {
  return weightedCrossEntropy(logits, hints.probabilities, hints.weights, form);
}

/**
 * Feature-richness score distillation: L = L_GT + α·L_FPN + β·L_head with the mask S = max_c y^t per cell and level, where
 * L_FPN = Σ_l (1/N_l) Σ_ij S_lij Σ_c (F^t − φ(F^s))², L_head the same weighing of BCE(y^s, y^t), N_l = Σ_ij S_lij
 * (Du et al., "Distilling Object Detectors with Feature Richness", NeurIPS 2021; duzhixing/FRS decd60c).
 *
 * What the numbers depend on: the maximum runs over the whole channel axis (RetinaNet: 9 anchors × classes), sums over
 * channels are not divided by their number, N_l counts the whole batch; FCOS's centre-ness is not used; of detectors of two
 * stages mask and L_head are the region proposal network's objectness on P2–P6, the box head is never distilled; the teacher's probabilities are not tempered;
 * φ is a 3×3 convolution per level, `stu_feature_adap.conv.<level>`; both terms rise over 500 iterations, and are exactly
 * 0 at the first. Weights: `frsPresets`.
 *
 * Where we differ by default: the released code divides by a sum that underflows to 0 where the teacher is sure of nothing
 * (NaN; `mask: "single"`), and takes the cross entropy of rounded probabilities, whose gradient vanishes for a student that is
 * saturated on the wrong side (`crossEntropy: "single"`). The exact values are the same elsewhere.
 *
 * Terms: `distill.feature`, `distill.head`.
 * @throws Error when strides, channels or class outputs do not fit, naming both detectors
 */
export function frs(options: FrsOptions): Distiller {
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const settings = complete(options, teacher);
  const pairs = pairLevels(options.student, teacher);
  const names: Names = { student: options.student.name, teacher: teacher.name };
  return taught("frs", options, (set) => {
    const adapters = settings.feature === 0 ? [] : adaptersFor(set, settings, [options.student, teacher], pairs.length);
    return {
      hints: (prediction, { targets }) => {
        const { maps, logits } = sidesOf(prediction, pairs.map((pair) => pair.teacher));
        const context = { targets, detector: teacher, strides: pairs.map(({ stride }) => stride), size: prediction };
        return {
          weights: cellWeights(logits, context, settings),
          ...(settings.feature !== 0 && { maps }),
          ...(settings.head !== 0 && { probabilities: logits.map((map) => tf.sigmoid(map)) }),
        };
      },
      terms: (prediction, hints, _batch, { iteration }) => {
        const student = sidesOf(prediction, pairs.map((pair) => pair.student));
        const rise = settings.rise(iteration);
        return {
          ...(settings.feature !== 0 && { feature: { value: featureTerm(student.maps, hints as FrsHints, adapters, names), weight: rise * settings.feature } }),
          ...(settings.head !== 0 && { head: { value: headTerm(student.logits, hints as FrsHints, settings.crossEntropy, names), weight: rise * settings.head } }),
        };
      },
    };
  });
}

interface Names {
  readonly student: string;
  readonly teacher: string;
}

interface Settings {
  readonly feature: number;
  readonly head: number;
  readonly rise: Schedule;
  readonly adapter: "conv3x3" | "conv1x1" | "none";
  readonly crossEntropy: CrossEntropy;
  readonly arithmetic: MaskArithmetic;
  readonly selection?: RegionSelection;
}

function complete(options: FrsOptions, teacher: Detector): Settings {
  const { student, warmup = frsWarmup, adapter = "conv3x3", crossEntropy = "logits", mask = "exact", regions } = options;
  const preset = frsPresets[presetOf("frs", frsPresets, { student: student.name, ...(options.preset !== undefined && { asked: options.preset }) })];
  const { feature = preset.feature, head = preset.head } = options;
  for (const [name, weight] of Object.entries({ feature, head })) if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`frs: the weight ${name} is ${weight}; allowed: a finite number from 0`);
  if (feature === 0 && head === 0) throw new RangeError("frs: the weights feature and head are both 0; nothing would be distilled");
  oneOf("adapter", adapter, ["conv3x3", "conv1x1", "none"]);
  oneOf("crossEntropy", crossEntropy, ["logits", "single", "double"]);
  oneOf("mask", mask, ["exact", "single"]);
  const selection: RegionSelection | undefined = isList(regions) ? { keep: regions } : regions;
  if (selection !== undefined) checkSelection(selection);
  if (selection?.foreground === "assigned" && teacher.assignment === undefined) throw new Error(`frs: foreground "assigned" asks the teacher for its assignment, which ${teacher.name} does not tell; take "boxes" or "scale"`);
  return { feature, head, rise: ramp(warmup), adapter, crossEntropy, arithmetic: mask, ...(selection && { selection }) };
}

const isList = (value: unknown): value is readonly Region[] => Array.isArray(value);

function oneOf<T>(option: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value)) throw new RangeError(`frs: ${option} is ${JSON.stringify(value)}; allowed: ${allowed.map((a) => JSON.stringify(a)).join(", ")}`);
}

function adaptersFor(set: ParameterSet, { adapter }: Settings, [student, teacher]: readonly [StudentShape, StudentShape], levels: number): readonly Conv[] {
  const [from, to] = [student.channels, teacher.channels];
  if (adapter !== "none") return levelAdapters(set, { kind: adapter, name: (level) => `stu_feature_adap.conv.${level}`, from, to, levels });
  if (from !== to) throw new Error(`frs: the student ${student.name} has ${from} channels, the teacher ${teacher.name} ${to}: without an adapter they must be equal. Take adapter "conv3x3" or "conv1x1"`);
  return Array.from({ length: levels }, () => (map: tf.Tensor4D) => map);
}

function sidesOf({ pyramid, logits }: Prediction, levels: readonly number[]): FrsSides {
  return { maps: levels.map((l) => pyramid[l]), logits: levels.map((l) => logits[l]) };
}

function featureTerm(maps: readonly tf.Tensor4D[], hints: FrsHints, adapters: readonly Conv[], names: Names): tf.Scalar {
  const own = maps.map((map, l) => adapters[l](map));
  requireEqual("feature maps", own, hints.maps, names);
  return frsFeature(own, hints);
}

function headTerm(logits: readonly tf.Tensor4D[], hints: FrsHints, form: CrossEntropy, names: Names): tf.Scalar {
  requireEqual("class outputs", logits, hints.probabilities, names);
  return frsHead(logits, hints, form);
}

function requireEqual(what: string, own: readonly tf.Tensor4D[], wanted: readonly tf.Tensor4D[], { student, teacher }: Names): void {
  const wrong = own.findIndex(({ shape }, l) => shape.join() !== wanted[l].shape.join());
  if (wrong < 0) return;
  const [a, b] = [own[wrong], wanted[wrong]].map(({ shape }) => `[${shape.join(", ")}]`);
  const remedy = what === "class outputs" ? "Both need the same classes and anchors, or head: 0" : "Both must see the same images";
  throw new Error(`frs: the student ${student} has ${what} ${a} on level ${wrong}, the teacher ${teacher} ${b}. ${remedy}`);
}
