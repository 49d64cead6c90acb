import * as tf from "@tensorflow/tfjs-core";
import { evaluationBatches } from "../data/batches.ts";
import type { Target } from "../data/batch.ts";
import type { Dataset, Pixels } from "../data/dataset.ts";
import { resizeBilinear } from "../data/resize.ts";
import { subset } from "../data/subset.ts";
import type { Transforms } from "../data/transforms.ts";
import type { ImageSize } from "../detector/assignment.ts";
import type { Detections, Detector } from "../detector/detector.ts";

/** An image as a detector gets it: resized, but neither normalised nor padded. Boxes are in its pixels. */
export interface View {
  /** The image's content in the batch. */
  readonly photo: Pixels;
  readonly target: Target;
  /** Of the padded batch image. */
  readonly size: ImageSize;
  /** The image's file name. */
  readonly name: string;
  /** Class names by label. */
  readonly names: readonly string[];
}

/** One number per cell of a pyramid's level. */
export interface LevelMap {
  /** Pixels between cells. */
  readonly stride: number;
  readonly height: number;
  readonly width: number;
  /** [height, width], row-major. */
  readonly values: Float32Array;
}

/** What a detector makes of an image; plain numbers, nothing to dispose. */
export interface Look extends View {
  /** The detector's name. */
  readonly detector: string;
  readonly detections: Detections;
  /** Activations of the pyramid's levels, finest first. */
  readonly pyramid: readonly LevelMap[];
}

export interface ViewOptions {
  /** How images are prepared; as the detector was trained. */
  readonly transforms?: Transforms;
  /** Objects with their masks; every object must have one. Default false. */
  readonly masks?: boolean;
}

export interface ActivationOptions {
  /** A channel of the pyramid, or (default) the mean of |x| over all. */
  readonly channel?: number | "mean";
}

/** Images of a dataset as a detector gets them, each a batch of its own. Throws RangeError outside the dataset. */
export async function viewsOf(dataset: Dataset, indices: readonly number[], options: ViewOptions = {}): Promise<View[]> {
  return eachView(dataset, indices, options, (_, view) => view);
}

/**
 * A detector's detections and pyramid on images of a dataset, each a batch of its own, by ascending position. No tensor is left.
 * @throws RangeError for a channel or an image that does not exist
 */
export async function lookAt(detector: Detector, dataset: Dataset, indices: readonly number[], options: ViewOptions & ActivationOptions = {}): Promise<Look[]> {
  return eachView(dataset, indices, options, (images, view) => {
    let look: Look | undefined;
    tf.tidy(() => {
      const prediction = detector.forward(images);
      const [detections] = detector.decode(prediction, [view.target]);
      look = { ...view, detector: detector.name, detections, pyramid: activations(prediction.pyramid, detector.strides, options) };
    });
    return look!;
  });
}

/**
 * The first image's activation on each level: mean of |x| over the channels, or one channel.
 * @param pyramid [B, H_l, W_l, C] per level; they stay the caller's
 * @throws RangeError for a channel that does not exist
 */
export function activations(pyramid: readonly tf.Tensor4D[], strides: readonly number[], { channel = "mean" }: ActivationOptions = {}): LevelMap[] {
  return pyramid.map((map, l) => {
    const [, height, width, channels] = map.shape;
    if (channel !== "mean" && !(Number.isInteger(channel) && channel >= 0 && channel < channels)) {
      throw new RangeError(`channel ${channel} is asked for; the pyramid has 0 … ${channels - 1}, or "mean"`);
    }
    let values = new Float32Array(0);
    tf.tidy(() => {
      const first = tf.slice(map, 0, 1);
      const flat = channel === "mean" ? tf.mean(tf.abs(first), 3) : tf.slice(first, [0, 0, 0, channel], [1, height, width, 1]);
      values = Float32Array.from(flat.dataSync<"float32">());
    });
    return { stride: strides[l], height, width, values };
  });
}

/**
 * What `use` makes of each image as a detector gets it, a batch of its own, by ascending position.
 * @param use is given the images [1, H, W, 3], which are disposed afterwards
 */
export async function eachView<T>(dataset: Dataset, indices: readonly number[], { transforms = {}, masks = false }: ViewOptions, use: (images: tf.Tensor4D, view: View) => T): Promise<T[]> {
  const part = subset(dataset, indices);
  const names = dataset.categories.map(({ name }) => name);
  const results: T[] = [];
  for await (const batch of evaluationBatches(part, { batchSize: 1, transforms, masks })) {
    try {
      const { images, targets: [target] } = batch;
      const photo = resized(await part.pixels(target.image), target);
      results.push(use(images, { photo, target, names, name: part.images[target.image].fileName, size: { height: images.shape[1], width: images.shape[2] } }));
    } finally {
      batch.dispose();
    }
  }
  return results;
}

function resized(pixels: Pixels, { width, height }: Pick<Target, "width" | "height">): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  return { data: Uint8Array.from(resizeBilinear(pixels.data, pixels, { width, height }), Math.round), width, height };
}
