import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps, rawOp } from "../../backend/ops.ts";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Σ weight · −log softmax(logits)[label] over the rows, as one node of the tape: the gradient
 * weight · (softmax(logits) − one-hot) comes with the loss.
 * @param logits [n, K], n ≥ 1
 * @param labels [n] columns
 * @param weights [n]: normalisers that are known beforehand go in here
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, labels: Int32Array, weights: Float32Array): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { logits },
    forward: (save) => {
      const rows = tf.tensor1d(weights);
      const { losses, slopes } = hasRawOps() ? native(logits, labels) : portable(logits, labels);
      save([slopes, rows]);
      return tf.sum(tf.mul(losses, rows));
    },
    backward: (dy, { saved: [slopes, rows] }) => ({ logits: () => tf.mul(slopes, tf.mul(tf.reshape(rows, [-1, 1]), dy)) }),
  });
}

interface Rows {
  /** [n] */
  readonly losses: tf.Tensor;
  /** [n, K] */
  readonly slopes: tf.Tensor;
}

const attributes = { T: attribute.type("float32"), Tlabels: attribute.type("int32") };

function native(logits: tf.Tensor2D, labels: Int32Array): Rows {
  const [losses, slopes] = rawOp("SparseSoftmaxCrossEntropyWithLogits", attributes, [logits, tf.tensor1d(labels, "int32")], 2);
  return { losses, slopes };
}

function portable(logits: tf.Tensor2D, labels: Int32Array): Rows {
  const wanted = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), logits.shape[1]), "float32");
  const logs = tf.logSoftmax(logits);
  return { losses: tf.neg(tf.sum(tf.mul(logs, wanted), 1)), slopes: tf.sub(tf.exp(logs), wanted) };
}
