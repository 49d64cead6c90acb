import { DetectionBuffer } from "./detections.ts";
import type { Listed } from "./detections.ts";
import { EvaluationDataError, RecordReader, recordShape } from "./fields.ts";
import type { Field, RecordShape, Row } from "./fields.ts";
import { annotationColumns, assembleGroundTruth } from "./ground-truth.ts";
import type { GroundTruthOptions } from "./ground-truth.ts";
import { JsonBytes, keyTable } from "./json-bytes.ts";
import type { Category, Detections, GroundTruth } from "./types.ts";

const IMAGE = recordShape([{ name: "id", kind: "id" }]);
const SIZED_IMAGE = recordShape([{ name: "id", kind: "id" }, { name: "height", kind: "id", optional: true }, { name: "width", kind: "id", optional: true }]);
const CATEGORY = recordShape([{ name: "id", kind: "id" }, { name: "name", kind: "text" }]);
const ANNOTATION_FIELDS: readonly Field[] = [
  { name: "id", kind: "id" },
  { name: "image_id", kind: "id" },
  { name: "category_id", kind: "id" },
  { name: "bbox", kind: "box" },
  { name: "area", kind: "number" },
  { name: "iscrowd", kind: "flag", optional: true },
];
const ANNOTATION = recordShape(ANNOTATION_FIELDS);
const MASKED_ANNOTATION = recordShape([...ANNOTATION_FIELDS, { name: "segmentation", kind: "mask" }]);
const detectionFields = (boxes: "needed" | "optional"): readonly Field[] => [
  { name: "image_id", kind: "id" },
  { name: "category_id", kind: "id" },
  { name: "bbox", kind: "box", optional: boxes === "optional" },
  { name: "score", kind: "number" },
];
const DETECTION = recordShape(detectionFields("needed"));
const MASKED_DETECTION = recordShape([...detectionFields("optional"), { name: "segmentation", kind: "mask" }]);
const SECTIONS = ["images", "categories", "annotations"] as const;

/**
 * Reads a COCO annotation file of any size for evaluation: ids, boxes, areas, crowds and category names, and masks when
 * asked (for `evaluateMasks`; polygons are drawn in their image's size).
 * Throws `JsonError` for what is not JSON, `EvaluationDataError` naming file, annotation and field, and the file
 * system's error for a file that cannot be read.
 */
export function readGroundTruth(path: string, { masks = false }: GroundTruthOptions = {}): GroundTruth {
  return withJson(path, (json) => {
    const images: { id: number; height?: number; width?: number }[] = [];
    const categories: Category[] = [];
    const columns = annotationColumns();
    const known = (value: number) => (Number.isNaN(value) ? undefined : value);
    const readers = [
      ({ numbers: [id, height, width] }: Row) => void images.push(masks ? { id, height: known(height), width: known(width) } : { id }),
      (row: Row) => void categories.push({ id: row.numbers[0], name: row.texts.get("name") ?? String(row.numbers[0]) }),
      ({ numbers, mask }: Row) => {
        columns.id.push(numbers[0]);
        columns.image.push(numbers[1]);
        columns.category.push(numbers[2]);
        for (let i = 3; i < 7; i++) columns.box.push(numbers[i]);
        columns.area.push(numbers[7]);
        columns.crowd.push(Number.isNaN(numbers[8]) ? 0 : numbers[8]);
        if (masks) columns.masks.push(mask);
      },
    ];
    readSections(json, masks ? [SIZED_IMAGE, CATEGORY, MASKED_ANNOTATION] : [IMAGE, CATEGORY, ANNOTATION], readers);
    return assembleGroundTruth({ images, categories, columns, masks }, path);
  });
}

/**
 * Reads a COCO result file, `[{image_id, category_id, bbox, score}, …]`, of any size. Other keys are passed over.
 * Detections of categories that the ground truth lacks are counted in `unlisted`.
 *
 * With `masks: true` also `segmentation`, run lengths or polygons. As in pycocotools the first result decides whether the
 * file has boxes: then a mask may be absent (it is the box), and boxes decide the areas (`areaOf`); otherwise boxes are
 * taken from the masks.
 * Throws as `readGroundTruth` does, also for an image that the ground truth lacks.
 */
export function readDetections(path: string, groundTruth: Listed, { masks = false }: GroundTruthOptions = {}): Detections {
  return withJson(path, (json) => {
    const buffer = new DetectionBuffer(groundTruth, path);
    if (masks) readList(json, { shape: MASKED_DETECTION, name: "", take: ({ numbers, mask }, where) => buffer.pushMasked(numbers, mask, where) });
    else readList(json, { shape: DETECTION, name: "", take: ({ numbers }, where) => buffer.push(numbers, where) });
    return buffer.detections();
  });
}

function withJson<Result>(path: string, read: (json: JsonBytes) => Result): Result {
  const json = new JsonBytes(path);
  try {
    const result = read(json);
    json.finish();
    return result;
  } finally {
    json.close();
  }
}

function readSections(json: JsonBytes, shapes: readonly RecordShape[], readers: readonly ((row: Row) => void)[]): void {
  if (json.kind() !== "object") throw new EvaluationDataError(`${json.path} holds no object; COCO annotations are {"images": […], "annotations": […], "categories": […]}`);
  const keys = keyTable(SECTIONS);
  const seen = new Set<number>();
  for (let more = json.enterObject(); more; more = json.nextKey()) {
    const place = json.key(keys);
    if (place < 0) {
      json.skip();
      continue;
    }
    if (seen.has(place)) throw new EvaluationDataError(`${json.path} has "${SECTIONS[place]}" twice`);
    seen.add(place);
    readList(json, { shape: shapes[place], name: SECTIONS[place], take: readers[place] });
  }
  const missing = SECTIONS.find((_, place) => !seen.has(place));
  if (missing !== undefined) throw new EvaluationDataError(`${json.path} has no "${missing}"; COCO annotations are {"images": […], "annotations": […], "categories": […]}`);
}

interface ListReader {
  readonly shape: RecordShape;
  /** The list's name in messages. */
  readonly name: string;
  readonly take: (row: Row, where: () => string) => void;
}

function readList(json: JsonBytes, { shape, name, take }: ListReader): void {
  if (json.kind() !== "array") throw new EvaluationDataError(`${json.path}${name && `: "${name}"`} is not a list of objects`);
  let index = 0;
  const where = () => `${name}[${index}]`;
  const records = new RecordReader(json, shape, where);
  for (let more = json.enterArray(); more; more = json.nextItem(), index++) {
    records.read();
    take(records.row, where);
  }
}
