import type { AnnotationRecord, DatasetRecords } from "../../../lib/evaluate/ground-truth.ts";
import type { DetectionRecord } from "../../../lib/evaluate/detections.ts";

/** A small seeded generator (mulberry32), so that tests need nothing of what they test. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface RandomCase {
  readonly dataset: DatasetRecords;
  readonly results: DetectionRecord[];
  readonly limits: readonly number[];
}

/** Sides whose squares sit on the borders of small, medium and large, and sides beside them. */
const SIDES = [0, 1, 31.999, 32, 32.001, 95.999, 96, 96.001, 150];

/**
 * A hard case: crowds, equal scores, equal boxes, empty images and categories, ids with gaps, areas at 32² and 96²,
 * boxes without area, more detections than the limit, categories that the ground truth lacks, an annotation of id 0.
 */
export function randomCase(seed: number): RandomCase {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <Item>(items: readonly Item[]) => items[below(items.length)];
  const gaps = (count: number, step: number) => Array.from({ length: count }, (_, i) => 3 + i * step + below(step));
  const imageIds = gaps(1 + below(seed % 3 === 0 ? 30 : 8), 7);
  const categoryIds = gaps(1 + below(5), 4);
  // Whole-number boxes make ties of overlap frequent; the others have 17 digits.
  const side = () => (seed % 4 === 0 ? pick(SIDES) : seed % 2 === 0 ? below(60) : random() * 120);
  const box = () => (seed % 2 === 0 ? [below(40), below(40), side(), side()] : [random() * 200, random() * 200, side(), side()]);
  const near = (from: readonly number[]) => from.map((value, i) => Math.max(0, value + (random() - 0.5) * (i < 2 ? 12 : 20)));
  const annotations: AnnotationRecord[] = [];
  const ids = gaps(below(1 + imageIds.length * 8), 3);
  if (seed % 5 === 0 && ids.length > 0) ids[below(ids.length)] = 0;
  for (const id of ids) {
    const bbox = annotations.length > 0 && random() < 0.15 ? pick(annotations).bbox : box();
    const area = random() < 0.3 ? pick([1024, 9216, 0, 1023.9999, 9216.0001, 1e10]) : bbox[2] * bbox[3] * (random() < 0.5 ? 1 : 0.6);
    annotations.push({ id, image_id: pick(imageIds), category_id: pick(categoryIds), bbox, area, iscrowd: random() < 0.15 ? 1 : 0 });
  }
  annotations.sort(() => random() - 0.5);
  const results = Array.from({ length: 1 + below(seed % 7 === 0 ? 900 : 150) }, (): DetectionRecord => {
    const model = annotations.length > 0 && random() < 0.7 ? pick(annotations) : undefined;
    const bbox = model === undefined ? box() : random() < 0.3 ? model.bbox : near(model.bbox);
    const score = random() < 0.4 ? pick([0.1, 0.5, 0.5, 0.9, 0, 1]) : random();
    const category_id = random() < 0.05 ? 9999 : random() < 0.15 || model === undefined ? pick(categoryIds) : model.category_id;
    return { image_id: model?.image_id ?? pick(imageIds), category_id, bbox, score };
  });
  const categories = categoryIds.map((id) => ({ id, name: `category ${id}` })).reverse();
  return { dataset: { images: imageIds.map((id) => ({ id })).reverse(), categories, annotations }, results, limits: seed % 6 === 5 ? pick([[1, 10, 50], [100, 300, 1000], [2, 5, 100]]) : [1, 10, 100] };
}
