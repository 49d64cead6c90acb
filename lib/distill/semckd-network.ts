import * as tf from "@tensorflow/tfjs-core";
import { adaptiveAveragePool } from "../tensor/adaptive-pool.ts";
import { conv } from "../tensor/conv.ts";
import { relu } from "../tensor/elementwise.ts";
import { differentiable } from "../tensor/differentiable.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { batchNorm2d, dense, type Conv, type Dense, type ParameterSet } from "./layers.ts";
import { rowSoftmax } from "./row-softmax.ts";

export interface SemckdNetworkOptions {
  /** Channels of the student's layers, one entry each, and of the teacher's. */
  readonly student: readonly number[];
  readonly teacher: readonly number[];
  /** Numbers per sample that a layer's query or key is made from: B of Gram rows, C of pooled maps. */
  readonly inputs: { readonly student: readonly number[]; readonly teacher: readonly number[] };
  /** Numbers of a query and of a key. */
  readonly embedding: number;
  /** Least norm that a query or key is divided by. Default 1e-6; 0 is the official code's, NaN for a row of zeros. */
  readonly epsilon?: number;
}

/** SemCKD's trainable part. */
export interface SemckdNetwork {
  readonly queries: readonly Dense[];
  readonly keys: readonly Dense[];
  /** By student layer, then teacher layer. */
  readonly regressors: readonly (readonly Conv[])[];
}

/** The parameters under the official names: `query_weight<i>`, `key_weight<j>`, `regressor<i><j>`. */
export function semckdNetwork(set: ParameterSet, { student, teacher, inputs, embedding, epsilon = 1e-6 }: SemckdNetworkOptions): SemckdNetwork {
  const embed = (name: string, width: number): Dense => {
    const [first, second] = [dense(set, `${name}.linear1`, width, 2 * embedding), dense(set, `${name}.linear2`, 2 * embedding, embedding)];
    return (x) => unitRows(second(relu(first(x))), epsilon);
  };
  return {
    keys: inputs.teacher.map((width, j) => embed(`key_weight${j}`, width)),
    queries: inputs.student.map((width, i) => embed(`query_weight${i}`, width)),
    regressors: student.map((from, i) => teacher.map((to, j) => regressor(set, `regressor${i}${j}.regressor`, from, to))),
  };
}

/** conv1×1 to 2·to channels, BatchNorm, ReLU, conv3×3, BatchNorm, ReLU, conv1×1; no biases, the batch's own statistics. */
function regressor(set: ParameterSet, name: string, from: number, to: number): Conv {
  const middle = 2 * to;
  const filter = (index: number, size: number, input: number, output: number) => set.make<tf.Rank.R4>(`${name}.${index}.weight`, [size, size, input, output], 1 / Math.sqrt(size * size * input));
  const norm = (index: number) => batchNorm2d(set, `${name}.${index}`, middle, { relu: true });
  const [first, firstNorm, second, secondNorm, last] = [filter(0, 1, from, middle), norm(1), filter(3, 3, middle, middle), norm(4), filter(6, 1, middle, to)];
  return (x) => conv(secondNorm(conv(firstNorm(conv(x, first)), second, { padding: 1 })), last);
}

/** What the attention compares samples by. */
export type Similarity = "gram" | "pooled";

/** Each sample's row: its inner products with all samples [B, B] (`gram`), or its mean over the cells [B, C] (`pooled`). */
export function sampleRows(map: tf.Tensor4D, similarity: Similarity): tf.Tensor2D {
  if (similarity === "pooled") return tf.mean<tf.Tensor2D>(map, [1, 2]);
  const flat = tf.reshape<tf.Rank.R2>(map, [map.shape[0], -1]);
  return tf.matMul(flat, flat, false, true);
}

/**
 * Rows over their 2-norms, or over epsilon where that is more: dx = (dy − y·⟨dy, y⟩) / ‖x‖, and dy / ε for short rows. The
 * gradient of rows of one number is 0 to the last bit.
 */
export function unitRows(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  return differentiable<tf.Tensor2D>({
    inputs: { x },
    forward: (save) => {
      const norm = tf.sqrt(tf.sum(tf.square(x), 1, true));
      const divisor = tf.maximum(norm, epsilon);
      const y = tf.div<tf.Tensor2D>(x, divisor);
      save([y, divisor, tf.cast(tf.greaterEqual(norm, epsilon), "float32")]);
      return y;
    },
    backward: (dy, { saved: [y, divisor, long] }) => ({
      x: () => tf.div(tf.sub(dy, tf.mul(tf.mul(y, tf.sum(tf.mul(dy, y), 1, true)), long)), divisor),
    }),
  });
}

/** What SemCKD computes of a batch. */
export interface SemckdResult {
  /** Σ attention · pairLoss / (B · student layers). */
  readonly loss: tf.Scalar;
  /** [B, S, T], each row over the teacher's layers adds up to 1. */
  readonly attention: tf.Tensor3D;
  /** [B, S, T] mean squared error of each pair of layers. */
  readonly pairLoss: tf.Tensor3D;
  /** Regressed student maps, by student layer, then teacher layer. */
  readonly regressed: readonly (readonly tf.Tensor4D[])[];
}

export interface SemckdSides {
  /** [B, H_i, W_i, C_i], differentiated. */
  readonly student: readonly tf.Tensor4D[];
  /** [B, H_j, W_j, C_j], constants. */
  readonly teacher: readonly tf.Tensor4D[];
  /** The teacher's `sampleRows`. */
  readonly teacherRows: readonly tf.Tensor2D[];
}

/** α [B, S, T]: how much each student layer of a sample attends to each of the teacher's layers; they add up to 1. */
export function semckdAttention({ queries, keys }: SemckdNetwork, { student, teacherRows }: Pick<SemckdSides, "student" | "teacherRows">, similarity: Similarity): tf.Tensor3D {
  const query = tf.stack(student.map((map, i) => queries[i](sampleRows(map, similarity))), 1) as tf.Tensor3D;
  const key = tf.stack(teacherRows.map((rows, j) => keys[j](rows)), 1) as tf.Tensor3D;
  return rowSoftmax(tf.matMul<tf.Tensor3D>(query, key, false, true));
}

/** SemCKD's loss before its weight, with what it was made from. */
export function semckdLoss(network: SemckdNetwork, { student, teacher, teacherRows }: SemckdSides, similarity: Similarity): SemckdResult {
  const attention = semckdAttention(network, { student, teacherRows }, similarity);
  const regressed: tf.Tensor4D[][] = [];
  const errors = student.map((map, i) => {
    regressed.push([]);
    return tf.stack(teacher.map((wanted, j) => {
      const [own, target] = aligned(map, wanted);
      regressed[i].push(network.regressors[i][j](own));
      return sampleError(regressed[i][j], target);
    }), 1);
  });
  const pairLoss = tf.stack(errors, 1) as tf.Tensor3D;
  const loss = tf.div<tf.Scalar>(tf.sum(tf.mul(attention, pairLoss)), attention.shape[0] * student.length);
  return { loss, attention, pairLoss, regressed };
}

/** Both maps at the smaller height and width of the two, by adaptive average pooling. */
function aligned(student: tf.Tensor4D, teacher: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  const [height, width] = [1, 2].map((axis) => Math.min(student.shape[axis], teacher.shape[axis]));
  const fit = (map: tf.Tensor4D) => (map.shape[1] === height && map.shape[2] === width ? map : adaptiveAveragePool(map, [height, width]));
  return [fit(student), withoutTape(() => fit(teacher))];
}

/** [B] mean squared error of each sample, the target a constant: one node of the tape. */
function sampleError(x: tf.Tensor4D, target: tf.Tensor4D): tf.Tensor1D {
  const entries = x.size / x.shape[0];
  return differentiable<tf.Tensor1D>({
    inputs: { x },
    forward: (save) => {
      const difference = tf.sub(x, target);
      save([difference]);
      return tf.mean<tf.Tensor1D>(tf.square(difference), [1, 2, 3]);
    },
    backward: (dy, { saved: [difference] }) => ({ x: () => tf.mul(difference, tf.reshape(tf.mul(dy, 2 / entries), [-1, 1, 1, 1])) }),
  });
}
