import type * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import type { Rle } from "../tensor/masks/rle.ts";
import type { AssignedLevel, ImageSize } from "./assignment.ts";
import type { BoxReader } from "./decode/prediction.ts";

/** What a parameter belongs to; learning-rate groups and freezing speak of these. */
export type ParameterGroup = "backbone" | "neck" | "head" | "distill";

/** Biases of convolutions and linear layers; scale and shift of norms. */
export type ParameterRole = "bias" | "norm";

/** A named weight. Names and shapes follow the reference implementation's, but layouts are TensorFlow's (HWIO, [in, out]). */
export interface Parameter {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly group: ParameterGroup;
  /** Never trained (frozen stem and stages, BatchNorm statistics). */
  readonly frozen: boolean;
  /** What recipes treat apart; absent for weights. A norm's own shift is `norm`; the offsets of deformable convolutions have no role. */
  readonly role?: ParameterRole;
  /** Of a linear layer's weight whose input is a flattened map: references flatten [channels, height, width], we [height, width, channels]. */
  readonly flattened?: FlattenedInput;
}

/** The map that a linear layer reads flattened. */
export interface FlattenedInput {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A detector's raw outputs on a pyramid. Tensors belong to the caller's tidy scope. */
export interface Prediction {
  /** FPN maps, finest first: [B, H_l, W_l, C]. */
  readonly pyramid: readonly tf.Tensor4D[];
  /** Class logits per level: [B, H_l, W_l, A·K] (anchor-major: channel a·K + k). */
  readonly logits: readonly tf.Tensor4D[];
  /** Box outputs per level: [B, H_l, W_l, A·4]. */
  readonly boxes: readonly tf.Tensor4D[];
  /** Further outputs by name (centerness, masks…), per level. */
  readonly extra?: Readonly<Record<string, readonly tf.Tensor4D[]>>;
  /** The backbone's stages C2, C3, … as far as the neck reads: [B, H_s, W_s, C_s] at strides 4, 8, …; only from `forward`. */
  readonly stages?: readonly tf.Tensor4D[];
  /** Size in pixels of the padded batch image. */
  readonly height: number;
  readonly width: number;
}

/** Maps of both towers of a dense head at one depth, per level [B, H_l, W_l, C]. */
export interface HeadMaps {
  readonly class: readonly tf.Tensor4D[];
  readonly box: readonly tf.Tensor4D[];
}

/** A dense head that can be left and entered between the convolutions of its towers (CrossKD). */
export interface HeadSplit {
  /** Convolutions of each tower. */
  readonly convs: number;
  /** Both towers after so many convolutions and their norms, before the activation; after 0 the pyramid itself. */
  until(pyramid: readonly tf.Tensor4D[], convs: number): HeadMaps;
  /** The rest of the head, from maps after so many convolutions and their activation. */
  from(maps: HeadMaps, convs: number): Pick<Prediction, "logits" | "boxes" | "extra">;
  /**
   * The boxes that a prediction of this detector stands for, on the gradient tape: [B·N, 4] xyxy, in the order of `levelRows`.
   * Boxes of one row can be compared by overlap; place and unit differ from row to row where the head says distances.
   */
  boxes(prediction: Pick<Prediction, "boxes" | "logits" | "height" | "width">): tf.Tensor2D;
}

/** Named scalar losses, unweighted; the caller sums them. */
export type LossTerms = Readonly<Record<string, tf.Scalar>>;

/** The decoded objects of one image, by descending score. */
export interface Detections {
  /** [n, 4] xyxy in pixels of the batch image. */
  readonly boxes: Float32Array;
  /** [n] in [0, 1]. */
  readonly scores: Float32Array;
  /** [n] positions in `Dataset.categories`. */
  readonly labels: Int32Array;
  /** One per box, in the size of the image's content in the batch; only from detectors that segment. */
  readonly masks?: readonly Rle[];
}

/** When in a training, and what for, a loss is asked for. */
export interface Moment {
  /** Training iterations done, from 0: detectors that sample draw the same samples at the same iteration. */
  readonly iteration: number;
  /**
   * Whether the detector may remember this batch. Default true: what a loss keeps of the batches it has seen (detectron2's
   * moving average of positives, the parameter `loss_normalizer`) moves on at each call.
   * False, for a validation loss or a check of gradients: the values are those that a training step would have, but the
   * detector stays as it is, so that asking again gives the same.
   */
  readonly remember?: boolean;
}

export interface Detector {
  readonly name: string;
  /** Number of classes K. */
  readonly classes: number;
  /** Channels C of the pyramid. */
  readonly channels: number;
  /** Strides in pixels of the pyramid's levels, finest first. */
  readonly strides: readonly number[];
  parameters(): readonly Parameter[];
  /** Images [B, H, W, 3] → pyramid, finest first. */
  extract(images: tf.Tensor4D): tf.Tensor4D[];
  /** The head on any pyramid of this detector's shape (label-guided methods pass their own). */
  predict(pyramid: readonly tf.Tensor4D[], size: { readonly height: number; readonly width: number }): Prediction;
  /** `predict(extract(images))`. */
  forward(images: tf.Tensor4D): Prediction;
  /**
   * Named losses of a prediction. Assigned targets are remembered per `targets` array, so asking again (K_e) costs nothing.
   * Detectors with a moving-average normaliser (detectron2's) change it at each call: two calls with the same arguments differ,
   * unless the moment says `remember: false`.
   * @param moment default iteration 0, remembered. What a two-stage detector samples is a pure function of its seed, the iteration and
   * the image's id, so that a resumed training is equal to the bit.
   */
  loss(prediction: Prediction, targets: readonly Target[], moment?: Moment): LossTerms;
  /** Objects per image, clipped to its content (`targets[i].width × height`). */
  decode(prediction: Prediction, targets: readonly Pick<Target, "width" | "height">[]): Detections[];
  /**
   * What training asks of every prior (anchor or point) for one image of a batch padded to `size`, level by level, by the
   * functions that `loss` uses. Of a two-stage detector: its region proposal network's, before sampling.
   */
  assignment?(target: Target, size: ImageSize): readonly AssignedLevel[];
  /** Of detectors with a dense head of two towers. */
  readonly headSplit?: HeadSplit;
  /** How the box outputs of a prediction's priors are read as boxes in pixels. Of a two-stage detector: its region proposal network's. */
  readBoxes?(prediction: Prediction): BoxReader;
  dispose(): void;
}
