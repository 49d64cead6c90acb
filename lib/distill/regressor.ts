import type * as tf from "@tensorflow/tfjs-core";
import { conv } from "../tensor/conv.ts";
import { convTranspose } from "../tensor/conv-transpose.ts";
import { batchNorm2d, type Conv, type ParameterSet } from "./layers.ts";

/** Rows and columns of a map. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
}

/**
 * How a student's map is brought to the teacher's: `conv1x1` keeps the size; `convReg` (SemCKD's regressor) is a convolution,
 * BatchNorm by the batch's statistics and ReLU, whose window follows from the two sizes.
 */
export type RegressorKind = "conv1x1" | "convReg";

export interface RegressorOptions {
  readonly kind: RegressorKind;
  /** Channels of student and teacher. */
  readonly from: number;
  readonly to: number;
  /** Sizes that decide what `convReg` does. */
  readonly student: MapSize;
  readonly teacher: MapSize;
  /** ReLU at the end of `convReg`. Default true. */
  readonly relu?: boolean;
}

/** What `convReg` does by the sizes of its maps. */
type Geometry =
  | { readonly way: "halve" | "double" | "keep"; readonly window: readonly [number, number] }
  /** A window that leaves as many positions as the teacher has cells. */
  | { readonly way: "crop"; readonly window: readonly [number, number] };

function geometry({ kind, student, teacher }: RegressorOptions): Geometry {
  if (kind === "conv1x1") return { way: "crop", window: [1, 1] };
  if (student.height === 2 * teacher.height) return { way: "halve", window: [3, 3] };
  if (2 * student.height === teacher.height) return { way: "double", window: [4, 4] };
  if (student.height < teacher.height) return { way: "keep", window: [3, 3] };
  return { way: "crop", window: [1 + student.height - teacher.height, 1 + student.width - teacher.width] };
}

/**
 * A regressor's layers, named and initialised as PyTorch's: `name.weight`, `name.bias` of `conv1x1`; `name.conv.…` and
 * `name.bn.…` of `convReg`. By the sizes s of the student and t of the teacher, `convReg` is 3 × 3 with stride 2 (s = 2t), a
 * transposed 4 × 4 with stride 2 (2s = t), a window of 1 + s − t (s ≥ t), or 3 × 3, whose output keeps s (s < t: the teacher
 * is then averaged to it).
 * @returns [B, h, w, from] → [B, h′, w′, to]
 * @throws RangeError for windows that do not exist
 */
export function regressor(set: ParameterSet, name: string, options: RegressorOptions): Conv {
  const { kind, from, to, relu = true } = options;
  const { way, window } = geometry(options);
  if (!window.every((taps) => Number.isInteger(taps) && taps > 0)) throw new RangeError(`${name}: no window leads from ${sizeText(options.student)} to ${sizeText(options.teacher)} cells; a student's map must be at least as wide as the teacher's where it is at least as high`);
  const convolve = convolution(set, kind === "conv1x1" ? name : `${name}.conv`, { way, window, from, to });
  if (kind === "conv1x1") return convolve;
  const norm = batchNorm2d(set, `${name}.bn`, to, { relu });
  return (x) => norm(convolve(x));
}

function convolution(set: ParameterSet, name: string, { way, window: [rows, columns], from, to }: Geometry & { readonly from: number; readonly to: number }): Conv {
  const transposed = way === "double";
  const bound = 1 / Math.sqrt(rows * columns * (transposed ? to : from));
  const filter = set.make<tf.Rank.R4>(`${name}.weight`, transposed ? [rows, columns, to, from] : [rows, columns, from, to], bound);
  const bias = set.make<tf.Rank.R1>(`${name}.bias`, [to], bound);
  if (transposed) return (x) => convTranspose(x, filter, { stride: 2, padding: 1, bias });
  const window = { crop: {}, keep: { padding: 1 }, halve: { padding: 1, stride: 2 } }[way];
  return (x) => conv(x, filter, { ...window, bias });
}

const sizeText = ({ height, width }: MapSize) => `${height} × ${width}`;
