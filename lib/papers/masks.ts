import type { Dataset } from "../data/dataset.ts";
import { detectorTitle, segments, type DetectorSpec } from "./detectors.ts";

/** @throws Error when the detector learns from masks and no object of the dataset has one */
export function requireMasks(detector: DetectorSpec, dataset: Dataset): void {
  if (!segments(detector)) return;
  const objects = dataset.images.flatMap((_, index) => dataset.annotations(index)).filter(({ crowd }) => !crowd);
  if (objects.length === 0 || objects.some(({ segmentation }) => segmentation !== undefined)) return;
  const remedy = detector.kind === "cascadeRcnn" ? 'set "masks": false in the detector' : 'use the detector "fasterRcnn"';
  throw new Error(`${detectorTitle(detector)} learns from masks, and ${dataset.name} has none, boxes alone: ${remedy}, or give data with segmentations`);
}
