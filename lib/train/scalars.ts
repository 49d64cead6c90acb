import * as tf from "@tensorflow/tfjs-core";

/** Scalar tensors by value, each made once; they belong to the tidy that is open at the first call for a value. */
export function scalars(): (value: number) => tf.Scalar {
  const made = new Map<number, tf.Scalar>();
  return (value) => {
    const known = made.get(value);
    if (known !== undefined) return known;
    const scalar = tf.scalar(value);
    made.set(value, scalar);
    return scalar;
  };
}
