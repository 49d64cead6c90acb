import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../backend/ops.ts";
import { subsample } from "./elementwise.ts";
import { differentiable, type BackwardContext } from "./differentiable.ts";
import { exactPadding, hasGroupedGradients, splitConv, type ExactPadding } from "./grouped-conv.ts";
import { float, raw, runFloat, rawSum, withInts, type Attributes } from "./raw.ts";
import { tally } from "./tally.ts";

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on each side, PyTorch's way (also for stride 2). Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Output block g reads input block g only. Default 1. */
  readonly groups?: number;
  /** [O] multiplies the filter's outputs (a folded BatchNorm scale). */
  readonly scale?: tf.Tensor1D;
  /** [O] */
  readonly bias?: tf.Tensor1D;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * y = relu(conv(x, scale · filter) + bias) as one node of the tape, on TensorFlow's own kernels; on portable backends the
 * same from TF.js operations (and there for dilation, whose gradient TensorFlow's CPU kernels lack). Groups are one kernel
 * with oneDNN or CUDA, else one convolution each.
 * @param x [B, H, W, I]
 * @param filter [kh, kw, I / groups, O]
 * @returns [B, ⌊(H + 2·padding − dilation·(kh − 1) − 1) / stride⌋ + 1, …, O]
 */
export function conv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions = {}): tf.Tensor4D {
  const groups = options.groups ?? 1;
  if (x.shape[3] !== filter.shape[2] * groups || filter.shape[3] % groups !== 0) {
    throw new Error(`convolution of ${x.shape[3]} channels with a filter [${filter.shape.join(", ")}] in ${groups} groups: the filter must have ${x.shape[3]} / groups input channels and a multiple of groups outputs`);
  }
  const shape = convShape(x.shape, filter.shape, options);
  if (tally(shape.reduce((product, n) => product * n, 1) * filter.shape[0] * filter.shape[1] * filter.shape[2])) return tf.zeros(shape);
  return groups > 1 ? groupedConv(x, filter, options, groups) : denseConv(x, filter, options);
}

/**
 * The shape of a convolution's output.
 * @throws Error where the filter is larger than the padded input
 */
export function convShape(x: readonly number[], filter: readonly number[], { stride = 1, padding = 0, dilation = 1 }: ConvOptions): [number, number, number, number] {
  const length = (size: number, taps: number) => Math.floor((size + 2 * padding - dilation * (taps - 1) - 1) / stride) + 1;
  const [height, width] = [length(x[1], filter[0]), length(x[2], filter[1])];
  if (height < 1 || width < 1) throw new Error(`convolution of a map of ${x[1]} × ${x[2]} with a filter of ${filter[0]} × ${filter[1]}, padding ${padding} and dilation ${dilation}: the padded map must be at least as large as the filter`);
  return [x[0], height, width, filter[3]];
}

function denseConv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions): tf.Tensor4D {
  const { stride = 1, padding = 0, dilation = 1 } = options;
  if (!hasRawOps() || dilation > 1) return portableConv(x, filter, options);
  // oneDNN 3 corrupts the heap in the gradient of strided 1×1 convolutions that leave a last column unread.
  const pointwise = filter.shape[0] === 1 && filter.shape[1] === 1 && padding === 0 && stride > 1;
  return pointwise ? nativeConv(subsample(x, stride), filter, { ...options, stride: 1 }) : nativeConv(x, filter, options);
}

/** One native kernel where there is one; it has no gradient with explicit padding, so the zeros are put on before. */
function groupedConv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions, groups: number): tf.Tensor4D {
  const { stride = 1, padding = 0, dilation = 1 } = options;
  if (hasRawOps() && dilation === 1 && hasGroupedGradients()) {
    if (isSame(filter.shape, options)) return nativeConv(x, filter, options);
    const [rows, columns] = [1, 2].map((axis) => exactPadding(x.shape[axis], filter.shape[axis - 1], stride, padding));
    if (rows && columns) return nativeConv(padded(x, rows, columns), filter, { ...options, padding: 0 });
  }
  const { scale, bias, relu, groups: _, ...geometry } = options;
  let y = splitConv(x, filter, groups, (part, weights) => denseConv(part, weights, geometry));
  if (scale !== undefined) y = tf.mul(y, scale);
  if (bias !== undefined) y = tf.add(y, bias);
  return relu ? tf.relu(y) : y;
}

function padded(x: tf.Tensor4D, rows: ExactPadding, columns: ExactPadding): tf.Tensor4D {
  if (rows.before + rows.after + columns.before + columns.after === 0) return x;
  return tf.pad(x, [[0, 0], [rows.before, rows.after], [columns.before, columns.after], [0, 0]]);
}

function portableConv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions): tf.Tensor4D {
  const { stride = 1, padding: p = 0, dilation = 1, scale, bias, relu = false } = options;
  const padded: tf.Tensor4D = p === 0 ? x : tf.pad(x, [[0, 0], [p, p], [p, p], [0, 0]]);
  let y: tf.Tensor4D = tf.conv2d(padded, scale === undefined ? filter : tf.mul(filter, scale), stride, "valid", "NHWC", dilation);
  if (bias !== undefined) y = tf.add(y, bias);
  return relu ? tf.relu(y) : y;
}

function nativeConv(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions): tf.Tensor4D {
  const { scale, bias, relu = false } = options;
  const attributes = geometry(filter.shape, options);
  const inputs = { x, filter, ...(scale && { scale }), ...(bias && { bias }) };
  const scaled = scaling(x, filter, options);
  return differentiable<tf.Tensor4D>({
    inputs,
    forward: (save) => {
      const f = scaled === "filter" ? runFloat("Mul", filter, scale!) : filter;
      let y = raw("Conv2D", attributes, [x, f]);
      if (f !== filter) f.dispose();
      if (scaled === "output") y = replace(y, runFloat("Mul", y, scale!));
      if (bias !== undefined) y = replace(y, runFloat("BiasAdd", y, bias));
      if (relu) y = replace(y, runFloat("Relu", y));
      save([x, filter, ...(scale ? [scale] : []), ...(relu ? [y] : [])]);
      return y as tf.Tensor4D;
    },
    backward: (dy, context) => convGradients({ attributes, relu, scaled }, dy, context),
  });
}

/** What the scale is multiplied with: s·(f ∗ x) = (s·f) ∗ x, and the smaller of the two costs less. */
type Scaling = "filter" | "output" | "nothing";

function scaling(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvOptions): Scaling {
  if (options.scale === undefined) return "nothing";
  const [batch, height, width, channels] = convShape(x.shape, filter.shape, options);
  return batch * height * width * channels < filter.size ? "output" : "filter";
}

function replace(old: tf.Tensor, made: tf.Tensor): tf.Tensor {
  old.dispose();
  return made;
}

interface ConvNode {
  readonly attributes: Attributes;
  readonly relu: boolean;
  readonly scaled: Scaling;
}

/**
 * dx = convᵀ(g, s·f) = convᵀ(s·g, f), df = s · corr(x, g) = corr(x, s·g), ds = Σ corr(x, g) · f, db = Σ g with g = dy where
 * y > 0.
 */
function convGradients({ attributes, relu, scaled }: ConvNode, dy: tf.Tensor, { saved, share }: BackwardContext): Record<string, () => tf.Tensor> {
  const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
  const scale = scaled === "nothing" ? undefined : saved[2];
  const output = relu ? saved[saved.length - 1] : undefined;
  const g = output === undefined ? () => dy : share(() => runFloat("ReluGrad", dy, output));
  const scaledG = scaled === "output" ? share(() => runFloat("Mul", g(), scale!)) : g;
  const correlate = (slope: () => tf.Tensor) => () => withInts(filter.shape, (sizes) => raw("Conv2DBackpropFilter", attributes, [x, sizes, slope()]));
  const plain = scaled === "nothing" ? correlate(g) : share(correlate(g));
  return {
    x: () => {
      const f = scaled === "filter" ? runFloat("Mul", filter, scale!) : filter;
      return withInts(x.shape, (sizes) => raw("Conv2DBackpropInput", attributes, [sizes, f, scaledG()]));
    },
    filter: scaled === "filter" ? () => runFloat("Mul", plain(), scale!) : correlate(scaledG),
    scale: () => rawSum(runFloat("Mul", plain(), filter), [0, 1, 2], "drop"),
    bias: () => runFloat("BiasAddGrad", g()),
  };
}

function isSame(filter: readonly number[], { stride = 1, padding = 0 }: ConvOptions): boolean {
  return stride === 1 && 2 * padding === filter[0] - 1 && filter[0] === filter[1];
}

function geometry(filter: readonly number[], options: ConvOptions): Attributes {
  const { stride = 1, padding = 0 } = options;
  const mode = padding === 0 ? "VALID" : isSame(filter, options) ? "SAME" : "EXPLICIT";
  return {
    ...float,
    strides: attribute.ints([1, stride, stride, 1]),
    padding: attribute.string(mode),
    explicit_paddings: attribute.ints(mode === "EXPLICIT" ? [0, 0, padding, padding, padding, padding, 0, 0] : []),
    data_format: attribute.string("NHWC"),
    use_cudnn_on_gpu: attribute.bool(true),
    dilations: attribute.ints([1, 1, 1, 1]),
  };
}
