import * as tf from "@tensorflow/tfjs-core";
import type { Detector, Prediction } from "../detector/detector.ts";
import { stopGradient } from "../tensor/stop-gradient.ts";
import { align, type AlignOptions } from "./align.ts";
import { checkChoices, checkWeights } from "./choices.ts";
import type { Distiller, Hints } from "./distiller.ts";
import { presetOf } from "./preset.ts";
import { stagesOf, type FeatureSite } from "./sites.ts";
import { squaredError, type SquaredErrorReduction } from "./squared-error.ts";
import { pairLevels, taught, type MethodTerms, type StudentShape, type TaughtOptions, type Teacher } from "./taught.ts";

/** What reports print beside every number of this method: its equations are inferred, not read. */
export const sharedKdLabel = "Shared-KD (reconstructed)";

/** Why it is called reconstructed, in a sentence for tables and notebooks. */
export const sharedKdNotice =
  "Shared-KD is reconstructed: the paper's equations are not public, so alignment, teacher, pairs, direction, site and reduction are inferred from its prose and from Tf-FD's published operator; each is an option";

/** Table 3's two steps and every choice that the prose leaves open; the first of each list is the default. */
export interface SharedKdChoices extends AlignOptions {
  /**
   * How teacher level l is augmented by its finer levels j < l ("densely connected teacher generation"), aligned to it:
   * `mean` of all j ≤ l, their `sum`, the mean with the `previous` level alone, or `off`: the teacher's own maps.
   */
  readonly dense?: "mean" | "sum" | "previous" | "off";
  /** Who teaches whom among the student's levels: `deep` teaches shallow (as Tf-FD), `shallow` teaches deep, or `mutual`: no side is detached. */
  readonly direction?: "deep" | "shallow" | "mutual";
  /** Which levels of the student are paired: `all` i < j (as Tf-FD), or `adjacent` ones. */
  readonly pairs?: "all" | "adjacent";
  /** `mean` over a pair's entries (the scale at which w = 2 is best and 20 harms fits it), or `sum` per image. */
  readonly reduction?: SquaredErrorReduction;
}

export interface SharedKdOptions extends TaughtOptions, SharedKdChoices {
  /** Whose weight: default the student's kind. */
  readonly preset?: keyof typeof sharedKdPresets;
  /** w, the weight of both terms. Default the preset's. */
  readonly featureWeight?: number;
  /** Table 3: the teacher's level l teaches the student's level l. Default true. */
  readonly identical?: boolean;
  /** Table 3: the student's levels teach each other. Default true. */
  readonly cross?: boolean;
  /** Default `pyramid`. */
  readonly site?: FeatureSite;
}

/**
 * w by detector. The paper sweeps one weight: AP 39.4, 38.6, 37.8, 37.2 at 2, 5, 10, 20 on its one-stage detector (Table 5);
 * for the others it states none, so they take the same.
 */
export const sharedKdPresets = {
  retinanet: { featureWeight: 2 },
  fcos: { featureWeight: 2 },
  gfl: { featureWeight: 2 },
  fasterRcnn: { featureWeight: 2 },
} as const;

const values = {
  pool: ["average", "max", "nearest"],
  crop: ["first", "last", "none"],
  target: ["map", "square"],
  dense: ["mean", "sum", "previous", "off"],
  direction: ["deep", "shallow", "mutual"],
  pairs: ["all", "adjacent"],
  reduction: ["mean", "sum"],
  site: ["pyramid", "stages"],
} as const;

/**
 * Shared-KD (Electronics 13(8):1595, 2024), reconstructed: the paper's section 3 is not public and it has no code. Teacher to
 * other-level student transfer is replaced by two steps,
 *
 *   L = L_det + w·(L_identical + L_cross), w = 2
 *   L_identical = Σ_l MSE(S_l, T̃_l),  T̃_l = mean over j ≤ l of A(T_j → T_l)
 *   L_cross = Σ_{i<j} MSE(A(S_i), sg(A(S_j)))
 *
 * A pools adaptively to the smaller map and keeps the smaller number of channels: no parameters. The prose pins down the two
 * steps, "simple distances", spatial pooling and channel cropping without parameters, the dense teacher and the one weight; A,
 * the pairs and the direction are Tf-FD's (Li, ECCV 2022, lliai/Teacher-free-Distillation), which the paper cites. Every other
 * reading is an option.
 *
 * Terms: `distill.identical` and `distill.cross`, each with weight λ·w.
 * @throws Error for options outside their values, levels without a partner, and maps that may not be aligned
 */
export function sharedKd(options: SharedKdOptions): Distiller {
  const { student, identical = true, cross = true, site = "pyramid" } = options;
  const { featureWeight = sharedKdPresets[presetOf("sharedKd", sharedKdPresets, { asked: options.preset, student: student.name })].featureWeight } = options;
  checkOptions(options, { featureWeight, identical, cross });
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const { studentMaps, teacherMaps } = mapsAt(site, student, teacher);
  const spared: Teacher = { detector: teacher, predict: () => ({ pyramid: [], logits: [], boxes: [], height: 0, width: 0 }) };
  // Without the identical term nobody asks the teacher.
  return taught(sharedKdLabel, identical ? options : { ...options, teacher: spared }, () => ({
    reads: site === "stages" ? "prediction" : "pyramid",
    hints: (prediction): Hints => (identical ? { teacher: sharedTeacher(teacherMaps(prediction), options) } : {}),
    terms: (prediction, hints): MethodTerms => {
      const maps = studentMaps(prediction);
      return {
        ...(identical && { identical: { value: identicalLoss(maps, hints.teacher as tf.Tensor4D[], options), weight: featureWeight } }),
        ...(cross && { cross: { value: crossLoss(maps, options), weight: featureWeight } }),
      };
    },
  }));
}

/**
 * T̃_l of every level, finest first: what the finer levels see is shared with the coarser ones. Channels are the fewest among
 * the levels that enter.
 */
export function sharedTeacher(maps: readonly tf.Tensor4D[], { dense = "mean", ...how }: Pick<SharedKdChoices, "dense" | keyof AlignOptions> = {}): tf.Tensor4D[] {
  return maps.map((own, l) => {
    const finer = dense === "off" ? [] : maps.slice(dense === "previous" ? Math.max(l - 1, 0) : 0, l);
    if (finer.length === 0) return own;
    return tf.tidy(() => {
      const parts = finer.map((map) => align(map, own, how)[0]);
      const channels = parts.reduce((fewest, part) => (part.shape[3] < fewest.shape[3] ? part : fewest), own);
      const cut = [...parts, own].map((part) => align(part, channels, { ...how, target: "map" })[0]);
      const sum = tf.addN(cut);
      return dense === "sum" ? sum : tf.mul(sum, 1 / cut.length);
    });
  });
}

/** L_identical: Σ_l MSE(S_l, T_l) after alignment; the teacher's maps are constants. */
export function identicalLoss(student: readonly tf.Tensor4D[], teacher: readonly tf.Tensor4D[], options: SharedKdChoices = {}): tf.Scalar {
  if (student.length !== teacher.length) throw new Error(`sharedKd: the student has ${student.length} levels, the teacher ${teacher.length}; they are compared one by one. Give both the same neck (neck.first, neck.last)`);
  return tf.addN(student.map((map, l) => pairLoss(map, stopGradient(teacher[l]), options)));
}

/** L_cross: Σ over pairs i < j of one pyramid (finest first) of MSE(A(S_i), A(S_j)), the teaching side detached. Of one level: 0. */
export function crossLoss(student: readonly tf.Tensor4D[], options: SharedKdChoices = {}): tf.Scalar {
  const { direction = "deep", pairs = "all" } = options;
  const losses = student.flatMap((shallow, i) => student.slice(i + 1, pairs === "adjacent" ? i + 2 : undefined).map((deep) =>
    pairLoss(direction === "shallow" ? stopGradient(shallow) : shallow, direction === "deep" ? stopGradient(deep) : deep, options)));
  return losses.length === 0 ? tf.scalar(0) : tf.addN(losses);
}

function pairLoss(a: tf.Tensor4D, b: tf.Tensor4D, { reduction = "mean", ...how }: SharedKdChoices): tf.Scalar {
  const [first, second] = align(a, b, how);
  return squaredError(first, second, reduction);
}

interface Maps {
  readonly studentMaps: (prediction: Prediction) => readonly tf.Tensor4D[];
  readonly teacherMaps: (prediction: Prediction) => readonly tf.Tensor4D[];
}

/** The maps that are compared, in pairs of equal stride, finest first. */
function mapsAt(site: FeatureSite, student: StudentShape, teacher: Detector): Maps {
  if (site === "stages") return { studentMaps: (prediction) => stagesOf(student.name, prediction), teacherMaps: (prediction) => stagesOf(teacher.name, prediction) };
  const pairs = pairLevels(student, teacher);
  return {
    studentMaps: ({ pyramid }) => pairs.map((pair) => pyramid[pair.student]),
    teacherMaps: ({ pyramid }) => pairs.map((pair) => pyramid[pair.teacher]),
  };
}

function checkOptions(options: SharedKdOptions, { featureWeight, identical, cross }: { readonly featureWeight: number; readonly identical: boolean; readonly cross: boolean }): void {
  checkChoices("sharedKd", options, values);
  checkWeights("sharedKd", { featureWeight });
  if (!identical && !cross) throw new Error("sharedKd: identical and cross are both false, which leaves nothing to learn; set one of them");
}
