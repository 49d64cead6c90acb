import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../../data/batch.ts";
import { pasteMasks, type PasteConvention } from "../../tensor/masks/paste.ts";
import { maskTargets, type MaskTargetOptions } from "../assign/mask-targets.ts";
import type { Detections } from "../detector.ts";
import type { MaskHead } from "../heads/mask.ts";
import { maskLoss } from "../loss/mask.ts";
import { extractRois, joinRois, type RoiExtractOptions } from "./extract.ts";

/** What is common to training and using mask heads. */
export interface MaskRegionOptions {
  /** How a region's features are read: 14 × 14 in all references. */
  readonly extract: RoiExtractOptions;
  /** Which of a head's maps belongs to a class: its own, the next one (the first is the background's) or the only one. */
  readonly map: "class" | "after-background" | "only";
}

/** Regions of one image that learn a mask. */
export interface MaskRegions {
  /** [n, 4] xyxy in pixels of the batch image. */
  readonly boxes: Float32Array;
  /** [n] index of the object each one belongs to. */
  readonly objects: Int32Array;
}

export interface MaskTrainingOptions extends MaskRegionOptions {
  readonly targets: Pick<MaskTargetOptions, "aligned" | "binary"> & {
    /** What is beyond an image's content: its border goes on, or (mmdet, which pads masks with the images) nothing. */
    readonly beyond: "border" | "nothing";
  };
  readonly weight: number;
}

/**
 * weight · mean binary cross entropy of the regions' maps of their objects' classes; 0 for a batch without any region.
 * @param size pixels of the padded batch image
 * @throws Error for objects without masks, and masks of another size than their image
 */
export function maskTerm(head: MaskHead, pyramid: readonly tf.Tensor4D[], batch: { readonly regions: readonly MaskRegions[]; readonly targets: readonly Target[]; readonly size: { readonly height: number; readonly width: number } }, options: MaskTrainingOptions): tf.Scalar {
  checkMasks(batch.targets);
  const count = batch.regions.reduce((sum, { objects }) => sum + objects.length, 0);
  if (count === 0) return idleTerm(head, pyramid, options);
  const side = 2 * options.extract.output[0];
  const labels = batch.regions.flatMap(({ objects }, i) => Array.from(objects, (o) => batch.targets[i].labels[o]));
  const features = head.features(extractRois(pyramid, joinRois(batch.regions), options.extract));
  const logits = head.logitsOf(features, mapsOf(labels, options.map));
  return maskLoss(logits, tf.tensor3d(projected(batch, side, options), [count, side, side]), options.weight);
}

/** Nothing to learn, but every parameter has a gradient (of zeros), as in the references. */
function idleTerm(head: MaskHead, pyramid: readonly tf.Tensor4D[], { extract }: MaskTrainingOptions): tf.Scalar {
  const features = head.features(extractRois(pyramid, { boxes: Float32Array.of(0, 0, 1, 1), images: Int32Array.of(0) }, extract));
  const logits = head.logitsOf(features, Int32Array.of(0));
  return maskLoss(logits, tf.zerosLike(logits), 0);
}

function mapsOf(labels: ArrayLike<number>, map: MaskRegionOptions["map"]): Int32Array {
  const shift = map === "after-background" ? 1 : 0;
  return Int32Array.from(labels, (label) => (map === "only" ? 0 : label + shift));
}

function projected({ regions, targets, size }: Parameters<typeof maskTerm>[2], side: number, options: MaskTrainingOptions): Float32Array {
  const { aligned, binary, beyond } = options.targets;
  const area = side * side;
  const all = new Float32Array(area * regions.reduce((sum, { objects }) => sum + objects.length, 0));
  let start = 0;
  for (const [i, region] of regions.entries()) {
    all.set(maskTargets(targets[i].masks ?? [], region, { size: side, aligned, binary, ...(beyond === "nothing" && { canvas: size }) }), start);
    start += area * region.objects.length;
  }
  return all;
}

function checkMasks(targets: readonly Target[]): void {
  for (const [i, { labels, masks, imageId, width, height }] of targets.entries()) {
    const where = `image ${i} of the batch (id ${imageId})`;
    const remedy = "a mask head learns from one mask per object: load the batches with masks: true, from annotations with segmentations";
    if (masks === undefined && labels.length > 0) throw new Error(`${where}: ${labels.length} objects without masks; ${remedy}`);
    if (masks === undefined) continue;
    if (masks.length !== labels.length) throw new Error(`${where}: ${masks.length} masks for ${labels.length} objects; ${remedy}`);
    const other = masks.findIndex((mask) => mask.width !== width || mask.height !== height);
    if (other >= 0) throw new Error(`${where}, object ${other}: its mask is ${masks[other].height} × ${masks[other].width} pixels (height × width), the image's content ${height} × ${width}; masks must be scaled with their image`);
  }
}

export interface MaskDecodeOptions extends MaskRegionOptions {
  /** How a region's probabilities are stretched over its box. */
  readonly paste: PasteConvention;
  /** Probability that a pixel of the object has. */
  readonly threshold: number;
}

/**
 * Adds masks to detections: each box's map of its class, probabilities averaged over the heads (a cascade has several).
 * Downloads once.
 */
export function decodeMasks(heads: readonly MaskHead[], pyramid: readonly tf.Tensor4D[], found: { readonly detections: readonly Detections[]; readonly sizes: readonly { readonly width: number; readonly height: number }[] }, options: MaskDecodeOptions): Detections[] {
  const { detections, sizes } = found;
  const labels = detections.flatMap((image) => Array.from(image.labels));
  if (labels.length === 0) return detections.map((image) => ({ ...image, masks: [] }));
  const { values, area } = probabilities(heads, pyramid, { ...options, labels, detections });
  let start = 0;
  return detections.map((image, i) => {
    const end = start + image.scores.length * area;
    const masks = pasteMasks(values.subarray(start, end), image.boxes, { size: sizes[i], convention: options.paste, threshold: options.threshold });
    start = end;
    return { ...image, masks };
  });
}

function probabilities(heads: readonly MaskHead[], pyramid: readonly tf.Tensor4D[], { extract, map, labels, detections }: MaskRegionOptions & { readonly labels: readonly number[]; readonly detections: readonly Detections[] }): { values: Float32Array; area: number } {
  let area = 0;
  const mean = tf.tidy(() => {
    const regions = extractRois(pyramid, joinRois(detections), extract);
    const each = heads.map((head) => tf.sigmoid(head.logitsOf(head.features(regions), mapsOf(labels, map))));
    area = each[0].shape[1] * each[0].shape[2];
    return each.length === 1 ? each[0] : tf.mul(tf.addN(each), 1 / each.length);
  });
  const values = mean.dataSync<"float32">();
  mean.dispose();
  return { values, area };
}
