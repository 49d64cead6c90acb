import type * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import type { Parameter } from "../detector/detector.ts";
import { appearanceEncoder } from "./appearance-encoder.ts";
import { interObjectAdapter, labelProjection } from "./inter-object.ts";
import { intraObjectMapper, refinement } from "./intra-object.ts";
import { labelEncoder, scaledWidths, type LabelEncoderWidths } from "./label-encoder.ts";
import { parameterSet } from "./layers.ts";
import { describeObjects, toTensors, type ObjectTable } from "./objects.ts";

export interface LabelTeacherOptions {
  /** Channels C of the student's pyramid. */
  readonly channels: number;
  /** Number of classes K. */
  readonly classes: number;
  /** Attention heads; must divide the channels. Default 8. */
  readonly heads?: number;
  /** Hidden widths of the label encoder. Default: the paper's at 256 channels, in proportion below (`scaledWidths`). */
  readonly widths?: LabelEncoderWidths;
  /** LGD's ADD_CONTEXT_BOX. Default true (its RetinaNet configurations). */
  readonly addContextBox?: boolean;
  /** LGD's DETACH_APPEARANCE_EMBED: K_e's detection loss does not reach the student through the appearance path. Default false (its RetinaNet and FCOS configurations). */
  readonly detachAppearanceEmbed?: boolean;
  /** Seed of the initial weights. Default 0. */
  readonly seed?: number | string;
}

/** Every stage's result, finest level first where there are levels. */
export interface Enhanced {
  readonly objects: ObjectTable;
  /** [B·R, 4 + K] */
  readonly descriptors: tf.Tensor2D;
  /** [B·R, 4 + K, 4 + K], [B·R, point, point] */
  readonly descriptorTransform: tf.Tensor3D;
  readonly featureTransform: tf.Tensor3D;
  /** [B·R, C] */
  readonly code: tf.Tensor2D;
  readonly labels: tf.Tensor2D;
  /** [L, B, R, C] */
  readonly appearance: tf.Tensor4D;
  readonly attention: tf.Tensor4D;
  /** [B, H_l, W_l, C]: painted, and refined (K_e). */
  readonly mapped: readonly tf.Tensor4D[];
  readonly maps: readonly tf.Tensor4D[];
}

/** LGD's "dynamic teacher": turns a student's pyramid and the labels into label-enhanced maps K_e. */
export interface LabelTeacher {
  readonly parameters: readonly Parameter[];
  /** The appearance path is the caller's to detach. Tensors belong to the current tidy scope. */
  enhance(pyramid: readonly tf.Tensor4D[], targets: readonly Target[], size: { readonly height: number; readonly width: number }): Enhanced;
  dispose(): void;
}

/** @throws when the heads do not divide the channels */
export function labelTeacher(options: LabelTeacherOptions): LabelTeacher {
  const { channels, classes, heads = 8, widths = scaledWidths(channels), addContextBox = true, seed = 0 } = options;
  checkSizes(channels, classes, heads);
  const set = parameterSet(seed);
  // In the official registration order.
  const encode = labelEncoder(set, 4 + classes, channels, widths);
  const project = labelProjection(set, channels);
  const appear = appearanceEncoder(set, channels);
  const paint = intraObjectMapper(set, channels);
  const refine = refinement(set, channels);
  const relate = interObjectAdapter(set, channels, heads);
  return {
    parameters: set.all,
    enhance: (pyramid, targets, size) => {
      const shapes = pyramid.map((map) => map.shape);
      const levels = shapes.map(([, height, width]) => ({ height, width }));
      checkPyramid(pyramid, channels, targets.length);
      const objects = describeObjects(targets, size, levels, { classes, context: addContextBox });
      const tensors = toTensors(objects);
      const encoded = encode(tensors.descriptors, tensors.valid);
      const labels = project(encoded.code);
      const appearance = appear(pyramid, tensors);
      const attention = relate(appearance, labels, tensors.keyMask);
      const mapped = paint(attention, tensors, shapes);
      return { objects, descriptors: tensors.descriptors, ...encoded, labels, appearance, attention, mapped, maps: mapped.map(refine) };
    },
    dispose: () => set.dispose(),
  };
}

function checkSizes(channels: number, classes: number, heads: number): void {
  const positive = (name: string, value: number) => {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} is ${value}; allowed: an integer of at least 1`);
  };
  positive("channels", channels);
  positive("classes", classes);
  positive("heads", heads);
  if (channels % heads !== 0) throw new RangeError(`${heads} attention heads do not divide ${channels} channels; choose heads among its divisors`);
}

function checkPyramid(pyramid: readonly tf.Tensor4D[], channels: number, images: number): void {
  const bad = pyramid.find((map) => map.shape[3] !== channels || map.shape[0] !== images);
  if (pyramid.length > 0 && bad === undefined) return;
  throw new Error(`label-enhanced maps need a pyramid [B, H, W, C] with B = ${images} (targets of the batch) and C = ${channels} (the method's channels); received ${bad === undefined ? "no level" : `[${bad.shape.join(", ")}]`}`);
}
