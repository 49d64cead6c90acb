import * as tf from "@tensorflow/tfjs-core";
import { bilinearCorners, type Corner } from "./bilinear-corners.ts";
import { convShape, type ConvOptions } from "./conv.ts";
import { differentiable } from "./differentiable.ts";
import { tally } from "./tally.ts";

export interface DeformableConvOptions extends Pick<ConvOptions, "stride" | "padding" | "dilation" | "groups"> {
  /** Groups of input channels with offsets and modulation of their own. Default 1. */
  readonly deformGroups?: number;
}

export interface DeformableInputs {
  /** [B, H, W, I] */
  readonly x: tf.Tensor4D;
  /** [B, OH, OW, 2 · deformGroups · kh · kw] in cells: per group and tap (row-major) first y, then x. */
  readonly offset: tf.Tensor4D;
  /** [B, OH, OW, deformGroups · kh · kw], what each sample is multiplied with. Default 1 everywhere: version 1. */
  readonly mask?: tf.Tensor4D | undefined;
  /** [kh, kw, I / groups, O] */
  readonly filter: tf.Tensor4D;
}

/**
 * Deformable convolution (Dai et al. 2017, eq. 2; modulated: Zhu et al. 2019, eq. 1) as one node of the tape:
 * y(p) = Σ_k w_k · x(p · stride − padding + k · dilation + Δp_k) · m_k, x interpolated bilinearly between cells and 0
 * outside. The samples (kh · kw times the input) are made in pieces of bounded size, and again for the gradient. Where a
 * sample falls on a cell, the derivative in its position is the one to the right and below.
 * @returns [B, OH, OW, O]
 * @throws Error when shapes do not fit together
 */
export function deformableConv(inputs: DeformableInputs, options: DeformableConvOptions = {}): tf.Tensor4D {
  const plan = planOf(inputs, options);
  const { shape, taps, channels, groups } = plan;
  if (tally((shape[0] * shape[1] * shape[2] * shape[3] * taps.length * channels) / groups)) return tf.zeros(shape);
  const { x, offset, mask, filter } = inputs;
  const named = { x, offset, filter, ...(mask && { mask }) };
  return differentiable<tf.Tensor4D>({
    inputs: named,
    forward: (save) => {
      const y = tf.tidy(() => tf.reshape<tf.Rank.R4>(tf.concat(pieces(plan, (piece) => products(plan, columns(plan, inputs, piece), filter))), shape));
      save(Object.values(named));
      return y;
    },
    backward: (dy, { saved, share }) => {
      const [x, offset, filter, mask] = saved as tf.Tensor4D[];
      const given: DeformableInputs = { x, offset, filter, mask };
      const packed = share(() => packedGradients(plan, given, dy));
      const part = (index: number) => () => unpack(packed(), [x, offset, filter, ...(mask ? [mask] : [])], index);
      return { x: part(0), offset: part(1), filter: part(2), ...(mask && { mask: part(3) }) };
    },
  });
}

interface Plan {
  readonly shape: [number, number, number, number];
  readonly channels: number;
  readonly groups: number;
  readonly deformGroups: number;
  readonly stride: number;
  /** Row and column of each tap's cell relative to the window's origin, which is at −padding. */
  readonly taps: readonly (readonly [number, number])[];
}

function planOf({ x, offset, mask, filter }: DeformableInputs, options: DeformableConvOptions): Plan {
  const { stride = 1, padding = 0, dilation = 1, groups = 1, deformGroups = 1 } = options;
  const [kh, kw, input, output] = filter.shape;
  const channels = x.shape[3];
  const fail = (what: string): never => { throw new Error(`deformable convolution of [${x.shape.join(", ")}] with a filter [${filter.shape.join(", ")}] in ${groups} groups and ${deformGroups} deformable groups: ${what}`); };
  if (channels !== input * groups || output % groups !== 0) fail("the filter must have input channels / groups, and a multiple of groups outputs");
  if (channels % deformGroups !== 0) fail("the deformable groups must divide the input channels");
  const shape = convShape(x.shape, filter.shape, options);
  const expected = (what: string, tensor: tf.Tensor4D, depth: number) => {
    const wanted = [...shape.slice(0, 3), depth].join(", ");
    if (tensor.shape.join(", ") !== wanted) fail(`the ${what} has shape [${tensor.shape.join(", ")}]; it must be [${wanted}]`);
  };
  expected("offset", offset, 2 * deformGroups * kh * kw);
  if (mask !== undefined) expected("mask", mask, deformGroups * kh * kw);
  const taps = Array.from({ length: kh * kw }, (_, k) => [Math.floor(k / kw) * dilation - padding, (k % kw) * dilation - padding] as const);
  return { shape, channels, groups, deformGroups, stride, taps };
}

/** Positions of the output, counted over the batch. */
interface Piece {
  readonly start: number;
  readonly count: number;
}

/** Floats of samples made at a time: 64 MB. */
const pieceSize = 1 << 24;

function pieces<T extends tf.TensorContainer>({ shape, taps, channels }: Plan, run: (piece: Piece) => T): T[] {
  const positions = shape[0] * shape[1] * shape[2];
  const step = Math.max(1, Math.floor(pieceSize / (taps.length * channels)));
  return Array.from({ length: Math.ceil(positions / step) }, (_, i) => {
    const start = i * step;
    return tf.tidy(() => run({ start, count: Math.min(step, positions - start) }));
  });
}

/** Where a piece samples, one entry per position, tap and deformable group. */
interface Samples {
  /** [cells · deformGroups, channels / deformGroups] */
  readonly cells: tf.Tensor2D;
  readonly corners: readonly Corner[];
  /** [n] or undefined */
  readonly mask: tf.Tensor1D | undefined;
}

function samplesOf(plan: Plan, { x, offset, mask }: DeformableInputs, piece: Piece): Samples {
  const { taps, deformGroups: d } = plan;
  const [batch, height, width, channels] = x.shape;
  const n = piece.count * taps.length * d;
  const ordered = (tensor: tf.Tensor4D, parts: number) => {
    const rows = tf.slice(tf.reshape(tensor, [-1, d * taps.length * parts]), [piece.start, 0], [piece.count, -1]);
    const split = tf.reshape(rows, [piece.count, d, taps.length, parts]);
    return tf.reshape(d === 1 ? split : tf.transpose(split, [0, 2, 1, 3]), [n, parts]);
  };
  const [dy, dx] = tf.split(ordered(offset, 2), 2, 1).map((part) => tf.reshape<tf.Rank.R1>(part, [n]));
  const { rows, columns, base } = grid(plan, x.shape, piece);
  return {
    cells: tf.reshape(x, [batch * height * width * d, channels / d]),
    corners: bilinearCorners({ y: tf.add(dy, rows), x: tf.add(dx, columns), height, width, base, step: d }),
    mask: mask && tf.reshape<tf.Rank.R1>(ordered(mask, 1), [n]),
  };
}

/** Where an undeformed convolution reads, and the first row of `cells` that belongs to the sample's image and group. */
function grid({ shape, taps, deformGroups, stride }: Plan, [, height, width]: readonly number[], { start, count }: Piece): { rows: tf.Tensor1D; columns: tf.Tensor1D; base: tf.Tensor1D } {
  const [, oh, ow] = shape;
  const n = count * taps.length * deformGroups;
  const [rows, columns, base] = [new Float32Array(n), new Float32Array(n), new Int32Array(n)];
  let i = 0;
  for (let p = start; p < start + count; p++) {
    const [b, row, column] = [Math.floor(p / (oh * ow)), (Math.floor(p / ow) % oh) * stride, (p % ow) * stride];
    for (const [dy, dx] of taps) {
      for (let d = 0; d < deformGroups; d++, i++) {
        rows[i] = row + dy;
        columns[i] = column + dx;
        base[i] = b * height * width * deformGroups + d;
      }
    }
  }
  return { rows: tf.tensor1d(rows), columns: tf.tensor1d(columns), base: tf.tensor1d(base, "int32") };
}

/** The modulated samples [count, taps, channels] of a piece. */
function columns(plan: Plan, inputs: DeformableInputs, piece: Piece): tf.Tensor3D {
  return weightedCells(plan, samplesOf(plan, inputs, piece), piece);
}

function weightedCells({ taps, channels }: Plan, { cells, corners, mask }: Samples, { count }: Piece): tf.Tensor3D {
  const sum = corners.map((corner) => () => tf.tidy(() => tf.mul(tf.gather(cells, corner.index), weight(corner, mask))))
    .reduce<tf.Tensor | undefined>((total, part) => (total === undefined ? part() : consume(total, part(), tf.add)), undefined);
  return tf.reshape(sum!, [count, taps.length, channels]);
}

/** [n, 1] */
function weight({ weight: w }: Corner, mask: tf.Tensor1D | undefined): tf.Tensor2D {
  return tf.expandDims(mask === undefined ? w : tf.mul(w, mask), 1);
}

/** f(a, b), whose operands are freed. */
function consume(a: tf.Tensor, b: tf.Tensor, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): tf.Tensor {
  const result = f(a, b);
  tf.dispose([a, b]);
  return result;
}

/** Samples [n, K, C] → [G, n, K · C / G]: matrices of one group each. */
function perGroup(samples: tf.Tensor3D, groups: number): tf.Tensor3D {
  const [n, taps, channels] = samples.shape;
  if (groups === 1) return tf.reshape(samples, [1, n, taps * channels]);
  return tf.reshape(tf.transpose(tf.reshape(samples, [n, taps, groups, channels / groups]), [2, 0, 1, 3]), [groups, n, (taps * channels) / groups]);
}

/** Rows [n, C] → [G, n, C / G]. */
function rowsPerGroup(rows: tf.Tensor2D, groups: number): tf.Tensor3D {
  const [n, channels] = rows.shape;
  return tf.transpose(tf.reshape(rows, [n, groups, channels / groups]), [1, 0, 2]);
}

/** Filter [kh, kw, I, O] → [G, kh · kw · I, O / G]. */
function filterPerGroup(filter: tf.Tensor4D, groups: number): tf.Tensor3D {
  const [kh, kw, input, output] = filter.shape;
  return tf.transpose(tf.reshape(filter, [kh * kw * input, groups, output / groups]), [1, 0, 2]);
}

/** Samples · filter: [n, O]. */
function products({ groups, shape }: Plan, samples: tf.Tensor3D, filter: tf.Tensor4D): tf.Tensor2D {
  const y = tf.matMul(perGroup(samples, groups), filterPerGroup(filter, groups));
  return tf.reshape(tf.transpose(y, [1, 0, 2]), [-1, shape[3]]);
}

/** The gradients of x, offset, filter and mask, flattened one behind the other. */
function packedGradients(plan: Plan, inputs: DeformableInputs, dy: tf.Tensor4D): tf.Tensor1D {
  const rows = tf.reshape<tf.Rank.R2>(dy, [-1, plan.shape[3]]);
  const parts = pieces(plan, (piece) => pieceGradients(plan, inputs, tf.slice(rows, [piece.start, 0], [piece.count, -1]), piece));
  const total = (key: "x" | "filter") => tf.addN(parts.map((part) => part[key]));
  const joined = (key: "offset" | "mask") => tf.concat(parts.map((part) => part[key]));
  const all = [total("x"), joined("offset"), total("filter"), ...(inputs.mask ? [joined("mask")] : [])];
  return tf.concat1d(all.map((gradient) => tf.reshape<tf.Rank.R1>(gradient, [-1])));
}

function unpack(packed: tf.Tensor, like: readonly tf.Tensor[], index: number): tf.Tensor {
  const start = like.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  return tf.reshape(tf.slice(packed as tf.Tensor1D, start, like[index].size), like[index].shape);
}

type PieceGradients = Record<"x" | "offset" | "filter" | "mask", tf.Tensor>;

/**
 * With s_c = Σ_channels dcolumn · cell_c for each of the four corners of a sample, of weight w_c: dm = Σ w_c s_c,
 * dΔ = m Σ (∂w_c/∂Δ) s_c, and each cell receives m · w_c · dcolumn.
 */
function pieceGradients(plan: Plan, inputs: DeformableInputs, dy: tf.Tensor2D, piece: Piece): PieceGradients {
  const samples = samplesOf(plan, inputs, piece);
  const { cells, corners, mask } = samples;
  const flat = tf.reshape<tf.Rank.R2>(columnGradient(plan, inputs.filter, dy), [-1, cells.shape[1]]);
  const read = corners.map((corner) => tf.tidy(() => tf.sum<tf.Tensor1D>(tf.mul(flat, tf.gather(cells, corner.index)), 1)));
  const derivative = (key: "weight" | "dy" | "dx") => tf.addN(corners.map((corner, c) => tf.mul<tf.Tensor1D>(corner[key], read[c])));
  const modulated = (key: "dy" | "dx") => tf.expandDims<tf.Tensor2D>(mask === undefined ? derivative(key) : tf.mul(derivative(key), mask), 1);
  const scattered = corners.map((corner) => tf.tidy(() => tf.unsortedSegmentSum(tf.mul(flat, weight(corner, mask)), corner.index, cells.shape[0])));
  return {
    x: tf.addN(scattered),
    offset: inOrder(plan, tf.concat2d([modulated("dy"), modulated("dx")], 1), piece),
    filter: filterGradient(plan, weightedCells(plan, samples, piece), dy),
    mask: inOrder(plan, tf.expandDims<tf.Tensor2D>(derivative("weight"), 1), piece),
  };
}

/** dy · filterᵀ: [n, K, C]. */
function columnGradient({ groups, taps, channels }: Plan, filter: tf.Tensor4D, dy: tf.Tensor2D): tf.Tensor3D {
  const n = dy.shape[0];
  const gradient = tf.matMul(rowsPerGroup(dy, groups), filterPerGroup(filter, groups), false, true);
  const split = tf.transpose(tf.reshape(gradient, [groups, n, taps.length, channels / groups]), [1, 2, 0, 3]);
  return tf.reshape(split, [n, taps.length, channels]);
}

/** samplesᵀ · dy in the filter's order [kh · kw · I / groups, O]. */
function filterGradient({ groups, shape }: Plan, samples: tf.Tensor3D, dy: tf.Tensor2D): tf.Tensor {
  const gradient = tf.matMul(perGroup(samples, groups), rowsPerGroup(dy, groups), true, false);
  return tf.reshape(tf.transpose(gradient, [1, 0, 2]), [-1, shape[3]]);
}

/** [n, parts] per position, tap and group → [positions, group, tap, parts] as offsets and masks are stored. */
function inOrder({ taps, deformGroups: d }: Plan, values: tf.Tensor2D, { count }: Piece): tf.Tensor2D {
  const parts = values.shape[1];
  const split = tf.reshape(values, [count, taps.length, d, parts]);
  return tf.reshape(d === 1 ? split : tf.transpose(split, [0, 2, 1, 3]), [count, d * taps.length * parts]);
}
