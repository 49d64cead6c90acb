import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll } from "vitest";
import type { Annotation, Dataset, Pixels } from "../../../lib/data/dataset.ts";
import { random } from "../../../lib/tensor/random.ts";

/** A folder that is removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "potstill-data-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface CocoObject {
  images: Record<string, unknown>[];
  categories: Record<string, unknown>[];
  annotations: Record<string, unknown>[];
}

/** Two images, two categories with a gap, three annotations (one crowd). */
export function cocoObject(): CocoObject {
  return {
    images: [{ id: 7, file_name: "b.png", width: 40, height: 30 }, { id: 3, file_name: "a.png", width: 20, height: 24 }],
    categories: [{ id: 5, name: "cup" }, { id: 2, name: "cat" }],
    annotations: [
      { id: 11, image_id: 7, category_id: 5, bbox: [1, 2, 10, 12.5], area: 90, iscrowd: 0, segmentation: [[1, 2, 11, 2, 11, 14.5]] },
      { id: 10, image_id: 7, category_id: 2, bbox: [20, 5, 20, 25], area: 500, iscrowd: 0 },
      { id: 12, image_id: 3, category_id: 2, bbox: [0, 0, 20, 24], area: 400, iscrowd: 1, segmentation: { counts: [80, 400], size: [24, 20] } },
    ],
  };
}

/** Writes a COCO folder with noise images; `content` may be text that is no JSON. */
export async function writeFolder(folder: string, content: CocoObject | string, name = "annotations.json"): Promise<string> {
  mkdirSync(join(folder, "images"), { recursive: true });
  for (const { file_name, width, height } of cocoObject().images as { file_name: string; width: number; height: number }[]) {
    await sharp(noise(width, height, file_name).data, { raw: { width, height, channels: 3 } }).png().toFile(join(folder, "images", file_name));
  }
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return folder;
}

export function noise(width: number, height: number, seed: string | number): Pixels {
  const u = random("noise", seed);
  return { data: Uint8Array.from({ length: width * height * 3 }, () => u.integer(256)), width, height };
}

/** A dataset in memory from pictures and annotations by image. */
export function memoryDataset(pictures: readonly Pixels[], annotations: readonly (readonly Annotation[])[] = []): Dataset & { decoded: number[] } {
  const decoded: number[] = [];
  return {
    name: "memory",
    hash: "0",
    categories: [{ id: 2, name: "cat" }, { id: 5, name: "cup" }],
    images: pictures.map(({ width, height }, i) => ({ id: i + 1, fileName: `${i}.png`, width, height })),
    annotations: (index) => annotations[index] ?? [],
    pixels: async (index) => { decoded.push(index); return pictures[index]; },
    decoded,
  };
}

export function box(id: number, image: number, xywh: Annotation["xywh"], categoryId = 2, crowd = false): Annotation {
  return { id, imageId: image + 1, categoryId, xywh, area: xywh[2] * xywh[3], crowd };
}
