import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";

/**
 * ‖S + a − T‖², a sum over all entries, as one node of the tape that keeps no map of its own.
 * @param student S [B, H, W, C], differentiated
 * @param teacher T of the same shape, a constant
 * @param shift a [B, 1, 1, C], differentiated; default none
 * @throws Error for unequal shapes
 */
export function squaredDistance(student: tf.Tensor4D, teacher: tf.Tensor4D, shift?: tf.Tensor4D): tf.Scalar {
  checkMaps(student, teacher);
  const difference = (s: tf.Tensor, t: tf.Tensor, a?: tf.Tensor) => (a === undefined ? tf.sub(s, t) : tf.add(tf.sub(s, t), a));
  return differentiable<tf.Scalar>({
    inputs: { student, ...(shift && { shift }) },
    forward: (save) => {
      save([student, teacher, ...(shift ? [shift] : [])]);
      return tf.sum(tf.square(difference(student, teacher, shift)));
    },
    backward: (dy, { saved: [s, t, a], share }) => {
      const slope = share(() => tf.mul(difference(s, t, a), tf.mul(dy, 2)));
      return { student: () => tf.clone(slope()), shift: () => tf.sum(slope(), [1, 2], true) };
    },
  });
}

/** @throws Error unless the student's map and the teacher's have the same shape */
export function checkMaps(student: tf.Tensor4D, teacher: tf.Tensor4D): void {
  if (student.rank === 4 && student.size > 0 && student.shape.join() === teacher.shape.join()) return;
  throw new Error(`a level of the student is [${student.shape.join(", ")}], the teacher's [${teacher.shape.join(", ")}]: maps [batch, height, width, channels] of equal, non-empty shapes are compared. Give both the same strides, and the method an adapter where their channels differ`);
}
