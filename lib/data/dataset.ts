/** A class of objects; its position in `Dataset.categories` is the label that detectors use. */
export interface Category {
  /** COCO category id: any positive integer, gaps allowed. */
  readonly id: number;
  readonly name: string;
}

export interface ImageInfo {
  readonly id: number;
  /** Path below the dataset's image folder, or a made-up name for images made in memory. */
  readonly fileName: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** COCO run-length or polygon segmentation, kept as read. */
export type Segmentation = readonly (readonly number[])[] | { readonly counts: string | readonly number[]; readonly size: readonly [number, number] };

export interface Annotation {
  readonly id: number;
  readonly imageId: number;
  readonly categoryId: number;
  /** COCO's [x, y, width, height] in pixels of the original image. */
  readonly xywh: readonly [number, number, number, number];
  /** COCO `area`: of the segmentation, in pixels²; the evaluator's size classes use it. */
  readonly area: number;
  /** COCO `iscrowd`. */
  readonly crowd: boolean;
  readonly segmentation?: Segmentation;
}

/** An RGB image: `data[(y·width + x)·3 + channel]`, 0 to 255. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Images with annotated boxes; everything but the pixels is in memory. */
export interface Dataset {
  readonly name: string;
  /** SHA-256 (hex) over what defines the dataset: the annotation file's bytes with the images' names and sizes in bytes, or the formula's name, seed and options. */
  readonly hash: string;
  /** Sorted by id: a detector's label i means `categories[i]`. */
  readonly categories: readonly Category[];
  /** Sorted by id. */
  readonly images: readonly ImageInfo[];
  /** The annotations of `images[index]` in ascending id order, crowd regions included. */
  annotations(index: number): readonly Annotation[];
  /** Decodes `images[index]`. Rejects with an error that names the file. */
  pixels(index: number): Promise<Pixels>;
}
