import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps, int64Vector } from "../backend/ops.ts";
import { float, raw, type Attributes } from "./raw.ts";

/** A sparse matrix of single-precision entries on the host; entries of the same place add up. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [n, 2] row and column of each entry. */
  readonly indices: Int32Array;
  /** [n] */
  readonly values: Float32Array;
}

/** Collects a known number of entries. */
export function nonZeros(count: number): Pick<SparseMatrix, "indices" | "values"> & { add(row: number, column: number, value: number): void } {
  const indices = new Int32Array(2 * count);
  const values = new Float32Array(count);
  let k = 0;
  return {
    indices,
    values,
    add: (row, column, value) => {
      indices[2 * k] = row;
      indices[2 * k + 1] = column;
      values[k++] = value;
    },
  };
}

/**
 * matrix · x (`plain`, x: [columns, C]) or matrixᵀ · x (`transposed`, x: [rows, C]), not recorded on a tape.
 * One operation on TensorFlow's own kernel; on portable backends gathered and summed in pieces of bounded size.
 */
export function sparseProduct(matrix: SparseMatrix, x: tf.Tensor2D, side: "plain" | "transposed"): tf.Tensor2D {
  const rows = side === "plain" ? matrix.rows : matrix.columns;
  if (matrix.values.length === 0) return tf.zeros([rows, x.shape[1]]);
  return hasRawOps() ? nativeProduct(matrix, x, side) : portableProduct(matrix, x, side);
}

const attributes: Attributes = { ...float, Tindices: attribute.type("int32"), adjoint_b: attribute.bool(false) };
const plain: Attributes = { ...attributes, adjoint_a: attribute.bool(false) };
const transposed: Attributes = { ...attributes, adjoint_a: attribute.bool(true) };

function nativeProduct({ rows, columns, indices, values }: SparseMatrix, x: tf.Tensor2D, side: "plain" | "transposed"): tf.Tensor2D {
  const inputs = [tf.tensor2d(indices, [values.length, 2], "int32"), tf.tensor1d(values), int64Vector([rows, columns])];
  try {
    return raw("SparseTensorDenseMatMul", side === "plain" ? plain : transposed, [...inputs, x]) as tf.Tensor2D;
  } finally {
    tf.dispose(inputs);
  }
}

/** Floats gathered at a time: 64 MB. */
const piece = 1 << 24;

function portableProduct({ rows, columns, indices, values }: SparseMatrix, x: tf.Tensor2D, side: "plain" | "transposed"): tf.Tensor2D {
  const [to, from] = side === "plain" ? [0, 1] : [1, 0];
  const size = side === "plain" ? rows : columns;
  const step = Math.max(1, Math.floor(piece / x.shape[1]));
  let sum: tf.Tensor2D = tf.zeros([size, x.shape[1]]);
  for (let start = 0; start < values.length; start += step) {
    const length = Math.min(step, values.length - start);
    const column = (which: number) => tf.tensor1d(Int32Array.from({ length }, (_, i) => indices[2 * (start + i) + which]), "int32");
    const next = tf.tidy(() => {
      const weighted = tf.mul(tf.gather(x, column(from)), tf.tensor2d(values.subarray(start, start + length), [length, 1]));
      return tf.add<tf.Tensor2D>(sum, tf.unsortedSegmentSum(weighted, column(to), size));
    });
    sum.dispose();
    sum = next;
  }
  return sum;
}
