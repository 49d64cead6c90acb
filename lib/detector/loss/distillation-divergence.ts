import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Localisation distillation's divergence of each row (Zheng et al. 2022; mmdet's `knowledge_distillation_kl_div_loss`):
 * T² · mean over bins of t · (log t − log softmax(student / T)) with t = softmax(teacher / T), which carries no gradient.
 *
 * With d = (student − teacher) / T less its mean under t, the divergence is log Σ t·e^d = log(1 + Σ t·(e^d − 1)), which keeps
 * its digits where student and teacher are close. Gradient: T / bins · (softmax(student / T) − t).
 * @param student [n, bins] logits
 * @param teacher [n, bins] logits
 * @returns [n]
 */
export function distillationDivergence(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): tf.Tensor1D {
  const bins = student.shape[1];
  return differentiable<tf.Tensor1D>({
    inputs: { student },
    forward: (save) => {
      const wanted = tf.softmax(tf.div<tf.Tensor2D>(teacher, temperature));
      save([student, wanted]);
      return tf.mul<tf.Tensor1D>(logMeanExp(tf.div(tf.sub(student, teacher), temperature), wanted), temperature ** 2 / bins);
    },
    backward: (dy, { saved: [own, wanted] }) => ({
      student: () => tf.mul(tf.sub(tf.softmax(tf.div(own, temperature)), wanted), tf.mul(tf.expandDims(dy, 1), temperature / bins)),
    }),
  });
}

/** log Σ t·e^(d − Σ t·d) of each row. The mean is taken off twice, as the t of a row add up to 1 but for rounding. */
function logMeanExp(d: tf.Tensor, t: tf.Tensor): tf.Tensor {
  const centred = (x: tf.Tensor) => tf.sub(x, tf.sum(tf.mul(x, t), 1, true));
  const deviation = centred(centred(d));
  const shift = tf.maximum(tf.sub(tf.max(deviation, 1, true), 20), 0);
  const excess = tf.sum(tf.mul(t, tf.expm1(tf.sub(deviation, shift))), 1, true);
  return tf.squeeze(tf.add(shift, tf.log1p(excess)), [1]);
}
