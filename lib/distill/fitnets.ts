import * as tf from "@tensorflow/tfjs-core";
import { adaptiveAveragePool } from "../tensor/adaptive-pool.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import type { Distiller } from "./distiller.ts";
import { meanSquaredError } from "./js-distance.ts";
import type { Conv, ParameterSet } from "./layers.ts";
import { presetOf } from "./preset.ts";
import { regressor, type RegressorKind } from "./regressor.ts";
import { pairLevels, taught, type StudentShape, type TaughtOptions } from "./taught.ts";

/** Weights by kind of detector. */
export const fitNetsPresets = {
  /** None is published for detectors: the mean squared error as it is; calibrate λ. */
  retinanet: { feature: 1 },
} as const;

/** A level of the student and the teacher's that it imitates, counted from the finest. */
export interface HintPair {
  readonly student: number;
  readonly teacher: number;
}

export interface FitNetsOptions extends TaughtOptions {
  /** Whose weight. Default: the student's kind, else the first. */
  readonly preset?: keyof typeof fitNetsPresets;
  /** Weight of the sum over levels. Default 1. */
  readonly feature?: number;
  /** Default `conv1x1`. */
  readonly regressor?: RegressorKind;
  /** ReLU at the end of `convReg`. Default true. */
  readonly relu?: boolean;
  /** Which levels are compared. Default: those of equal stride. With `convReg` strides may differ by a factor of 2. */
  readonly levels?: readonly HintPair[];
}

/**
 * FitNets' hints (Romero et al., ICLR 2015, "FitNets: Hints for Thin Deep Nets", eq. 3) on the levels of a pyramid:
 * L = Σ_l mean (r_l(F_s) − F_t)², r_l a regressor of each level (`regressor.ts`). After DefangChen/SemCKD (`HintLoss`,
 * `ConvReg`): the mean runs over batch, cells and channels alike; BatchNorm of `convReg` uses the batch's statistics.
 *
 * The term `distill.feature` has the weight λ · `feature`; parameters are called `regressor.<level>.…`.
 * @throws Error when levels have no partner, or strides that no regressor bridges
 */
export function fitNets(options: FitNetsOptions): Distiller {
  const { student, regressor: kind = "conv1x1" } = options;
  if (kind !== "conv1x1" && kind !== "convReg") throw new RangeError(`fitNets: regressor is ${JSON.stringify(kind)}; allowed: "conv1x1", "convReg"`);
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const preset = presetOf("fitNets", fitNetsPresets, { student: student.name, ...(options.preset !== undefined && { asked: options.preset }) });
  const { feature: weight = fitNetsPresets[preset].feature } = options;
  if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`fitNets: feature is ${weight}; allowed: a finite number from 0`);
  const pairs = options.levels ?? pairLevels(student, teacher);
  return taught("fitNets", options, (set) => {
    const regressors = pairs.map((pair, level) => levelRegressor(set, `regressor.${level}`, { pair, student, teacher, options }));
    return {
      reads: "pyramid",
      hints: ({ pyramid }) => ({ feature: pairs.map((pair) => pyramid[pair.teacher]) }),
      terms: ({ pyramid }, { feature }) => {
        const losses = hintLosses(pairs.map((pair, l) => regressors[l](pyramid[pair.student])), feature as tf.Tensor4D[]);
        return { feature: { value: tf.addN(losses), weight } };
      },
    };
  });
}

/**
 * Mean squared errors, level by level. Where the teacher's map is larger it is averaged to the student's cells, where it lacks
 * the last row or column of an odd size the student's is cut to it.
 * @param regressed [B, h, w, C] at the end of the regressors
 * @param teacher [B, H, W, C], constants
 */
export function hintLosses(regressed: readonly tf.Tensor4D[], teacher: readonly tf.Tensor4D[]): tf.Scalar[] {
  return regressed.map((map, level) => {
    const [, height, width] = map.shape;
    const [, rows, columns] = teacher[level].shape;
    if (rows > height || columns > width) return meanSquaredError([map], [withoutTape(() => adaptiveAveragePool(teacher[level], [height, width]))]);
    if (height - rows > 1 || width - columns > 1) throw new Error(`fitNets: level ${level} of the student is regressed to ${height} × ${width} cells, the teacher has ${rows} × ${columns}: the sizes must be equal`);
    const whole = height === rows && width === columns;
    return meanSquaredError([whole ? map : tf.slice(map, [0, 0, 0, 0], [-1, rows, columns, -1])], [teacher[level]]);
  });
}

interface LevelParts {
  readonly pair: HintPair;
  readonly student: StudentShape;
  readonly teacher: StudentShape;
  readonly options: FitNetsOptions;
}

/** Sizes of maps are to each other as the strides are inversely: these decide what the regressor does. */
function levelRegressor(set: ParameterSet, name: string, { pair, student, teacher, options: { regressor: kind = "conv1x1", relu } }: LevelParts): Conv {
  const [own, wanted] = [student.strides[pair.student], teacher.strides[pair.teacher]];
  if (own === undefined || wanted === undefined) throw new RangeError(`fitNets: levels has the pair ${JSON.stringify(pair)}; ${student.name} has levels 0 to ${student.strides.length - 1}, ${teacher.name} 0 to ${teacher.strides.length - 1}`);
  const allowed = kind === "conv1x1" ? [1] : [0.5, 1, 2];
  if (!allowed.includes(wanted / own)) throw new Error(`fitNets: the student ${student.name} has stride ${own} on level ${pair.student}, the teacher ${teacher.name} ${wanted} on level ${pair.teacher}; ${kind} bridges factors of ${allowed.join(", ")}. Pair other levels${kind === "conv1x1" ? ', or take regressor "convReg"' : ""}`);
  const size = (side: number) => ({ height: side, width: side });
  return regressor(set, name, { kind, from: student.channels, to: teacher.channels, student: size(wanted), teacher: size(own), ...(relu !== undefined && { relu }) });
}
