import type { Detections, GroundTruth } from "./types.ts";

/**
 * Items of each (category, image) cell, cells in category-major order: cell `k·images + i` holds
 * `items[start[cell] … start[cell + 1])`, in file order.
 */
export interface Cells {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Groups columns by category, then image, keeping file order inside a cell (a counting sort). */
export function groupByCell({ count, image, category }: Pick<GroundTruth | Detections, "count" | "image" | "category">, images: number, categories: number): Cells {
  const start = new Int32Array(images * categories + 1);
  for (let i = 0; i < count; i++) start[category[i] * images + image[i] + 1]++;
  for (let cell = 1; cell < start.length; cell++) start[cell] += start[cell - 1];
  const next = start.slice();
  const items = new Int32Array(count);
  for (let i = 0; i < count; i++) items[next[category[i] * images + image[i]]++] = i;
  return { start, items };
}
