import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../../backend/ops.ts";
import { differentiable } from "../../tensor/differentiable.ts";
import { float, raw, rawReshape, withInts, type Attributes } from "../../tensor/raw.ts";

/**
 * All levels' outputs as rows: [B, H_l, W_l, A·D] → [B·N, D], image by image, level by level, cell by cell, anchor by anchor.
 * One node of the tape.
 */
export function levelRows(levels: readonly tf.Tensor4D[], depth: number): tf.Tensor2D {
  const batch = levels[0].shape[0];
  const counts = levels.map(({ shape }) => (shape[1] * shape[2] * shape[3]) / depth);
  if (!hasRawOps()) {
    const parts = levels.map((level, l) => tf.reshape(level, [batch, counts[l], depth]));
    return tf.reshape(tf.concat(parts, 1), [-1, depth]);
  }
  const total = counts.reduce((sum, n) => sum + n, 0);
  return differentiable<tf.Tensor2D>({
    inputs: Object.fromEntries(levels.map((level, l) => [String(l), level])),
    forward: () => rawReshape(joined(levels.map((level) => rawReshape(level, [batch, level.size / batch]))), [batch * total, depth]) as tf.Tensor2D,
    backward: (dy, { share }) => {
      const whole = share(() => rawReshape(dy, [batch, total * depth]));
      let start = 0;
      return Object.fromEntries(levels.map((level, l) => {
        const from = start;
        start += counts[l] * depth;
        return [String(l), () => rawReshape(cut(whole(), from, counts[l] * depth), level.shape)];
      }));
    },
  });
}

function joined(parts: readonly tf.Tensor[]): tf.Tensor {
  if (parts.length === 1) return parts[0];
  const attributes = { ...float, Tidx: attribute.type("int32"), N: attribute.int(parts.length) };
  return raw("ConcatV2", attributes, [...parts, tf.scalar(1, "int32")]);
}

const slicing: Attributes = { ...float, Index: attribute.type("int32") };

function cut(x: tf.Tensor, from: number, length: number): tf.Tensor {
  return withInts([0, from], (begin) => withInts([x.shape[0], length], (size) => raw("Slice", slicing, [x, begin, size])));
}
