import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Cross entropy of each row with a distribution over its classes: −Σ_k t_k · log softmax(x)_k, as one node of the tape.
 * Gradient: (Σ t) · softmax(x) − t.
 * @param logits [n, K]
 * @param targets [n, K]; carries no gradient
 * @returns [n]
 */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  return differentiable<tf.Tensor1D>({
    inputs: { logits },
    forward: (save) => {
      const log = tf.logSoftmax(logits);
      save([log, targets]);
      return tf.neg<tf.Tensor1D>(tf.sum(tf.mul(targets, log), 1));
    },
    backward: (dy, { saved: [log, wanted] }) => ({
      logits: () => tf.mul(tf.sub(tf.mul(tf.exp(log), tf.sum(wanted, 1, true)), wanted), tf.expandDims(dy, 1)),
    }),
  });
}

/**
 * Localisation distillation's divergence of each row (Zheng et al. 2022; mmdet's `knowledge_distillation_kl_div_loss`):
 * T² · mean over bins of t · (log t − log softmax(student / T)) with t = softmax(teacher / T), which carries no gradient.
 * @param student [n, bins] logits
 * @param teacher [n, bins] logits
 * @returns [n]
 */
export function distillationDivergence(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): tf.Tensor1D {
  const bins = student.shape[1];
  const log = tf.logSoftmax(tf.div<tf.Tensor2D>(teacher, temperature));
  const wanted = tf.exp<tf.Tensor2D>(log);
  const entropy = tf.sum<tf.Tensor1D>(tf.mul(wanted, log), 1);
  const cross = softCrossEntropy(tf.div<tf.Tensor2D>(student, temperature), wanted);
  return tf.mul<tf.Tensor1D>(tf.add(cross, entropy), temperature ** 2 / bins);
}
