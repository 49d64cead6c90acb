import * as tf from "@tensorflow/tfjs-core";

export interface Positions {
  /** [n] rows and columns in cells; cell i is at i. */
  readonly y: tf.Tensor1D;
  readonly x: tf.Tensor1D;
  readonly height: number;
  readonly width: number;
  /** [n] int32: the entry of each position's cell (0, 0). */
  readonly base: tf.Tensor1D;
  /** Entries from one cell to the next. */
  readonly step: number;
}

/** One of the four cells around each position. */
export interface Corner {
  /** [n] int32: its entry; of some other cell where it lies outside, with weight 0. */
  readonly index: tf.Tensor1D;
  /** [n] bilinear weight and its derivatives in y and x. */
  readonly weight: tf.Tensor1D;
  readonly dy: tf.Tensor1D;
  readonly dx: tf.Tensor1D;
}

/** The four cells between which each position lies; cells outside the map count as 0. Positions that are not numbers stay so. */
export function bilinearCorners({ y, x, height, width, base, step }: Positions): Corner[] {
  const [rows, columns] = [neighbours(y, height), neighbours(x, width)];
  return rows.flatMap((row) => columns.map((column) => {
    const cell = tf.add(tf.mul(row.cell, tf.scalar(width, "int32")), column.cell);
    return {
      index: tf.add<tf.Tensor1D>(base, tf.mul(cell, tf.scalar(step, "int32"))),
      weight: tf.mul<tf.Tensor1D>(row.weight, column.weight),
      dy: tf.mul<tf.Tensor1D>(row.slope, column.weight),
      dx: tf.mul<tf.Tensor1D>(row.weight, column.slope),
    };
  }));
}

interface Neighbour {
  /** int32, 0 where outside. */
  readonly cell: tf.Tensor;
  readonly weight: tf.Tensor;
  readonly slope: tf.Tensor;
}

/** The cells below and above a position on a line, with weights 1 − f and f and slopes −1 and 1, all 0 outside. */
function neighbours(position: tf.Tensor1D, cells: number): [Neighbour, Neighbour] {
  const near = tf.minimum(tf.maximum(position, -2), cells + 1);
  const low = tf.floor(near);
  const fraction = tf.sub(near, low);
  const neighbour = (at: tf.Tensor, weight: tf.Tensor, slope: number): Neighbour => {
    const inside = tf.logicalAnd(tf.greaterEqual(at, 0), tf.less(at, cells));
    const share = tf.cast(inside, "float32");
    return { cell: tf.cast(tf.where(inside, at, tf.zerosLike(at)), "int32"), weight: tf.mul(weight, share), slope: tf.mul(share, slope) };
  };
  return [neighbour(low, tf.sub(1, fraction), -1), neighbour(tf.add(low, 1), fraction, 1)];
}
