import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";
import { floatType, int32Type, nativeBackend, rawReshape, withInts, type NativeBackend } from "../../tensor/raw.ts";

/**
 * All levels' outputs as rows: [B, H_l, W_l, A·D] → [B·N, D], image by image, level by level, cell by cell, anchor by anchor.
 * One node of the tape.
 */
export function levelRows(levels: readonly tf.Tensor4D[], depth: number): tf.Tensor2D {
  const native = nativeBackend();
  const batch = levels[0].shape[0];
  const counts = levels.map(({ shape }) => (shape[1] * shape[2] * shape[3]) / depth);
  if (native === undefined) {
    const parts = levels.map((level, l) => tf.reshape(level, [batch, counts[l], depth]));
    return tf.reshape(tf.concat(parts, 1), [-1, depth]);
  }
  const total = counts.reduce((sum, n) => sum + n, 0);
  return differentiable<tf.Tensor2D>({
    inputs: Object.fromEntries(levels.map((level, l) => [String(l), level])),
    forward: () => rawReshape(native, joined(native, levels.map((level) => rawReshape(native, level, [batch, level.size / batch]))), [batch * total, depth]) as tf.Tensor2D,
    backward: (dy, { share }) => {
      const whole = share(() => rawReshape(native, dy, [batch, total * depth]));
      let start = 0;
      return Object.fromEntries(levels.map((level, l) => {
        const from = start;
        start += counts[l] * depth;
        return [String(l), () => rawReshape(native, cut(native, whole(), from, counts[l] * depth), level.shape)];
      }));
    },
  });
}

function joined(native: NativeBackend, parts: readonly tf.Tensor[]): tf.Tensor {
  if (parts.length === 1) return parts[0];
  const axis = tf.scalar(1, "int32");
  const attributes = [{ name: "N", type: native.binding.TF_ATTR_INT, value: parts.length }, floatType(native), int32Type(native, "Tidx")];
  return native.executeSingleOutput("ConcatV2", attributes, [...parts, axis]);
}

function cut(native: NativeBackend, x: tf.Tensor, from: number, length: number): tf.Tensor {
  const attributes = [floatType(native), int32Type(native, "Index")];
  return withInts([0, from], (begin) => withInts([x.shape[0], length], (size) => native.executeSingleOutput("Slice", attributes, [x, begin, size])));
}
