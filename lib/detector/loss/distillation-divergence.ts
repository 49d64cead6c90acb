import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Localisation distillation's divergence of each row (Zheng et al. 2022; mmdet's `knowledge_distillation_kl_div_loss`):
 * T² · mean over bins of t · (log t − log softmax(student / T)) with t = softmax(teacher / T), which carries no gradient.
 *
 * Gradient: T / bins · (softmax(student / T) − t).
 * @param student [n, bins] logits
 * @param teacher [n, bins] logits
 * @returns [n]
 */
export function distillationDivergence(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): tf.Tensor1D {
  const bins = student.shape[1];
  return differentiable<tf.Tensor1D>({
    inputs: { student },
    forward: (save) => {
      const [own, other] = [tf.div<tf.Tensor2D>(student, temperature), tf.div<tf.Tensor2D>(teacher, temperature)];
      const wanted = tf.softmax(other);
      save([student, wanted]);
      return tf.mul<tf.Tensor1D>(divergence(own, other, wanted), temperature ** 2 / bins);
    },
    backward: (dy, { saved: [own, wanted] }) => ({
      student: () => tf.mul(tf.sub(tf.softmax(tf.div(own, temperature)), wanted), tf.mul(tf.expandDims(dy, 1), temperature / bins)),
    }),
  });
}

/**
 * Σ t·(log t − log softmax(own)) of each row. With d = own − other less its mean under t, this is log Σ t·e^d =
 * log(1 + Σ t·(e^d − 1)), which keeps its digits where the two are close; beyond e³⁰ the definition is taken.
 * The mean is taken off twice, as the t of a row add up to 1 but for rounding.
 */
function divergence(own: tf.Tensor2D, other: tf.Tensor2D, t: tf.Tensor): tf.Tensor {
  const centred = (x: tf.Tensor) => tf.sub(x, tf.sum(tf.mul(x, t), 1, true));
  const d = centred(centred(tf.sub(own, other)));
  const near = tf.log1p(tf.sum(tf.mul(t, tf.expm1(tf.minimum(d, 30))), 1));
  const far = tf.sum(tf.mul(t, tf.sub(tf.logSoftmax(other), tf.logSoftmax(own))), 1);
  return tf.where(tf.lessEqual(tf.max(d, 1), 30), near, far);
}
