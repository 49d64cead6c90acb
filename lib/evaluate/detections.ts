import { boxOfRle } from "../tensor/masks/rle.ts";
import type { Rle } from "../tensor/masks/rle.ts";
import type { MaskForm } from "../tensor/masks/segmentation.ts";
import { Column } from "./columns.ts";
import { EvaluationDataError } from "./fields.ts";
import type { RecordOptions } from "./ground-truth.ts";
import { idFinder } from "./ids.ts";
import { imageSize, maskOf } from "./mask-of.ts";
import { MaskBuffer } from "./masks.ts";
import type { Detections, GroundTruth } from "./types.ts";

/** A detection as COCO's result files have it. */
export interface DetectionRecord {
  readonly image_id: number;
  readonly category_id: number;
  /** xywh in pixels. May be absent from results with masks: then of all of them. */
  readonly bbox?: readonly number[];
  readonly score: number;
  /** Run lengths or polygons. */
  readonly segmentation?: MaskForm;
}

/** What detections are held against. */
export type Listed = Pick<GroundTruth, "imageIds" | "categories" | "imageSizes">;

/** One image's detections as a detector gives them. */
export interface ImageDetections {
  /** [n, 4] xyxy in pixels of the original image. */
  readonly boxes: ArrayLike<number>;
  /** [n] */
  readonly scores: ArrayLike<number>;
  /** [n], category ids of the ground truth. */
  readonly categoryIds: ArrayLike<number>;
  /** One per box, in the original image's size; for all images or none. */
  readonly masks?: readonly Rle[];
}

/** Collects detections into columns, image after image; the way from a training loop to `evaluateBoxes` and `evaluateMasks`. */
export class DetectionBuffer {
  readonly #image = new Column();
  readonly #category = new Column();
  readonly #box = new Column();
  readonly #score = new Column();
  readonly #masks = new MaskBuffer();
  readonly #imageSizes: Int32Array | undefined;
  readonly #findImage: (id: number) => number;
  readonly #findCategory: (id: number) => number;
  readonly #source: string;
  #unlisted = 0;
  #rectangles = 0;
  /** Whether the first result had a box; with masks only. */
  #areaOf: "mask" | "box" | undefined;

  constructor({ imageIds, categories, imageSizes }: Listed, source = "detections") {
    this.#imageSizes = imageSizes;
    this.#findImage = idFinder(imageIds);
    this.#findCategory = idFinder(Float64Array.from(categories, ({ id }) => id));
    this.#source = source;
  }

  /**
   * Adds one image's boxes (xyxy), and masks where the detector makes them.
   * Throws `EvaluationDataError` for unequal lengths, unknown images, non-finite values, masks of another size than the image.
   */
  add(imageId: number, { boxes, scores, categoryIds, masks }: ImageDetections): void {
    const n = scores.length;
    if (masks !== undefined && masks.length !== n) throw new EvaluationDataError(`${this.#source}: image ${imageId} has ${n} scores and ${masks.length} masks; there must be one mask per box`);
    if (boxes.length !== 4 * n || categoryIds.length !== n) {
      throw new EvaluationDataError(`${this.#source}: image ${imageId} has ${n} scores, ${boxes.length} box numbers and ${categoryIds.length} categories; they must be n, 4n and n`);
    }
    for (let i = 0; i < n; i++) {
      const [x, y] = [boxes[4 * i], boxes[4 * i + 1]];
      this.push([imageId, categoryIds[i], x, y, boxes[4 * i + 2] - x, boxes[4 * i + 3] - y, scores[i]], () => `image ${imageId}, detection ${i}`, masks?.[i]);
    }
  }

  /**
   * Adds one result of a file with masks, values as `push` takes them; boxes that are absent are NaN.
   * The first result decides for all, as in pycocotools, whether there are boxes.
   */
  pushMasked(values: ArrayLike<number>, form: MaskForm | undefined, where: () => string): void {
    const [x, y, w, h] = [values[2], values[3], values[4], values[5]];
    const boxed = !Number.isNaN(x);
    this.#areaOf ??= boxed ? "box" : "mask";
    if (this.#areaOf === "box" && !boxed) throw new EvaluationDataError(`${this.#source}: ${where()} has no "bbox", but the first result has one; boxes must stand in all results or none`);
    if (form === undefined && !boxed) throw new EvaluationDataError(`${this.#source}: ${where()} has neither "segmentation" nor "bbox"; one of them must stand there`);
    const size = imageSize(this.#imageSizes, this.#imageOf(values[0], where));
    if (form === undefined) this.#rectangles++;
    const mask = maskOf(form ?? [[x, y, x, y + h, x + w, y + h, x + w, y]], size, () => `${this.#source}: ${where()}`);
    this.push(boxed ? values : [values[0], values[1], ...boxOfRle(mask), values[6]], where, mask);
  }

  #imageOf(id: number, where: () => string): number {
    const image = this.#findImage(id);
    if (image < 0) throw new EvaluationDataError(`${this.#source}: ${where()}: "image_id" is ${id}, which the ground truth does not have; evaluate against the annotations of the same images`);
    return image;
  }

  #checkMask(mask: Rle | undefined, image: number, where: () => string): void {
    const masks = this.#masks.length > 0;
    if (this.#score.length > 0 && masks !== (mask !== undefined)) throw new EvaluationDataError(`${this.#source}: ${where()} has ${masks ? "no mask, but those before it have" : "a mask, but those before it have none"}; all detections must have masks, or none`);
    const size = mask === undefined ? undefined : imageSize(this.#imageSizes, image);
    if (size === undefined || (mask!.height === size.height && mask!.width === size.width)) return;
    throw new EvaluationDataError(`${this.#source}: ${where()}: its mask is ${mask!.height} × ${mask!.width}, the image ${size.height} × ${size.width} (height × width); resize masks to the original image`);
  }

  /** Adds one detection: [image id, category id, x, y, width, height, score], and its mask in the original image's size. */
  push(values: ArrayLike<number>, where: () => string, mask?: Rle): void {
    const image = this.#imageOf(values[0], where);
    for (let i = 2; i < 7; i++) {
      if (!Number.isFinite(values[i])) throw new EvaluationDataError(`${this.#source}: ${where()}: "${i === 6 ? "score" : "bbox"}" has ${values[i]}; finite numbers must stand there`);
    }
    const category = this.#findCategory(values[1]);
    if (category < 0) {
      this.#unlisted++;
      return;
    }
    this.#checkMask(mask, image, where);
    if (mask !== undefined) this.#masks.push(mask);
    this.#image.push(image);
    this.#category.push(category);
    for (let i = 2; i < 6; i++) this.#box.push(values[i]);
    this.#score.push(values[6]);
  }

  /** The columns so far; box, score and masks are not copied. */
  detections(): Detections {
    return {
      count: this.#score.length,
      image: Int32Array.from(this.#image.toArray()),
      category: Int32Array.from(this.#category.toArray()),
      box: this.#box.toArray(),
      score: this.#score.toArray(),
      unlisted: this.#unlisted,
      ...(this.#rectangles > 0 && { rectangles: this.#rectangles }),
      ...(this.#masks.length > 0 || this.#areaOf !== undefined ? { masks: this.#masks.columns(), areaOf: this.#areaOf ?? "mask" } : {}),
    };
  }
}

/**
 * Detections from COCO result records in memory, with `masks: true` their masks, as `readDetections` reads them.
 * Throws `EvaluationDataError` naming `source`, index and field.
 */
export function detectionsFrom(records: readonly DetectionRecord[], groundTruth: Listed, { source = "detections", masks = false }: RecordOptions = {}): Detections {
  const buffer = new DetectionBuffer(groundTruth, source);
  records.forEach(({ image_id, category_id, bbox, score, segmentation }, index) => {
    if (bbox === undefined ? !masks : bbox.length !== 4) throw new EvaluationDataError(`${source}: [${index}]: "bbox" has ${bbox?.length ?? "no"} numbers; it must be [x, y, width, height]`);
    const values = [image_id, category_id, ...(bbox ?? [NaN, NaN, NaN, NaN]), score];
    if (masks) buffer.pushMasked(values, segmentation, () => `[${index}]`);
    else buffer.push(values, () => `[${index}]`);
  });
  return buffer.detections();
}
