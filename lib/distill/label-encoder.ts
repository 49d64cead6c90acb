import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";
import { affine, dense, type ParameterSet } from "./layers.ts";
import { standardise } from "./standardise.ts";

/** Hidden widths of the label encoder; the paper's are 64, 128, 1024 and 512, 256. */
export interface LabelEncoderWidths {
  readonly point: number;
  readonly middle: number;
  readonly global: number;
  readonly hidden: readonly [number, number];
}

export interface LabelCode {
  /** The code of every row: [B·R, C]. */
  readonly code: tf.Tensor2D;
  /** The two learned transforms: [B·R, 4 + K, 4 + K] and [B·R, point, point]. */
  readonly descriptorTransform: tf.Tensor3D;
  readonly featureTransform: tf.Tensor3D;
}

/** Descriptors [B·R, 4 + K] of B images with R rows each, and which rows are objects ([B, R, 1], 1 or 0) → codes. */
export type LabelEncoder = (descriptors: tf.Tensor2D, valid: tf.Tensor3D) => LabelCode;

/** The paper's widths at 256 channels, in proportion below (never under a quarter), so that small profiles stay small. */
export function scaledWidths(channels: number): LabelEncoderWidths {
  const scale = Math.min(1, Math.max(0.25, channels / 256));
  const [point, middle, global, first, second] = [64, 128, 1024, 512, 256].map((width) => Math.round(width * scale));
  return { point, middle, global, hidden: [first, second] };
}

/**
 * LGD's label encoder (PointNet on one descriptor per object): T-Net, pointwise layers, T-Net, pointwise layers, the
 * maximum over the image's objects as global code, and both codes merged. Every layer is followed by LayerNorm without
 * affine and ReLU; the T-Nets have no identity shortcut.
 * @param inputs descriptor length 4 + K
 * @param channels C of the code
 */
export function labelEncoder(set: ParameterSet, inputs: number, channels: number, widths: LabelEncoderWidths): LabelEncoder {
  const name = "label_encoder_";
  const { point, middle, global } = widths;
  const descriptorNet = transformNet(set, `${name}.stn_desc`, inputs, widths);
  const featureNet = transformNet(set, `${name}.stn_feat`, point, widths);
  const first = block(set, `${name}.conv1`, inputs, point);
  const second = block(set, `${name}.conv2`, point, middle);
  const third = block(set, `${name}.conv3`, middle, global);
  const merge = mergeCodes(set, `${name}.conv4`, [point, global], channels);
  return (descriptors, valid) => {
    const [images, rows] = valid.shape;
    const descriptorTransform = descriptorNet(descriptors);
    const points = first(transform(descriptors, descriptorTransform));
    const featureTransform = featureNet(points);
    const local = transform(points, featureTransform);
    const wide = third(second(local));
    // Rows that are no objects count as 0, which never exceeds a value after ReLU.
    const masked = tf.mul<tf.Tensor3D>(tf.reshape(wide, [images, rows, global]), valid);
    return { code: merge(local, maxOverRows(masked), rows), descriptorTransform, featureTransform };
  };
}

type Block = (x: tf.Tensor2D) => tf.Tensor2D;

function block(set: ParameterSet, name: string, inputs: number, outputs: number): Block {
  const layer = dense(set, name, inputs, outputs);
  return (x) => standardise(layer(x), [1], { relu: true });
}

/** Rows [N, k] → a k×k matrix per row. */
function transformNet(set: ParameterSet, name: string, k: number, widths: LabelEncoderWidths): (x: tf.Tensor2D) => tf.Tensor3D {
  const { point, middle, global, hidden } = widths;
  const blocks = [
    block(set, `${name}.conv1`, k, point),
    block(set, `${name}.conv2`, point, middle),
    block(set, `${name}.conv3`, middle, global),
    block(set, `${name}.fc1`, global, hidden[0]),
    block(set, `${name}.fc2`, hidden[0], hidden[1]),
  ];
  const last = dense(set, `${name}.fc3`, hidden[1], k * k);
  return (x) => tf.reshape<tf.Rank.R3>(last(blocks.reduce((y, layer) => layer(y), x)), [x.shape[0], k, k]);
}

/** Each row times its own matrix: [N, k]·[N, k, k] → [N, k]. */
function transform(x: tf.Tensor2D, matrices: tf.Tensor3D): tf.Tensor2D {
  return tf.reshape(tf.matMul(tf.expandDims<tf.Tensor3D>(x, 1), matrices), x.shape);
}

/**
 * relu(norm([local, global]·W + b)), the global code of an image repeated for its rows: the product is taken per part,
 * so that nothing is repeated but the result.
 */
function mergeCodes(set: ParameterSet, name: string, parts: readonly [number, number], channels: number) {
  const inputs = parts[0] + parts[1];
  const bound = 1 / Math.sqrt(inputs);
  const weight = set.make<tf.Rank.R2>(`${name}.weight`, [inputs, channels], bound);
  const bias = set.make<tf.Rank.R1>(`${name}.bias`, [channels], bound);
  return (local: tf.Tensor2D, global: tf.Tensor2D, rows: number): tf.Tensor2D => {
    const [forLocal, forGlobal] = tf.split<tf.Tensor2D>(weight, [...parts], 0);
    const images = global.shape[0];
    const shared = tf.reshape(tf.matMul(global, forGlobal), [images, 1, channels]);
    const own = tf.reshape(affine(local, forLocal, bias as tf.Tensor1D), [images, rows, channels]);
    const y = tf.reshape<tf.Rank.R2>(tf.add(own, shared), [images * rows, channels]);
    return standardise(y, [1], { relu: true });
  };
}

/**
 * Maximum over the middle axis: [B, R, F] → [B, F]. Equal maxima (two identical objects) share the gradient, where
 * tf.max would give it to each of them in full.
 */
export function maxOverRows(x: tf.Tensor3D): tf.Tensor2D {
  return differentiable<tf.Tensor2D>({
    inputs: { x },
    forward: (save) => {
      const y = tf.max<tf.Tensor2D>(x, 1);
      save([x, y]);
      return y;
    },
    backward: (dy, { saved: [input, y] }) => ({
      x: () => {
        const hits = tf.cast(tf.equal(input, tf.expandDims(y, 1)), "float32");
        return tf.mul(hits, tf.div(tf.expandDims(dy, 1), tf.sum(hits, 1, true)));
      },
    }),
  });
}
