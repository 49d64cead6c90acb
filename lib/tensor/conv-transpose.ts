import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../backend/ops.ts";
import { differentiable } from "./differentiable.ts";
import { float, raw, runFloat, withInts, type Attributes } from "./raw.ts";

export interface ConvTransposeOptions {
  /** Cells between the windows that neighbours write to. Default the filter's height: windows that touch. */
  readonly stride?: number;
  /** Rows and columns that each side of the output loses (PyTorch's `padding`). Default 0. */
  readonly padding?: number;
  /** [O] */
  readonly bias?: tf.Tensor1D;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * Transposed convolution as one node of the tape: every input cell adds filter · x to a kh × kw window of the output, windows
 * `stride` apart. With a 2 × 2 filter and stride 2, output (2y + a, 2x + b) is filter[a, b] · x[y, x].
 * @param x [B, H, W, I]
 * @param filter [kh, kw, O, I]
 * @returns [B, (H − 1) · stride + kh − 2 · padding, (W − 1) · stride + kw − 2 · padding, O]
 * @throws Error when x and filter disagree about I, or padding leaves nothing
 */
export function convTranspose(x: tf.Tensor4D, filter: tf.Tensor4D, { stride = filter.shape[0], padding = 0, bias, relu = false }: ConvTransposeOptions = {}): tf.Tensor4D {
  const [b, h, w, input] = x.shape;
  const [kh, kw, output, expected] = filter.shape;
  if (input !== expected) throw new Error(`transposed convolution of ${input} channels with a filter [${filter.shape.join(", ")}]: its last dimension must be ${input}`);
  const shape: [number, number, number, number] = [b, (h - 1) * stride + kh - 2 * padding, (w - 1) * stride + kw - 2 * padding, output];
  if (shape[1] < 1 || shape[2] < 1) throw new Error(`transposed convolution of a map of ${h} × ${w} with a filter of ${kh} × ${kw} and padding ${padding}: nothing is left of the output`);
  if (!hasRawOps()) return portable(x, filter, { shape, stride, padding, relu, ...(bias && { bias }) });
  const attributes = geometry(stride, padding);
  return differentiable<tf.Tensor4D>({
    inputs: { x, filter, ...(bias && { bias }) },
    forward: (save) => {
      let y = withInts(shape, (sizes) => raw("Conv2DBackpropInput", attributes, [sizes, filter, x]));
      if (bias !== undefined) y = replace(y, runFloat("BiasAdd", y, bias));
      if (relu) y = replace(y, runFloat("Relu", y));
      save([x, filter, ...(relu ? [y] : [])]);
      return y as tf.Tensor4D;
    },
    backward: (dy, { saved: [map, weights, made], share }) => {
      const g = relu ? share(() => runFloat("ReluGrad", dy, made)) : () => dy;
      return {
        x: () => raw("Conv2D", attributes, [g(), weights]),
        filter: () => withInts(weights.shape, (sizes) => raw("Conv2DBackpropFilter", attributes, [g(), sizes, map])),
        bias: () => runFloat("BiasAddGrad", g()),
      };
    },
  });
}

function replace(old: tf.Tensor, made: tf.Tensor): tf.Tensor {
  old.dispose();
  return made;
}

interface Portable extends ConvTransposeOptions {
  readonly shape: [number, number, number, number];
  readonly stride: number;
  readonly padding: number;
}

function portable(x: tf.Tensor4D, filter: tf.Tensor4D, { shape, stride, padding: p, bias, relu = false }: Portable): tf.Tensor4D {
  const [b, h, w, c] = shape;
  const whole: tf.Tensor4D = tf.conv2dTranspose(x, filter, [b, h + 2 * p, w + 2 * p, c], stride, "valid");
  let y: tf.Tensor4D = p === 0 ? whole : tf.slice(whole, [0, p, p, 0], shape);
  if (bias !== undefined) y = tf.add(y, bias);
  return relu ? tf.relu(y) : y;
}

function geometry(stride: number, p: number): Attributes {
  return {
    ...float,
    strides: attribute.ints([1, stride, stride, 1]),
    padding: attribute.string(p === 0 ? "VALID" : "EXPLICIT"),
    explicit_paddings: attribute.ints(p === 0 ? [] : [0, 0, p, p, p, p, 0, 0]),
    data_format: attribute.string("NHWC"),
    use_cudnn_on_gpu: attribute.bool(true),
    dilations: attribute.ints([1, 1, 1, 1]),
  };
}
