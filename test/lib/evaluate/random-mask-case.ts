import type { AnnotationRecord, DatasetRecords } from "../../../lib/evaluate/ground-truth.ts";
import type { DetectionRecord } from "../../../lib/evaluate/detections.ts";
import { resampleRle } from "../../../lib/tensor/masks/resample.ts";
import { areaOfRle, boxOfRle, encodeRle } from "../../../lib/tensor/masks/rle.ts";
import type { MaskSize, Rle } from "../../../lib/tensor/masks/rle.ts";
import { rleFrom, toCocoRle } from "../../../lib/tensor/masks/segmentation.ts";
import type { MaskForm } from "../../../lib/tensor/masks/segmentation.ts";
import { seeded } from "./random-case.ts";

export interface RandomMaskCase {
  readonly dataset: DatasetRecords;
  readonly results: DetectionRecord[];
  readonly limits: readonly number[];
}

/**
 * A hard case for masks: polygons of one part and several, text and plain run lengths, crowds, empty masks, equal masks
 * and scores, annotated areas that are not the masks', images of different sizes, more detections than the limit.
 * Every third case's results carry boxes of their own (then boxes decide the areas), some of those no mask at all.
 */
export function randomMaskCase(seed: number): RandomMaskCase {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <Item>(items: readonly Item[]) => items[below(items.length)];
  const side = () => (seed % 4 === 0 ? 120 + below(60) : 6 + below(40));
  const images = Array.from({ length: 1 + below(8) }, (_, i) => ({ id: 4 + 3 * i + below(3), height: side(), width: side() }));
  const categories = Array.from({ length: 1 + below(4) }, (_, i) => ({ id: 2 + 3 * i, name: `category ${i}` }));
  const polygon = ({ height, width }: MaskSize) => {
    const [x, y, w, h] = [random() * width, random() * height, random() * width, random() * height];
    return Array.from({ length: 2 * (3 + below(5)) }, (_, i) => Math.round(100 * (i % 2 === 0 ? x + (random() - 0.5) * w : y + (random() - 0.5) * h)) / 100);
  };
  const shape = (size: MaskSize): MaskForm => {
    if (random() < 0.6) return Array.from({ length: 1 + below(3) }, () => polygon(size));
    const density = pick([0, 0.1, 0.5, 1]);
    const mask = random() < 0.5 ? rleFrom([polygon(size)], size) : encodeRle(Array.from({ length: size.height * size.width }, () => random() < density), size);
    return random() < 0.5 ? toCocoRle(mask) : { counts: [...mask.counts], size: [size.height, size.width] };
  };
  const moved = (mask: Rle): Rle => {
    const wide = resampleRle(mask, { size: { height: mask.height + below(3), width: mask.width + below(3) } });
    return resampleRle(wide, { size: mask, sampling: "floor" });
  };
  const annotations: AnnotationRecord[] = Array.from({ length: below(1 + images.length * 6) }, (_, i) => {
    const image = pick(images);
    const segmentation = shape(image);
    const mask = rleFrom(segmentation, image);
    const area = random() < 0.3 ? pick([1024, 9216, 0, 1e10, 1023.5]) : areaOfRle(mask);
    return { id: seed % 5 === 0 ? i : i + 1, image_id: image.id, category_id: pick(categories).id, bbox: boxOfRle(mask), area, iscrowd: random() < 0.2 ? 1 : 0, segmentation };
  });
  const boxed = seed % 3 === 0;
  const results = Array.from({ length: 1 + below(seed % 7 === 0 ? 250 : 60) }, (): DetectionRecord => {
    const model = annotations.length > 0 && random() < 0.75 ? pick(annotations) : undefined;
    const image = images.find(({ id }) => id === model?.image_id) ?? pick(images);
    const mask = model === undefined ? rleFrom(shape(image), image) : random() < 0.3 ? rleFrom(model.segmentation!, image) : moved(rleFrom(model.segmentation!, image));
    const category_id = random() < 0.05 ? 9999 : random() < 0.15 || model === undefined ? pick(categories).id : model.category_id;
    const score = random() < 0.4 ? pick([0.1, 0.5, 0.9, 0, 1]) : random();
    const bbox = random() < 0.5 ? boxOfRle(mask) : [random() * 20, random() * 20, random() * 140, random() * 140];
    const own = { image_id: image.id, category_id, score };
    if (boxed && random() < 0.2) return { ...own, bbox };
    return { ...own, ...(boxed && { bbox }), segmentation: toCocoRle(mask) };
  });
  return { dataset: { images: [...images].reverse(), categories: [...categories].reverse(), annotations }, results, limits: seed % 6 === 5 ? [2, 5, 20] : [1, 10, 100] };
}
