import { closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { toCocoRle } from "../tensor/masks/segmentation.ts";
import type { DetectionRecord } from "./detections.ts";
import { maskAt } from "./masks.ts";
import type { Detections, GroundTruth } from "./types.ts";

export interface DetectionRecordOptions {
  /**
   * Whether results of masks carry their boxes (default false: evaluators that see boxes take the boxes' areas as the
   * detections' sizes). Results without masks always do.
   */
  readonly boxes?: boolean;
}

/** COCO's result records of detections, in their order, masks as compressed run lengths. */
export function* detectionRecords(detections: Detections, { imageIds, categories }: Pick<GroundTruth, "imageIds" | "categories">, { boxes = false }: DetectionRecordOptions = {}): Generator<DetectionRecord> {
  const { count, image, category, box, score, masks } = detections;
  for (let i = 0; i < count; i++) {
    yield {
      image_id: imageIds[image[i]],
      category_id: categories[category[i]].id,
      ...((boxes || masks === undefined) && { bbox: Array.from(box.subarray(4 * i, 4 * i + 4)) }),
      score: score[i],
      ...(masks !== undefined && { segmentation: toCocoRle(maskAt(masks, i)) }),
    };
  }
}

/**
 * Writes a COCO result file that `readDetections` and other evaluators read: a JSON list, one record a line, in pieces, so
 * that no string grows with it. The file appears whole or not at all. Throws the file system's error.
 */
export function writeDetections(path: string, records: Iterable<DetectionRecord>): void {
  const partial = `${path}.partial-${process.pid}`;
  try {
    const file = openSync(partial, "w");
    try {
      writeList(file, records);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function writeList(file: number, records: Iterable<DetectionRecord>): void {
  let text = "[";
  let first = true;
  for (const record of records) {
    text += `${first ? "\n" : ",\n"}${JSON.stringify(record)}`;
    first = false;
    if (text.length < 1 << 20) continue;
    writeFileSync(file, text);
    text = "";
  }
  writeFileSync(file, `${text}\n]\n`);
}
