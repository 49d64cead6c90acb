import type { Annotation, Category, Dataset, ImageInfo, Segmentation } from "./dataset.ts";

/** COCO's annotation file as an object; what evaluators take as ground truth. */
export interface CocoGroundTruth {
  readonly images: readonly { readonly id: number; readonly file_name: string; readonly width: number; readonly height: number }[];
  readonly categories: readonly Category[];
  readonly annotations: readonly CocoAnnotation[];
}

export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: Annotation["xywh"];
  readonly area: number;
  readonly iscrowd: 0 | 1;
  readonly segmentation?: Segmentation;
}

export function toCocoImage({ id, fileName, width, height }: ImageInfo): CocoGroundTruth["images"][number] {
  return { id, file_name: fileName, width, height };
}

export function toCocoAnnotation({ id, imageId, categoryId, xywh, area, crowd, segmentation }: Annotation): CocoAnnotation {
  const base = { id, image_id: imageId, category_id: categoryId, bbox: xywh, area, iscrowd: crowd ? 1 : 0 } as const;
  return segmentation === undefined ? base : { ...base, segmentation };
}

/** A dataset's annotations in COCO's form, boxes as read, crowd regions included. */
export function toCocoGroundTruth(dataset: Dataset): CocoGroundTruth {
  return {
    images: dataset.images.map(toCocoImage),
    categories: dataset.categories.map(({ id, name }) => ({ id, name })),
    annotations: dataset.images.flatMap((_image, index) => dataset.annotations(index).map(toCocoAnnotation)),
  };
}
