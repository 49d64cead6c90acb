import type { MaskForm } from "../tensor/masks/segmentation.ts";
import { Column } from "./columns.ts";
import { EvaluationDataError } from "./fields.ts";
import { idFinder, uniqueAscending } from "./ids.ts";
import { imageSize, maskOf } from "./mask-of.ts";
import { MaskBuffer } from "./masks.ts";
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
  /** Polygons or run lengths; needed when masks are compared. */
  readonly segmentation?: MaskForm;
}

export interface DatasetRecords {
  /** Sizes in pixels are needed for masks given as polygons. */
  readonly images: readonly { readonly id: number; readonly height?: number; readonly width?: number }[];
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
  /** One per annotation when masks are asked for, otherwise none. */
  readonly masks: (MaskForm | undefined)[];
}

/** What of records in memory is kept, and how messages call them. */
export interface RecordOptions extends GroundTruthOptions {
  readonly source?: string;
}

/** What of COCO's records is kept. */
export interface GroundTruthOptions {
  /** Make masks, for `evaluateMasks`; every annotation must have a `segmentation`. Default false. */
  readonly masks?: boolean;
}

/** Empty annotation columns. */
export const annotationColumns = (): AnnotationColumns => ({ id: new Column(), image: new Column(), category: new Column(), box: new Column(), area: new Column(), crowd: new Column(), masks: [] });

/** Ground truth from COCO records in memory. Throws `EvaluationDataError` naming `source`, annotation and field. */
export function groundTruthFrom({ images, categories, annotations }: DatasetRecords, { source = "ground truth", masks = false }: RecordOptions = {}): GroundTruth {
  const columns = annotationColumns();
  annotations.forEach((annotation, index) => {
    checkAnnotation(annotation, `${source}: annotations[${index}] (id ${annotation.id})`);
    columns.id.push(annotation.id);
    columns.image.push(annotation.image_id);
    columns.category.push(annotation.category_id);
    columns.area.push(annotation.area);
    columns.crowd.push(Number(annotation.iscrowd ?? 0));
    for (const value of annotation.bbox) columns.box.push(value);
    if (masks) columns.masks.push(annotation.segmentation);
  });
  return assembleGroundTruth({ images, categories, columns, masks }, source);
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

/** What a file or records hold. */
export interface GroundTruthParts extends Pick<DatasetRecords, "images" | "categories">, GroundTruthOptions {
  readonly columns: AnnotationColumns;
}

/** Puts columns together: finds each annotation's image and category, leaves out those that are not listed. */
export function assembleGroundTruth(parts: GroundTruthParts, source: string): GroundTruth {
  const imageIds = uniqueAscending(parts.images.map(({ id }) => id));
  const categories = [...new Map(parts.categories.map((category) => [category.id, category])).values()].sort((a, b) => a.id - b.id);
  refuseRepeatedIds(parts.columns.id, source);
  const { kept, ...listed } = listedOnly(parts.columns, imageIds, categories);
  const groundTruth = { imageIds, categories, ...listed };
  return parts.masks ? { ...groundTruth, ...withMasks(groundTruth, kept, parts, source) } : groundTruth;
}

/** The masks of the annotations that are kept, and the images' sizes. */
function withMasks({ imageIds, image, id }: GroundTruth, kept: readonly number[], { images, columns }: GroundTruthParts, source: string): Pick<GroundTruth, "masks" | "imageSizes"> {
  const find = idFinder(imageIds);
  const imageSizes = new Int32Array(2 * imageIds.length);
  for (const { id: imageId, height = 0, width = 0 } of images) imageSizes.set([height, width], 2 * find(imageId));
  const buffer = new MaskBuffer();
  kept.forEach((at, i) => {
    const where = () => `${source}: annotations[${at}] (id ${id[i]})`;
    const form = columns.masks[at];
    if (form === undefined) throw new EvaluationDataError(`${where()} has no "segmentation"; masks are to be compared, so every annotation needs one`);
    buffer.push(maskOf(form, imageSize(imageSizes, image[i]), where));
  });
  return { imageSizes, masks: buffer.columns() };
}

function refuseRepeatedIds(ids: Column, source: string): void {
  const sorted = ids.toArray().slice().sort();
  const repeated = sorted.find((id, i) => i > 0 && id === sorted[i - 1]);
  if (repeated !== undefined) throw new EvaluationDataError(`${source}: the annotation id ${repeated} occurs more than once; each annotation needs an id of its own`);
}

function listedOnly(columns: AnnotationColumns, imageIds: Float64Array, categories: readonly Category[]): Omit<GroundTruth, "imageIds" | "categories"> & { readonly kept: readonly number[] } {
  const findImage = idFinder(imageIds);
  const findCategory = idFinder(Float64Array.from(categories, ({ id }) => id));
  const kept = Array.from({ length: columns.id.length }, (_, i) => i).filter((i) => findImage(columns.image.at(i)) >= 0 && findCategory(columns.category.at(i)) >= 0);
  const pick = (column: Column) => Float64Array.from(kept, (i) => column.at(i));
  return {
    kept,
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
