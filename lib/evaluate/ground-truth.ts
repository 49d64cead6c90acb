import { Column } from "./columns.ts";
import { EvaluationDataError } from "./fields.ts";
import { idFinder, uniqueAscending } from "./ids.ts";
import type { Category, GroundTruth } from "./types.ts";

/** An annotation as COCO's JSON has it. */
export interface AnnotationRecord {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  /** xywh in pixels. */
  readonly bbox: readonly number[];
  /** Square pixels; of the mask, where there is one. */
  readonly area: number;
  readonly iscrowd?: number | boolean;
}

export interface DatasetRecords {
  readonly images: readonly { readonly id: number }[];
  readonly categories: readonly Category[];
  readonly annotations: readonly AnnotationRecord[];
}

/** Annotations' columns before their images and categories are known. */
export interface AnnotationColumns {
  readonly id: Column;
  readonly image: Column;
  readonly category: Column;
  readonly box: Column;
  readonly area: Column;
  readonly crowd: Column;
}

/** Empty annotation columns. */
export const annotationColumns = (): AnnotationColumns => ({ id: new Column(), image: new Column(), category: new Column(), box: new Column(), area: new Column(), crowd: new Column() });

/** Ground truth from COCO records in memory. Throws `EvaluationDataError` naming `source`, annotation and field. */
export function groundTruthFrom({ images, categories, annotations }: DatasetRecords, source = "ground truth"): GroundTruth {
  const columns = annotationColumns();
  annotations.forEach((annotation, index) => {
    checkAnnotation(annotation, `${source}: annotations[${index}] (id ${annotation.id})`);
    columns.id.push(annotation.id);
    columns.image.push(annotation.image_id);
    columns.category.push(annotation.category_id);
    columns.area.push(annotation.area);
    columns.crowd.push(Number(annotation.iscrowd ?? 0));
    for (const value of annotation.bbox) columns.box.push(value);
  });
  return assembleGroundTruth({ imageIds: images.map(({ id }) => id), categories, columns }, source);
}

function checkAnnotation({ id, image_id, category_id, bbox, area }: AnnotationRecord, where: string): void {
  for (const [name, value] of Object.entries({ id, image_id, category_id })) {
    if (!Number.isSafeInteger(value)) throw new EvaluationDataError(`${where}: "${name}" is ${String(value)}; a whole number must stand there`);
  }
  if (!Number.isFinite(area)) throw new EvaluationDataError(`${where}: "area" is ${String(area)}; a finite number must stand there`);
  if (bbox.length !== 4 || !bbox.every(Number.isFinite)) {
    throw new EvaluationDataError(`${where}: "bbox" is [${bbox.join(", ")}]; [x, y, width, height] of four finite numbers must stand there`);
  }
}

/** Puts columns together: finds each annotation's image and category, leaves out those that are not listed. */
export function assembleGroundTruth(parts: { imageIds: Iterable<number>; categories: readonly Category[]; columns: AnnotationColumns }, source: string): GroundTruth {
  const imageIds = uniqueAscending(parts.imageIds);
  const categories = [...new Map(parts.categories.map((category) => [category.id, category])).values()].sort((a, b) => a.id - b.id);
  refuseRepeatedIds(parts.columns.id, source);
  return { imageIds, categories, ...listedOnly(parts.columns, imageIds, categories) };
}

function refuseRepeatedIds(ids: Column, source: string): void {
  const sorted = ids.toArray().slice().sort();
  const repeated = sorted.find((id, i) => i > 0 && id === sorted[i - 1]);
  if (repeated !== undefined) throw new EvaluationDataError(`${source}: the annotation id ${repeated} occurs more than once; each annotation needs an id of its own`);
}

function listedOnly(columns: AnnotationColumns, imageIds: Float64Array, categories: readonly Category[]): Omit<GroundTruth, "imageIds" | "categories"> {
  const findImage = idFinder(imageIds);
  const findCategory = idFinder(Float64Array.from(categories, ({ id }) => id));
  const kept = Array.from({ length: columns.id.length }, (_, i) => i).filter((i) => findImage(columns.image.at(i)) >= 0 && findCategory(columns.category.at(i)) >= 0);
  const pick = (column: Column) => Float64Array.from(kept, (i) => column.at(i));
  return {
    count: kept.length,
    id: pick(columns.id),
    image: Int32Array.from(kept, (i) => findImage(columns.image.at(i))),
    category: Int32Array.from(kept, (i) => findCategory(columns.category.at(i))),
    box: Float64Array.from({ length: 4 * kept.length }, (_, i) => columns.box.at(4 * kept[i >> 2] + (i & 3))),
    area: pick(columns.area),
    crowd: Uint8Array.from(kept, (i) => (columns.crowd.at(i) === 0 ? 0 : 1)),
    unlisted: columns.id.length - kept.length,
  };
}
