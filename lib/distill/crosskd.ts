import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import { background } from "../detector/assign/max-iou.ts";
import { assignmentOf, type AssignedLevel } from "../detector/assignment.ts";
import { centerness, centres, encodeDistances } from "../detector/coder/distance.ts";
import type { Detector, HeadMaps, HeadSplit, Prediction } from "../detector/detector.ts";
import { binaryCrossEntropy } from "../detector/loss/binary-cross-entropy.ts";
import { iouLoss } from "../detector/loss/box.ts";
import { levelRows } from "../detector/loss/rows.ts";
import { relu } from "../tensor/elementwise.ts";
import { rowsOf } from "../tensor/boxes.ts";
import { alignScale, kdQualityFocal, scaleOf } from "./crosskd-loss.ts";
import type { Distiller, Hints } from "./distiller.ts";
import { ldDivergence } from "./ld.ts";
import { checkChoices } from "./choices.ts";
import { published, type Published } from "./published.ts";
import { pairLevels, taught, type MethodTerms, type StudentShape, type TaughtOptions } from "./taught.ts";

export { alignScale, kdQualityFocal, scaleOf, type KdQualityFocalOptions, type Scale } from "./crosskd-loss.ts";

interface CrossKdPreset extends Published {
  readonly class: number;
  readonly box: number;
  readonly centerness: number;
  readonly beta: number;
  readonly convs: number;
  readonly boxLoss: BoxLoss;
  readonly normaliser: "positives" | "centerness";
}

/** Published settings by the kind of the teacher. */
export const crossKdPresets = {
  retinanet: { class: 1, box: 1, centerness: 0, beta: 1, convs: 3, boxLoss: "giou", normaliser: "positives", origin: "jbwang1997/CrossKD, crosskd_r50_retinanet_r101_fpn_2x_coco" },
  gfl: { class: 1, box: 4, centerness: 0, beta: 1, convs: 3, boxLoss: "kl", normaliser: "positives", origin: "jbwang1997/CrossKD, crosskd_r50_gflv1_r101-2x-ms_fpn_1x_coco" },
  atss: { class: 1, box: 1, centerness: 1, beta: 1, convs: 3, boxLoss: "giou", normaliser: "positives", origin: "jbwang1997/CrossKD, crosskd_r50_atss_r101_fpn_1x_coco" },
  fcos: { class: 0.4, box: 0.75, centerness: 0, beta: 1, convs: 2, boxLoss: "log", normaliser: "centerness", origin: "jbwang1997/CrossKD, crosskd_r50_fcos_r101-2x-ms_caffe_fpn_gn-head_2x_ms_coco" },
} as const satisfies Record<string, CrossKdPreset>;

/** 1 − GIoU, −log IoU, or the KL divergence of the sides' distributions (GFL alone), summed over the bins. */
export type BoxLoss = "giou" | "log" | "kl";

export interface CrossKdOptions extends TaughtOptions {
  /** A detector with a dense head of towers: RetinaNet, FCOS, ATSS or GFL. The teacher must be one as well. */
  readonly student: StudentShape & Pick<Detector, "headSplit">;
  /** Whose settings are meant where the options below are silent. Default by the teacher's kind. */
  readonly preset?: keyof typeof crossKdPresets;
  /** Weight of the class term. Default 1; FCOS 0.4. */
  readonly class?: number;
  /** Weight of the box term. Default 1; GFL 4, FCOS 0.75. 0 leaves it out. */
  readonly box?: number;
  /** Weight of the centre-ness term, for teachers that say it. Default 0; ATSS 1. */
  readonly centerness?: number;
  /** Exponent of the class term's focal weight: 0, or from 1. Default 1. */
  readonly beta?: number;
  /** Convolutions of the student's towers before the teacher's take over. Default 3 (FCOS 2), at most what both heads have. */
  readonly convs?: number;
  /** Default `giou`; GFL `kl`, FCOS `log`. */
  readonly boxLoss?: BoxLoss;
  /** What the class term, and boxes but for `kl`, are divided by: positives, or their centre-ness. Default `positives`; FCOS `centerness`. */
  readonly normaliser?: "positives" | "centerness";
  /** What the divisor is at least. Default 1; 1e-6 is the official FCOS's, which multiplies the loss of a batch without objects by a million. */
  readonly least?: number;
}

/**
 * CrossKD, cross-head distillation (Wang et al., CVPR 2024; jbwang1997/CrossKD): the student's maps from the middle of its
 * head go through the rest of the teacher's frozen head, and these predictions learn from the teacher's own.
 *
 * L = a · 1/N · Σ |σ(x̂) − σ(x_t)|^β · BCE(x̂, σ(x_t)) + b · 1/N · Σ s_t · L_box(b̂, b_t), over all priors that the assignment
 * does not ignore; s_t is the teacher's highest class score, N the positives (FCOS: the sum of their centre-ness). Of GFL the
 * box term is the KL of the sides' distributions (temperature 1, sum over the bins, mean over the sides) over Σ s_t.
 * Before it enters the teacher's head, before the activation, each map takes the teacher's mean and unbiased deviation by
 * channel over the batch: (x − μ) / (σ + 1e-6) · σ_t + μ_t.
 * Defaults by the teacher's kind: `crossKdPresets` (β = 1, three of four convolutions; FCOS two, a = 0.4, b = 0.75).
 *
 * What numbers depend on in the official code: 1.19e-7 is added to N; FCOS's N has no bound but 1e-6 (`least`); ATSS
 * also compares centre-ness on positives. Where heads end in a ReLU the teacher may say boxes without area: they count nothing
 * here, where the official code adds −log 1e-6 for each. The student's half of its head is computed once more for this term.
 *
 * Terms: `class`, `box`, `centerness`, those of weight 0 left out.
 * @throws Error naming a detector whose head cannot be split, for heads of different width, levels or classes, and for
 *   options that do not fit
 */
export function crossKd(options: CrossKdOptions): Distiller {
  const { student } = options;
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const { class: scores, box, centerness: central, beta, convs, boxLoss, normaliser, least = 1 } = options;
  const preset = published<keyof typeof crossKdPresets, CrossKdPreset>("crossKd", crossKdPresets, { student: teacher, ...(options.preset !== undefined && { preset: options.preset }) },
    { class: scores, box, centerness: central, beta, convs, boxLoss, normaliser });
  const [own, other] = [splitOf(student), splitOf(teacher)];
  const most = Math.min(own.convs, other.convs);
  const settings: Settings = { ...preset, least, convs: convs ?? Math.min(preset.convs, most) };
  check(settings, { student, teacher, most });
  return taught("crossKd", options, () => ({
    hints: (prediction, batch) => teacherSide(prediction, batch, { teacher, head: other, settings }),
    terms: ({ pyramid, height, width }, hints) => {
      const half = own.until(pyramid, settings.convs);
      const crossed = { pyramid, height, width, ...other.from(entering(half, hints, settings.convs), settings.convs) };
      return crossTerms(crossed, hints, { teacher, head: other, settings });
    },
  }));
}

type Settings = Required<Omit<CrossKdOptions, keyof TaughtOptions | "preset">>;

function splitOf({ name, headSplit }: Pick<Detector, "name" | "headSplit">): HeadSplit {
  if (headSplit === undefined) throw new Error(`crossKd: the head of ${name} cannot be split; RetinaNet, FCOS, ATSS and GFL have heads that can`);
  return headSplit;
}

function check({ convs, beta, boxLoss, normaliser, least }: Settings, { student, teacher, most }: { readonly student: StudentShape; readonly teacher: Detector; readonly most: number }): void {
  if (!(Number.isInteger(convs) && convs >= 0 && convs <= most)) throw new Error(`crossKd: convs is ${convs}; it must be a whole number from 0 to ${most}, the convolutions that the towers of both heads have`);
  if (!(beta === 0 || beta >= 1)) throw new Error(`crossKd: beta is ${beta}; it must be 0 or from 1`);
  checkChoices("crossKd", { boxLoss, normaliser }, { boxLoss: ["giou", "log", "kl"], normaliser: ["positives", "centerness"] });
  if (!(least > 0)) throw new Error(`crossKd: least is ${least}; it must be more than 0`);
  pairLevels(student, teacher);
  for (const what of ["channels", "classes"] as const) {
    if (student[what] !== teacher[what]) throw new Error(`crossKd: ${student.name} has ${student[what]} ${what}, the teacher ${teacher.name} ${teacher[what]}; the student's maps enter the teacher's head, so both need the same`);
  }
}

interface TeacherHead {
  readonly teacher: Detector;
  readonly head: HeadSplit;
  readonly settings: Settings;
}

function teacherSide(prediction: Prediction, { targets }: Pick<Batch, "targets">, { teacher, head, settings }: TeacherHead): Hints {
  const { counted, positives, total } = priorsOf(teacher, prediction, targets, settings);
  const scores = tf.sigmoid(levelRows(prediction.logits, teacher.classes));
  const half = head.until(prediction.pyramid, settings.convs);
  const scales = [...half.class, ...half.box].map(scaleOf);
  const boxes = settings.box === 0 ? undefined : settings.boxLoss === "kl" ? sides(prediction, teacher) : head.boxes(prediction);
  const confidence = tf.mul(tf.max(scores, 1), tf.tensor1d(counted));
  return {
    means: scales.map(({ mean }) => mean),
    deviations: scales.map(({ deviation }) => deviation),
    scores: [scores],
    counted: [tf.tensor1d(counted)],
    divisor: [tf.scalar(total)],
    boxWeights: [boxes === undefined || settings.boxLoss === "kl" ? confidence : tf.mul(confidence, hasArea(boxes))],
    boxes: boxes === undefined ? [] : [boxes],
    ...(settings.centerness !== 0 && centernessSide(prediction, positives, teacher)),
  };
}

/** [n] 1 for boxes [n, 4] that have an area: with others nothing can overlap. */
function hasArea(boxes: tf.Tensor2D): tf.Tensor {
  const extent = tf.sub(tf.slice(boxes, [0, 2], [-1, 2]), tf.slice(boxes, [0, 0], [-1, 2]));
  return tf.step(tf.min(extent, 1));
}

/** The student's maps on the teacher's scale, activated (the pyramid itself is not), ready for the rest of its head. */
function entering({ class: scores, box }: HeadMaps, { means, deviations }: Hints, convs: number): HeadMaps {
  const levels = scores.length;
  const enter = (map: tf.Tensor4D, i: number): tf.Tensor4D => {
    const aligned = alignScale(map, { mean: means[i] as tf.Tensor1D, deviation: deviations[i] as tf.Tensor1D });
    return convs === 0 ? aligned : relu(aligned);
  };
  return { class: scores.map((map, l) => enter(map, l)), box: box.map((map, l) => enter(map, levels + l)) };
}

function crossTerms(crossed: Prediction, hints: Hints, { teacher, head, settings }: TeacherHead): MethodTerms {
  const { scores: [scores], counted: [counted], divisor: [divisor] } = hints;
  const normalised = (sum: tf.Tensor): tf.Scalar => tf.div(sum, divisor);
  const logits = levelRows(crossed.logits, teacher.classes);
  return {
    ...(settings.class !== 0 && { class: { value: normalised(kdQualityFocal(logits, scores as tf.Tensor2D, { beta: settings.beta, weights: counted as tf.Tensor1D, divisor: 1 })), weight: settings.class } }),
    ...(settings.box !== 0 && { box: { value: boxTerm(crossed, hints, { teacher, head, settings }), weight: settings.box } }),
    ...(settings.centerness !== 0 && { centerness: { value: normalised(centernessTerm(crossed, hints)), weight: settings.centerness } }),
  };
}

function boxTerm(crossed: Prediction, { boxes: [wanted], boxWeights, divisor: [divisor] }: Hints, { teacher, head, settings: { boxLoss } }: TeacherHead): tf.Scalar {
  const weights = boxWeights[0] as tf.Tensor1D;
  if (boxLoss !== "kl") {
    const losses = iouLoss(head.boxes(crossed), wanted as tf.Tensor2D, boxLoss === "log" ? { kind: "log", epsilon: 1e-6 } : { kind: "giou" });
    return tf.div(tf.sum(tf.mul(losses, weights)), divisor);
  }
  const each = tf.reshape<tf.Rank.R1>(tf.tile(tf.expandDims(weights, 1), [1, 4]), [-1]);
  const sum = ldDivergence(sides(crossed, teacher), wanted as tf.Tensor2D, { temperature: 1, bins: "sum", weights: each, divisor: 4 });
  return tf.div(sum, tf.maximum(tf.sum(weights), 1e-30));
}

/** Logits of all sides [B·N·4, bins]. @throws Error for boxes that are no distributions */
function sides({ boxes, logits }: Prediction, { name, classes }: Pick<Detector, "name" | "classes">): tf.Tensor2D {
  const perPrior = (boxes[0].shape[3] * classes) / logits[0].shape[3];
  if (perPrior % 4 !== 0 || perPrior < 8) throw new Error(`crossKd: boxLoss "kl" compares distributions over bins, and ${name} says ${perPrior} numbers per box; take "giou", or GFL for the teacher`);
  return tf.reshape(levelRows(boxes, perPrior), [-1, perPrior / 4]);
}

interface Priors {
  /** [B·N] 0 for ignored priors, else 1. */
  readonly counted: Float32Array;
  /** Rows of the positives. */
  readonly positives: readonly number[];
  /** What sums are divided by. */
  readonly total: number;
}

/** What the teacher's assignment says about a batch. */
function priorsOf(teacher: Detector, { height, width }: Prediction, targets: Batch["targets"], { normaliser, least }: Settings): Priors {
  const images = targets.map((target) => assignmentOf(teacher, target, { height, width }));
  const objects = images.flatMap((levels) => levels.flatMap((level) => Array.from(level.objects)));
  const positives = objects.flatMap((o, row) => (o >= 0 ? [row] : []));
  const counts = images.map((levels) => levels.reduce((sum, level) => sum + level.objects.reduce((n, o) => n + Number(o >= 0), 0), 0));
  const total = normaliser === "positives"
    ? counts.reduce((sum, n) => sum + Math.max(n, 1), 0)
    : images.reduce((sum, levels, i) => sum + levels.reduce((own, level) => own + levelCenterness(level, targets[i].boxes), 0), 0);
  return { counted: Float32Array.from(objects, (o) => Number(o >= background)), positives, total: Math.max(total, least) };
}

/** Sum of the centre-ness of a level's positives. */
function levelCenterness({ kind, coordinates, objects }: AssignedLevel, boxes: Float32Array): number {
  const positives = Array.from(objects.keys()).filter((p) => objects[p] >= 0);
  const points = kind === "point" ? rowsOf(coordinates, positives, 2) : centres(rowsOf(coordinates, positives));
  const d = encodeDistances(points, rowsOf(boxes, positives.map((p) => objects[p])));
  return positives.reduce((sum, _, i) => sum + centerness(d[4 * i], d[4 * i + 1], d[4 * i + 2], d[4 * i + 3]), 0);
}

/** Centre-ness of the positives; a row that counts nothing stands in where there is none. */
function centernessSide(prediction: Prediction, positives: readonly number[], { name }: Detector): Hints {
  if (prediction.extra?.centerness === undefined) throw new Error(`crossKd: centerness has a weight, but ${name} says no centre-ness; set centerness: 0, or take ATSS or FCOS for the teacher`);
  const rows = tf.tensor1d(positives.length === 0 ? [0] : [...positives], "int32");
  return { positives: [rows, tf.tensor1d([positives.length === 0 ? 0 : 1])], centerness: [tf.sigmoid(tf.gather(levelRows(prediction.extra.centerness, 1), rows))] };
}

function centernessTerm({ extra }: Prediction, { positives: [rows, present], centerness: [wanted] }: Hints): tf.Scalar {
  const own = tf.gather(levelRows(extra!.centerness, 1), rows);
  return tf.sum(tf.mul(binaryCrossEntropy(own, wanted), present));
}
