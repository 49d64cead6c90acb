import type { MaskColumns } from "./masks.ts";

/**
 * What boxes or masks an evaluation compares with, in columns. Annotations keep their file's order, because ties in the
 * matching are broken by it. `image` and `category` are positions in `imageIds` and `categories`.
 */
export interface GroundTruth {
  /** Image ids, ascending, each once. */
  readonly imageIds: Float64Array;
  /** Categories by ascending id, each id once. */
  readonly categories: readonly Category[];
  readonly count: number;
  /** Annotation ids [count]. pycocotools counts a match with an annotation of id 0 as no match; so do we. */
  readonly id: Float64Array;
  /** [count], positions in `imageIds`. */
  readonly image: Int32Array;
  /** [count], positions in `categories`. */
  readonly category: Int32Array;
  /** [count, 4] xywh in pixels. */
  readonly box: Float64Array;
  /** [count] square pixels, the annotation's own `area` (of its mask), which decides small, medium or large. */
  readonly area: Float64Array;
  /** [count], 1 for crowd regions. */
  readonly crowd: Uint8Array;
  /** [images, 2] height and width in pixels, 0 where the file does not say; with `masks`. */
  readonly imageSizes?: Int32Array;
  /** One mask per annotation, when masks were asked for. */
  readonly masks?: MaskColumns;
  /** Annotations left out because their image or category is not listed (pycocotools leaves them out, too). */
  readonly unlisted: number;
}

export interface Category {
  readonly id: number;
  readonly name: string;
}

/** Detections in columns, in their file's order. `image` and `category` are positions in the ground truth's lists. */
export interface Detections {
  readonly count: number;
  readonly image: Int32Array;
  readonly category: Int32Array;
  /** [count, 4] xywh in pixels. */
  readonly box: Float64Array;
  readonly score: Float64Array;
  /** One mask per detection, when masks were asked for or given. */
  readonly masks?: MaskColumns;
  /**
   * What pycocotools takes as the area of these detections when masks are compared: their boxes' when the first result of
   * a file has a `bbox`, otherwise their masks'. Detections from memory with masks: their masks'.
   */
  readonly areaOf?: "mask" | "box";
  /** Results without a segmentation, where masks were asked for: their boxes were taken as masks. Absent when there are none. */
  readonly rectangles?: number;
  /** Detections left out because their category is not in the ground truth (pycocotools leaves them out, too). */
  readonly unlisted: number;
}

export interface EvaluationOptions {
  /** Detections kept per image and category, three ascending limits. pycocotools reads AP at exactly 100. */
  readonly maxDetections?: readonly number[];
  /**
   * For masks: which area decides whether an unmatched detection is small, medium or large. Default as pycocotools has it
   * (`Detections.areaOf`); detectron2 and mmdet (since 2.12) always take the mask's. Changes the six numbers by size alone.
   */
  readonly areaOf?: "mask" | "box";
}

/** What COCO's protocol measures with, as pycocotools has it. */
export interface Protocol {
  /** [T] 0.5 … 0.95 */
  readonly iouThresholds: Float64Array;
  /** [R] 0 … 1 */
  readonly recallThresholds: Float64Array;
  /** [A] square pixels, both ends inclusive. */
  readonly areas: readonly AreaRange[];
  /** [M] ascending. */
  readonly maxDetections: readonly number[];
}

export interface AreaRange {
  readonly name: "all" | "small" | "medium" | "large";
  readonly from: number;
  readonly to: number;
}

/** Precision, recall and scores over every setting, C order; −1 marks settings without ground truth. */
export interface Curves {
  /** [T, R, K, A, M] precision at each recall threshold. */
  readonly precision: Float64Array;
  /** [T, K, A, M] highest recall. */
  readonly recall: Float64Array;
  /** [T, R, K, A, M] score at which each recall threshold is reached. */
  readonly scores: Float64Array;
}

export interface CategoryScore extends Category {
  /** Mean precision over thresholds and recalls, all areas, the largest detection limit; −1 without ground truth. */
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  /** Mean highest recall over thresholds, all areas, the largest detection limit. */
  readonly ar: number;
}

export interface Evaluation extends Curves {
  readonly protocol: Protocol;
  readonly categories: readonly Category[];
  /** AP, AP50, AP75, AP small, medium, large, AR at the three limits, AR small, medium, large; −1 where undefined. */
  readonly stats: Float64Array;
  readonly perCategory: readonly CategoryScore[];
  /** [K] each category's AP, in `categories`' order. */
  readonly perCategoryAp: Float64Array;
}

/** The names of the twelve `stats`, in pycocotools' order, with the default limits. */
export const STAT_NAMES = ["AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"] as const;
