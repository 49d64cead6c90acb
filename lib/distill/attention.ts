import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";

/** Where a map is strong, by cell and by channel; each sums to its number of entries. */
export interface Attention {
  /** A^S: [B, H, W]. */
  readonly spatial: tf.Tensor3D;
  /** A^C: [B, C]. */
  readonly channel: tf.Tensor2D;
}

/**
 * A^S = H·W·softmax over the cells of mean_c|F| / T (Zagoruyko & Komodakis, ICLR 2017, made a distribution as in FGD eq. 3):
 * one node of the tape, whose gradient is 0 where F is exactly 0.
 * @param map F [B, H, W, C]
 * @param temperature T > 0
 */
export function spatialAttention(map: tf.Tensor4D, temperature: number): tf.Tensor3D {
  check(map, temperature);
  return differentiable<tf.Tensor3D>({
    inputs: { map },
    forward: (save) => {
      const attention = spatialOf(tf.abs(map), temperature);
      save([map, attention]);
      return attention;
    },
    backward: (dy, { saved: [f, attention] }) => ({
      map: () => tf.mul(tf.sign(f), spatialSlope(dy, attention as tf.Tensor3D, map.shape[3] * temperature)),
    }),
  });
}

/**
 * A^C = C·softmax over the channels of mean_hw|F| / T (FGD eq. 4). Arguments and gradient as for `spatialAttention`.
 */
export function channelAttention(map: tf.Tensor4D, temperature: number): tf.Tensor2D {
  check(map, temperature);
  return differentiable<tf.Tensor2D>({
    inputs: { map },
    forward: (save) => {
      const attention = channelOf(tf.abs(map), temperature);
      save([map, attention]);
      return attention;
    },
    backward: (dy, { saved: [f, attention] }) => ({
      map: () => tf.mul(tf.sign(f), channelSlope(dy, attention as tf.Tensor2D, map.shape[1] * map.shape[2] * temperature)),
    }),
  });
}

/**
 * (‖A^S − Â^S‖₁ + ‖A^C − Â^C‖₁) / B between a map's attention and a given one (FGD eq. 9): one node that keeps nothing of the
 * map's size; entries that agree exactly have slope 0.
 * @param map F [B, H, W, C], differentiated
 * @param wanted Â, constants
 */
export function attentionDistance(map: tf.Tensor4D, wanted: Attention, temperature: number): tf.Scalar {
  check(map, temperature);
  return differentiable<tf.Scalar>({
    inputs: { map },
    forward: (save) => {
      const [batch, height, width, channels] = map.shape;
      const size = tf.abs(map);
      const [spatial, channel] = [spatialOf(size, temperature), channelOf(size, temperature)];
      const [away, across] = [tf.sub<tf.Tensor3D>(spatial, wanted.spatial), tf.sub<tf.Tensor2D>(channel, wanted.channel)];
      save([
        map,
        spatialSlope(tf.div(tf.sign(away), batch), spatial, channels * temperature),
        channelSlope(tf.div(tf.sign(across), batch), channel, height * width * temperature),
      ]);
      return tf.div(tf.add<tf.Scalar>(tf.sum(tf.abs(away)), tf.sum(tf.abs(across))), batch);
    },
    backward: (dy, { saved: [f, byCell, byChannel] }) => ({
      map: () => tf.mul(tf.sign(f), tf.add(tf.mul(byCell, dy), tf.mul(byChannel, dy))),
    }),
  });
}

/** |F| → A^S. */
function spatialOf(size: tf.Tensor4D, temperature: number): tf.Tensor3D {
  const [batch, height, width, channels] = size.shape;
  const means = tf.mul(tf.sum(size, 3), 1 / (channels * temperature));
  const shares = tf.softmax(tf.reshape(means, [batch, height * width]));
  return tf.reshape(tf.mul(shares, height * width), [batch, height, width]);
}

/** |F| → A^C. */
function channelOf(size: tf.Tensor4D, temperature: number): tf.Tensor2D {
  const [, height, width, channels] = size.shape;
  const means = tf.mul<tf.Tensor2D>(tf.sum(size, [1, 2]), 1 / (height * width * temperature));
  return tf.mul<tf.Tensor2D>(tf.softmax(means), channels);
}

/** What a cell's |F| gains: [B, H, W, 1]. */
function spatialSlope(dy: tf.Tensor3D, attention: tf.Tensor3D, share: number): tf.Tensor4D {
  const weighed = tf.mul(dy, attention);
  const rest = tf.sub(weighed, tf.mul(attention, tf.mean(weighed, [1, 2], true)));
  return tf.expandDims(tf.div(rest, share), 3);
}

/** What a channel's |F| gains: [B, 1, 1, C]. */
function channelSlope(dy: tf.Tensor2D, attention: tf.Tensor2D, share: number): tf.Tensor4D {
  const weighed = tf.mul(dy, attention);
  const rest = tf.sub(weighed, tf.mul(attention, tf.mean(weighed, 1, true)));
  return tf.reshape(tf.div(rest, share), [attention.shape[0], 1, 1, attention.shape[1]]);
}

function check(map: tf.Tensor4D, temperature: number): void {
  if (map.rank !== 4 || map.size === 0) throw new Error(`attention of a map [${map.shape.join(", ")}]: it must be a non-empty map [batch, height, width, channels]`);
  if (!(temperature > 0 && temperature < Infinity)) throw new RangeError(`attention: temperature is ${temperature}; allowed: a finite number > 0`);
}
