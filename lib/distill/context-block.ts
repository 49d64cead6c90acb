import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";
import { affine, type ParameterSet } from "./layers.ts";
import { standardise } from "./standardise.ts";

/** A layer with filter and bias. */
interface Layer<R extends tf.Rank> {
  readonly weight: tf.Tensor<R>;
  readonly bias: tf.Tensor;
}

export interface ContextBlock {
  /** 1 × 1 convolution that scores the cells: [1, 1, C, 1]. */
  readonly mask: Layer<tf.Rank.R4>;
  /** 1 × 1 convolution C → ⌊C / 2⌋. */
  readonly squeeze: Layer<tf.Rank.R4>;
  /** LayerNorm's factor and shift: [1, 1, ⌊C / 2⌋]. */
  readonly norm: Layer<tf.Rank.R3>;
  /** 1 × 1 convolution ⌊C / 2⌋ → C. */
  readonly expand: Layer<tf.Rank.R4>;
}

export interface ContextBlockOptions {
  /** The official names of the scoring layer and of the sequence, to which `.weight`, `.0.weight`… are added. */
  readonly mask: string;
  readonly transform: string;
  /** C, at least 2. */
  readonly channels: number;
}

/**
 * The parameters of a global context block (Cao et al., ICCV workshops 2019), started as FGD does: the scores' filter normal
 * with variance 2 / C, the last layer 0, so that the block adds nothing at first; the rest as PyTorch does.
 */
export function contextBlock(set: ParameterSet, { mask, transform, channels }: ContextBlockOptions): ContextBlock {
  const inner = Math.floor(channels / 2);
  if (!(Number.isInteger(channels) && inner > 0)) throw new RangeError(`a global context block needs at least 2 channels, received ${channels}`);
  const bound = 1 / Math.sqrt(channels);
  return {
    mask: {
      weight: set.add<tf.Rank.R4>(`${mask}.weight`, [1, 1, channels, 1], { start: (stream) => Math.sqrt(2 / channels) * stream.normal() }),
      bias: set.make(`${mask}.bias`, [1], 0),
    },
    squeeze: { weight: set.make(`${transform}.0.weight`, [1, 1, channels, inner], bound), bias: set.make(`${transform}.0.bias`, [inner], bound) },
    norm: {
      weight: set.add(`${transform}.1.weight`, [1, 1, inner], { start: 1, role: "norm" }),
      bias: set.add(`${transform}.1.bias`, [1, 1, inner], { start: 0, role: "norm" }),
    },
    expand: { weight: set.make(`${transform}.3.weight`, [1, 1, inner, channels], 0), bias: set.make(`${transform}.3.bias`, [channels], 0) },
  };
}

/**
 * What the block adds to every cell of a map: W₂·ReLU(LN(W₁·Σ p·F)) with p = softmax of the cells' scores (FGD eq. 11).
 * @param map F [B, H, W, C]
 * @returns [B, 1, 1, C]
 */
export function contextOf(map: tf.Tensor4D, { mask, squeeze, norm, expand }: ContextBlock): tf.Tensor4D {
  const matrix = ({ weight }: Layer<tf.Rank.R4>) => tf.reshape<tf.Rank.R2>(weight, [weight.shape[2], weight.shape[3]]);
  const inner = affine(attentionPool(map, mask), matrix(squeeze), squeeze.bias as tf.Tensor1D);
  const vector = (x: tf.Tensor) => tf.reshape<tf.Rank.R1>(x, [inner.shape[1]]);
  const normed = tf.relu(tf.add<tf.Tensor2D>(tf.mul(standardise(inner, [1], { precise: true }), vector(norm.weight)), vector(norm.bias)));
  const out = affine(normed, matrix(expand), expand.bias as tf.Tensor1D);
  return tf.reshape(out, [out.shape[0], 1, 1, out.shape[1]]);
}

/**
 * Σ_i p_i·F_i with p = softmax_i(w·F_i + b) over the cells i, as one node: [B, C].
 *
 * With g the incoming gradient and r_i = F_i·g: ds_i = p_i·(r_i − Σ p·r), dF_i = p_i·g + ds_i·w, dw = Σ ds_i·F_i, db = Σ ds_i.
 */
function attentionPool(map: tf.Tensor4D, { weight, bias }: Layer<tf.Rank.R4>): tf.Tensor2D {
  const [batch, height, width, channels] = map.shape;
  const cells = height * width;
  const rows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [batch * cells, channels]);
  const images = (x: tf.Tensor) => tf.reshape<tf.Rank.R3>(x, [batch, cells, channels]);
  return differentiable<tf.Tensor2D>({
    inputs: { map, weight, bias },
    forward: (save) => {
      const scores = tf.add(tf.matMul(rows(map), tf.reshape<tf.Rank.R2>(weight, [channels, 1])), bias);
      const shares = tf.softmax(tf.reshape<tf.Rank.R2>(scores, [batch, cells]));
      save([map, weight, shares]);
      return tf.reshape(tf.matMul(tf.reshape<tf.Rank.R3>(shares, [batch, 1, cells]), images(map)), [batch, channels]);
    },
    backward: (dy, { saved: [f, w, shares], share }) => {
      const slope = share(() => {
        const along = tf.reshape(tf.matMul(images(f), tf.reshape<tf.Rank.R3>(dy, [batch, channels, 1])), [batch, cells]);
        return tf.mul(shares, tf.sub(along, tf.sum(tf.mul(shares, along), 1, true)));
      });
      return {
        map: () => {
          const byCell = tf.stack([shares, slope()], 2) as tf.Tensor3D;
          const byChannel = tf.stack([dy, tf.tile(tf.reshape<tf.Rank.R2>(w, [1, channels]), [batch, 1])], 1) as tf.Tensor3D;
          return tf.reshape(tf.matMul(byCell, byChannel), f.shape);
        },
        weight: () => tf.reshape(tf.matMul(rows(f), tf.reshape<tf.Rank.R2>(slope(), [batch * cells, 1]), true), w.shape),
        bias: () => tf.reshape(tf.sum(slope()), [1]),
      };
    },
  });
}
