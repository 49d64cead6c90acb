import { Column } from "./columns.ts";
import { EvaluationDataError } from "./fields.ts";
import { idFinder } from "./ids.ts";
import type { Detections, GroundTruth } from "./types.ts";

/** A detection as COCO's result files have it. */
export interface DetectionRecord {
  readonly image_id: number;
  readonly category_id: number;
  /** xywh in pixels. */
  readonly bbox: readonly number[];
  readonly score: number;
}

/** One image's detections as a detector gives them. */
export interface ImageDetections {
  /** [n, 4] xyxy in pixels of the original image. */
  readonly boxes: ArrayLike<number>;
  /** [n] */
  readonly scores: ArrayLike<number>;
  /** [n], category ids of the ground truth. */
  readonly categoryIds: ArrayLike<number>;
}

/** Collects detections into columns, image after image; the way from a training loop to `evaluateBoxes`. */
export class DetectionBuffer {
  readonly #image = new Column();
  readonly #category = new Column();
  readonly #box = new Column();
  readonly #score = new Column();
  readonly #findImage: (id: number) => number;
  readonly #findCategory: (id: number) => number;
  readonly #source: string;
  #unlisted = 0;

  constructor({ imageIds, categories }: Pick<GroundTruth, "imageIds" | "categories">, source = "detections") {
    this.#findImage = idFinder(imageIds);
    this.#findCategory = idFinder(Float64Array.from(categories, ({ id }) => id));
    this.#source = source;
  }

  /** Adds one image's boxes (xyxy). Throws `EvaluationDataError` for unequal lengths, unknown images, non-finite values. */
  add(imageId: number, { boxes, scores, categoryIds }: ImageDetections): void {
    const n = scores.length;
    if (boxes.length !== 4 * n || categoryIds.length !== n) {
      throw new EvaluationDataError(`${this.#source}: image ${imageId} has ${n} scores, ${boxes.length} box numbers and ${categoryIds.length} categories; they must be n, 4n and n`);
    }
    for (let i = 0; i < n; i++) {
      const [x, y] = [boxes[4 * i], boxes[4 * i + 1]];
      this.push([imageId, categoryIds[i], x, y, boxes[4 * i + 2] - x, boxes[4 * i + 3] - y, scores[i]], () => `image ${imageId}, detection ${i}`);
    }
  }

  /** Adds one detection: [image id, category id, x, y, width, height, score]. */
  push(values: ArrayLike<number>, where: () => string): void {
    const image = this.#findImage(values[0]);
    if (image < 0) throw new EvaluationDataError(`${this.#source}: ${where()}: "image_id" is ${values[0]}, which the ground truth does not have; evaluate against the annotations of the same images`);
    for (let i = 2; i < 7; i++) {
      if (!Number.isFinite(values[i])) throw new EvaluationDataError(`${this.#source}: ${where()}: "${i === 6 ? "score" : "bbox"}" has ${values[i]}; finite numbers must stand there`);
    }
    const category = this.#findCategory(values[1]);
    if (category < 0) {
      this.#unlisted++;
      return;
    }
    this.#image.push(image);
    this.#category.push(category);
    for (let i = 2; i < 6; i++) this.#box.push(values[i]);
    this.#score.push(values[6]);
  }

  /** The columns so far; box and score are not copied. */
  detections(): Detections {
    return {
      count: this.#score.length,
      image: Int32Array.from(this.#image.toArray()),
      category: Int32Array.from(this.#category.toArray()),
      box: this.#box.toArray(),
      score: this.#score.toArray(),
      unlisted: this.#unlisted,
    };
  }
}

/** Detections from COCO result records in memory. Throws `EvaluationDataError` naming `source`, index and field. */
export function detectionsFrom(records: readonly DetectionRecord[], groundTruth: Pick<GroundTruth, "imageIds" | "categories">, source = "detections"): Detections {
  const buffer = new DetectionBuffer(groundTruth, source);
  records.forEach(({ image_id, category_id, bbox, score }, index) => {
    if (bbox.length !== 4) throw new EvaluationDataError(`${source}: [${index}]: "bbox" has ${bbox.length} numbers; it must be [x, y, width, height]`);
    buffer.push([image_id, category_id, ...bbox, score], () => `[${index}]`);
  });
  return buffer.detections();
}
