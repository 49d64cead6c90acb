import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";

/**
 * Relational knowledge distillation by distances (Park et al., CVPR 2019, "Relational Knowledge Distillation", eq. 5–7): the
 * Euclidean distances of all pairs of rows, divided by their mean, compared by smooth L1 with β = 1,
 * summed over ordered pairs / (R² − R). One node of the tape; equal rows have no gradient towards each other.
 * @param student [R, D], differentiated
 * @param teacher [R, D], a constant
 * @returns 0 for fewer than 3 rows, of which two distances at most could differ
 */
export function relationLoss(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  const count = student.shape[0];
  if (count < 3) return tf.scalar(0);
  const pairs = count * count - count;
  return differentiable<tf.Scalar>({
    inputs: { student },
    forward: (save) => {
      const own = relations(student);
      const apart = tf.sub(own.relative, relations(teacher).relative);
      save([student, own.distances, own.relative, own.mean, own.positive, apart]);
      const size = tf.abs(apart);
      const cut = tf.minimum(size, 1);
      return tf.mul(tf.sum(tf.sub(tf.mul(size, cut), tf.mul(tf.square(cut), 0.5))), 1 / pairs);
    },
    backward: (dy, { saved: [rows, distances, relative, mean, positive, apart] }) => ({
      student: () => {
        const slope = tf.mul(tf.clipByValue(apart, -1, 1), tf.mul(dy, 1 / pairs));
        // r = d / m with m = Σ d / n: ∂L/∂d = (∂L/∂r − Σ ∂L/∂r·r / n) / m.
        const shift = tf.mul(tf.sum(tf.mul(slope, relative)), 1 / pairs);
        const byDistance = tf.divNoNan(tf.mul(tf.sub(slope, shift), positive), mean);
        // d_ij pulls row i along (x_i − x_j) / d_ij, and as d_ji once more.
        const pull = tf.mul<tf.Tensor2D>(tf.divNoNan(byDistance, distances), 2);
        return tf.sub(tf.mul(rows, tf.sum(pull, 1, true)), tf.matMul(pull, rows as tf.Tensor2D));
      },
    }),
  });
}

/** Least square of a distance, as in GID's code; it carries no gradient. */
const least = 1e-12;

/** Distances [R, R] (0 on the diagonal), 1 where they are more than the least, their mean, and their ratios to it. */
function relations(rows: tf.Tensor2D): { distances: tf.Tensor; positive: tf.Tensor; mean: tf.Tensor; relative: tf.Tensor } {
  const squares = tf.sum(tf.square(rows), 1, true);
  const gram = tf.matMul(rows, rows, false, true);
  const apart = tf.sub(tf.add(squares, tf.transpose(squares)), tf.mul(gram, 2));
  const others = tf.sub(1, tf.eye(rows.shape[0]));
  const positive = tf.mul(tf.cast(tf.greater(apart, least), "float32"), others);
  const distances = tf.mul(tf.sqrt(tf.maximum(apart, least)), others);
  const mean = tf.div(tf.sum(distances), rows.shape[0] * (rows.shape[0] - 1));
  return { distances, positive, mean, relative: tf.divNoNan(distances, mean) };
}
