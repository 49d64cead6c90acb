import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";

/**
 * Softmax over the last axis whose rows sum to 1 to the last bit that division gives: a lone key has weight exactly 1,
 * so its gradient is exactly 0 (TensorFlow's own kernel answers 0.99999994, which leaks noise into the queries).
 *
 * dx = y·(dy − Σ dy·y).
 */
export function rowSoftmax<T extends tf.Tensor>(x: T): T {
  return differentiable<T>({
    inputs: { x },
    forward: (save) => {
      const rough = tf.softmax(x);
      const y = tf.div<T>(rough, tf.sum(rough, -1, true));
      rough.dispose();
      save([y]);
      return y;
    },
    backward: (dy, { saved: [y] }) => ({ x: () => tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), -1, true))) }),
  });
}
