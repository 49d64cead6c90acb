import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import { assignmentOf } from "../detector/assignment.ts";
import type { Detector, Prediction } from "../detector/detector.ts";
import { distillationDivergence } from "../detector/loss/distillation-divergence.ts";
import { levelRows } from "../detector/loss/rows.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import type { Distiller, Hints } from "./distiller.ts";
import { ldRegions, type Regions } from "./ld-regions.ts";
import { checkChoices } from "./choices.ts";
import { published, type Published } from "./published.ts";
import { pairLevels, taught, type MethodTerms, type StudentShape, type TaughtOptions } from "./taught.ts";

interface LdPreset extends Published {
  readonly box: number;
  readonly valuable: number;
  readonly class: number;
  readonly temperature: number;
  readonly classTemperature: number;
  readonly gamma: number;
  readonly candidates: number;
}

/**
 * Published settings. The repository's valuable region has a loss weight of
 * 0.25 over a divisor of 16 where the main one has 4 (the sides of a box): a quarter of the main region's weight.
 */
export const ldPresets = {
  gfl: { box: 0.25, valuable: 0.0625, class: 10, temperature: 10, classTemperature: 2, gamma: 0.25, candidates: 9, origin: "HikariTJU/LD, ld_r50_gflv1_r101_fpn_coco_1x" },
} as const satisfies Record<string, LdPreset>;

export interface LdOptions extends TaughtOptions {
  /** A detector whose boxes are distributions over bins, of one anchor per cell: GFL. */
  readonly student: StudentShape & Pick<Detector, "assignment">;
  /** Whose settings are meant where the options below are silent. Default `gfl`. */
  readonly preset?: keyof typeof ldPresets;
  /** Weight of the localisation term on the main region. Default 0.25. */
  readonly box?: number;
  /** Weight of the localisation term on the valuable localisation region. Default 0.0625; 0 leaves the region out. */
  readonly valuable?: number;
  /** Weight of the class term. Default 10; 0 leaves it out. */
  readonly class?: number;
  /** Of the bins' distributions. Default 10. */
  readonly temperature?: number;
  /** Of the classes' distributions. Default 2. */
  readonly classTemperature?: number;
  /** The divergence's mean over the bins (default, as the official code) or its sum (the textbook's KL). Classes likewise. */
  readonly bins?: BinReduction;
  /** Part γ of the positives' threshold where the valuable region begins. Default 0.25. */
  readonly gamma?: number;
  /** ATSS's candidates per level, from which its thresholds come. Default 9. */
  readonly candidates?: number;
  /** What an anchor of the valuable region counts: its IoU (default, as the official code) or 1 (the paper's indicator). */
  readonly valuableWeight?: "iou" | "one";
  /**
   * What the sums over the anchors are divided by: `none` (default; the official code, so that they grow with the number of
   * objects) or `weights`: the sum of the anchors' weights, at least 1, as GFL's own box losses.
   */
  readonly normaliser?: "none" | "weights";
}

export type BinReduction = "mean" | "sum";

export interface LdDivergenceOptions {
  readonly temperature: number;
  readonly bins: BinReduction;
  /** [n] of the rows. Default 1. */
  readonly weights?: tf.Tensor1D;
  /** What the weighted sum is divided by. Default the number of rows. */
  readonly divisor?: number;
}

/**
 * T² · Σ_rows w · KL(softmax(teacher / T) ‖ softmax(student / T)) / divisor.
 * @param student [n, bins] logits, differentiated
 * @param teacher [n, bins] logits, constants
 */
export function ldDivergence(student: tf.Tensor2D, teacher: tf.Tensor2D, { temperature, bins, weights, divisor = student.shape[0] }: LdDivergenceOptions): tf.Scalar {
  const rows = rowDivergence(student, teacher, { temperature, bins });
  return tf.div(tf.sum(weights === undefined ? rows : tf.mul(rows, weights)), divisor);
}

function rowDivergence(student: tf.Tensor2D, teacher: tf.Tensor2D, { temperature, bins }: Pick<LdDivergenceOptions, "temperature" | "bins">): tf.Tensor1D {
  const mean = distillationDivergence(student, teacher, temperature);
  return bins === "mean" ? mean : tf.mul(mean, student.shape[1]);
}

/**
 * LD, localisation distillation (Zheng et al., CVPR 2022; HikariTJU/LD): the distributions of a GFL box's sides learn from
 * the teacher's, on the positives and on a valuable localisation region around them.
 *
 * L = a · Σ_main s_i · D_i + b · Σ_valuable IoU_i · D_i + c · Σ_levels mean over the level's positives of D^class_i,
 * D = T² · mean over the 4 sides of KL(softmax(t/T) ‖ softmax(s/T)), s_i the student's highest class score (no gradient, as
 * GFL weighs boxes). The valuable region: γ·t ≤ DIoU < t with t ATSS's threshold of the object (`ldRegions`).
 * Defaults: a = 0.25, T = 10; b = 0.0625; c = 10 with T = 2 over the classes; γ = 0.25.
 *
 * What numbers depend on in the official code: KL is the mean over the 17 bins (and over the 80 classes), 1/17 of the sum;
 * box terms are sums over the anchors of the batch, not divided by their weights as GFL's own losses are; the class term is
 * a softmax over classes that are trained as sigmoids, averaged level by level. Its feature imitation (`loss_im`, a switch
 * there) is not part of this method.
 *
 * Terms: `box`, `valuable`, `class`, the latter two unless their weight is 0.
 * @throws Error for levels or numbers of classes that differ, for a student without such an assignment, and in a step for
 *   boxes that are no distributions over the same bins
 */
export function ld(options: LdOptions): Distiller {
  const { student } = options;
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const { box, valuable, class: classes, temperature, classTemperature, gamma, candidates, bins = "mean", valuableWeight = "iou", normaliser = "none" } = options;
  const numbers = published<keyof typeof ldPresets, LdPreset>("ld", ldPresets, options, { box, valuable, class: classes, temperature, classTemperature, gamma, candidates });
  const settings: Settings = { ...numbers, bins, valuableWeight, normaliser };
  check(settings, student, teacher);
  return taught("ld", options, () => ({
    hints: (prediction, { targets }) => teacherSide(prediction, regionsOf(student, prediction, { ...settings, targets }), { ...settings, teacher, classes: teacher.classes }),
    terms: (prediction, hints) => ldTerms(prediction, hints, { ...settings, name: student.name, classes: student.classes }),
  }));
}

type Settings = Required<Omit<LdOptions, keyof TaughtOptions | "preset">>;

function check(settings: Settings, student: LdOptions["student"], teacher: Detector): void {
  checkChoices("ld", settings, { bins: ["mean", "sum"], valuableWeight: ["iou", "one"], normaliser: ["none", "weights"] });
  for (const option of ["temperature", "classTemperature", "candidates"] as const) if (!(settings[option] > 0)) throw new Error(`ld: ${option} is ${settings[option]}; it must be more than 0`);
  if (!(settings.gamma >= 0 && settings.gamma <= 1)) throw new Error(`ld: gamma is ${settings.gamma}; it must be from 0 to 1`);
  pairLevels(student, teacher);
  if (student.classes !== teacher.classes) throw new Error(`ld: the student ${student.name} has ${student.classes} classes, the teacher ${teacher.name} ${teacher.classes}; both must know the same`);
  if (student.assignment === undefined) throw new Error(`ld: ${student.name} does not tell which anchors are positive; a GFL detector does`);
}

/** The bins of each side. @throws Error for boxes that are no distributions of one anchor per cell */
function binsOf({ boxes, logits }: Prediction, { name, classes }: { readonly name: string; readonly classes: number }): number {
  const [numbers, scores] = [boxes[0].shape[3], logits[0].shape[3]];
  if (scores !== classes || numbers % 4 !== 0 || numbers < 8) throw new Error(`ld: ${name} says ${scores} scores and ${numbers} numbers of boxes per cell; LD compares distributions over bins, of one anchor per cell with ${classes} scores and 4 · bins numbers. Use GFL for student and teacher`);
  return numbers / 4;
}

function regionsOf(student: LdOptions["student"], { height, width }: Prediction, { targets, ...options }: Settings & Pick<Batch, "targets">): readonly (Regions & { readonly anchors: number })[] {
  return targets.map((target) => {
    const levels = assignmentOf(student as Detector, target, { height, width });
    const anchors = levels.reduce((sum, { objects }) => sum + objects.length, 0);
    return { ...ldRegions(levels, target, options), anchors };
  });
}

interface Place {
  readonly name: string;
  readonly classes: number;
}

/** Rows (image · anchors + anchor) of both regions, their weights, and what the teacher says there. */
function teacherSide(prediction: Prediction, images: ReturnType<typeof regionsOf>, { teacher, valuable, valuableWeight, ...settings }: Settings & { readonly teacher: Detector; readonly classes: number }): Hints {
  const bins = binsOf(prediction, { name: teacher.name, classes: settings.classes });
  const main = images.flatMap(({ main: { priors }, anchors }, image) => priors.map((p) => image * anchors + p));
  const around = valuable === 0 ? [] : images.flatMap(({ valuable: { priors }, anchors }, image) => priors.map((p) => image * anchors + p));
  const overlaps = valuable === 0 ? [] : images.flatMap(({ valuable: region }) => region.overlaps.map((iou) => (valuableWeight === "iou" ? iou : 1)));
  const levels = images.flatMap((image) => image.main.levels);
  const shares = levels.map((level) => 1 / levels.filter((other) => other === level).length);
  // A row that counts nothing stands in where there is none, so that no tensor is empty.
  const positives = main.length === 0 ? { rows: [0], present: [0], shares: [0] } : { rows: main, present: main.map(() => 1), shares };
  const rows = tf.tensor1d([...positives.rows, ...around], "int32");
  const mainRows = tf.tensor1d(positives.rows, "int32");
  return {
    rows: [rows, mainRows],
    sides: [sidesAt(prediction, rows, bins)],
    scores: [tf.gather(levelRows(prediction.logits, settings.classes), mainRows)],
    weights: [tf.tensor1d(positives.present), tf.tensor1d([...positives.present.map(() => 0), ...overlaps]), tf.tensor1d(positives.shares)],
  };
}

/** Logits of the sides of these rows' boxes: [4n, bins]. */
function sidesAt({ boxes }: Prediction, rows: tf.Tensor1D, bins: number): tf.Tensor2D {
  return tf.reshape(tf.gather(levelRows(boxes, 4 * bins), rows), [-1, bins]);
}

function ldTerms(prediction: Prediction, { rows: [rows, mainRows], sides: [sides], scores: [scores], weights }: Hints, settings: Settings & Place): MethodTerms {
  const { classes, temperature, bins: reduction, normaliser } = settings;
  const bins = binsOf(prediction, settings);
  if (bins !== sides.shape[1]) throw new Error(`ld: ${settings.name} has ${bins} bins per side, the teacher ${sides.shape[1]}; give both the same head.bins`);
  const [present, around, shares] = weights as tf.Tensor1D[];
  const own = tf.gather(levelRows(prediction.logits, classes), mainRows);
  const confidence = withoutTape(() => tf.mul<tf.Tensor1D>(tf.sigmoid(tf.max(own, 1)), present));
  const each = rowDivergence(sidesAt(prediction, rows as tf.Tensor1D, bins), sides as tf.Tensor2D, { temperature, bins: reduction });
  const anchors = tf.mean<tf.Tensor1D>(tf.reshape(each, [-1, 4]), 1);
  const weighted = (values: tf.Tensor1D, by: tf.Tensor1D): tf.Scalar => {
    const sum = tf.sum<tf.Scalar>(tf.mul(values, by));
    return normaliser === "none" ? sum : tf.div(sum, withoutTape(() => tf.maximum(tf.sum(by), 1)));
  };
  return {
    box: { value: weighted(tf.slice(anchors, [0], [confidence.shape[0]]), confidence), weight: settings.box },
    ...(settings.valuable !== 0 && { valuable: { value: weighted(anchors, around), weight: settings.valuable } }),
    ...(settings.class !== 0 && { class: { value: ldDivergence(own, scores as tf.Tensor2D, { temperature: settings.classTemperature, bins: reduction, weights: shares, divisor: 1 }), weight: settings.class } }),
  };
}
