import * as tf from "@tensorflow/tfjs-core";
import { conv3x3, dense, type Conv, type ParameterSet } from "./layers.ts";
import type { ObjectTensors } from "./objects.ts";
import { standardise } from "./standardise.ts";

/** Object embeddings [L, B, R, C] painted onto maps of the given shapes: [B, H_l, W_l, C] per level. */
export type IntraObjectMapper = (
  embeddings: tf.Tensor4D,
  objects: Pick<ObjectTensors, "inside" | "instance" | "context">,
  shapes: readonly (readonly [number, number, number, number])[],
) => tf.Tensor4D[];

/**
 * LGD's intra-object knowledge mapper: every instance's embedding (Linear) is painted onto the cells inside its box,
 * overlaps add; then conv3×3, plus the context's embedding (Linear) everywhere, and ReLU.
 */
export function intraObjectMapper(set: ParameterSet, channels: number): IntraObjectMapper {
  const mapInstances = conv3x3(set, "local_inst_proj_2D", channels);
  const projectContext = dense(set, "global_ctx_proj_1D", channels, channels);
  const projectInstances = dense(set, "local_inst_proj_1D", channels, channels);
  const mapWithoutContext: Conv = (x) => tf.relu(mapInstances(x));
  return (embeddings, { inside, instance, context }, shapes) => {
    const [levels, images, rows] = embeddings.shape;
    const flat = tf.reshape<tf.Rank.R2>(embeddings, [levels * images * rows, channels]);
    // Rows that are not instances (context, padding) must not be painted, and the projection's bias would paint them.
    const painted = tf.mul<tf.Tensor4D>(tf.reshape(projectInstances(flat), embeddings.shape), instance);
    const perLevel = tf.unstack(painted) as tf.Tensor3D[];
    const contexts = context && contextPerLevel(embeddings, context, projectContext);
    return shapes.map((shape, level) => {
      const map = tf.reshape<tf.Rank.R4>(tf.matMul(inside[level], perLevel[level], true, false), [...shape]);
      return contexts === undefined ? mapWithoutContext(map) : tf.relu(tf.add<tf.Tensor4D>(mapInstances(map), contexts[level]));
    });
  };
}

/** The projected context embedding of every level: [B, 1, 1, C]. */
function contextPerLevel(embeddings: tf.Tensor4D, context: tf.Tensor3D, project: (x: tf.Tensor2D) => tf.Tensor2D): tf.Tensor4D[] {
  const [levels, images, rows, channels] = embeddings.shape;
  // [B, 1, R]·[B, R, L·C]: one product picks the context rows of all levels.
  const byImage = tf.reshape<tf.Rank.R3>(tf.transpose(embeddings, [1, 2, 0, 3]), [images, rows, levels * channels]);
  const picked = tf.reshape<tf.Rank.R2>(tf.matMul(context, byImage), [images * levels, channels]);
  const projected = tf.reshape(project(picked), [images, levels, 1, 1, channels]);
  return tf.unstack(projected, 1) as tf.Tensor4D[];
}

/** LGD's refinement: three conv3×3 with GroupNorm(1), ReLU after the first two. The result has mean 0, variance 1. */
export function refinement(set: ParameterSet, channels: number): Conv {
  const convs = [0, 3, 6].map((index) => conv3x3(set, `refinement_module.${index}`, channels));
  return (x) => convs.reduce((y, conv, i) => standardise(conv(y), [1, 2, 3], { relu: i < 2 }), x);
}
