import { DetectionBuffer } from "./detections.ts";
import { EvaluationDataError, RecordReader, recordShape } from "./fields.ts";
import type { RecordShape, Row } from "./fields.ts";
import { annotationColumns, assembleGroundTruth } from "./ground-truth.ts";
import { JsonBytes, keyTable } from "./json-bytes.ts";
import type { Category, Detections, GroundTruth } from "./types.ts";

const IMAGE = recordShape([{ name: "id", kind: "id" }]);
const CATEGORY = recordShape([{ name: "id", kind: "id" }, { name: "name", kind: "text" }]);
const ANNOTATION = recordShape([
  { name: "id", kind: "id" },
  { name: "image_id", kind: "id" },
  { name: "category_id", kind: "id" },
  { name: "bbox", kind: "box" },
  { name: "area", kind: "number" },
  { name: "iscrowd", kind: "flag", optional: true },
]);
const DETECTION = recordShape([
  { name: "image_id", kind: "id" },
  { name: "category_id", kind: "id" },
  { name: "bbox", kind: "box" },
  { name: "score", kind: "number" },
]);
const SECTIONS = ["images", "categories", "annotations"] as const;

/**
 * Reads a COCO annotation file of any size for evaluation: ids, boxes, areas, crowds and category names.
 * Throws `JsonError` for what is not JSON, `EvaluationDataError` naming file, annotation and field, and the file
 * system's error for a file that cannot be read.
 */
export function readGroundTruth(path: string): GroundTruth {
  return withJson(path, (json) => {
    const imageIds: number[] = [];
    const categories: Category[] = [];
    const columns = annotationColumns();
    const readers = [
      (row: Row) => void imageIds.push(row.numbers[0]),
      (row: Row) => void categories.push({ id: row.numbers[0], name: row.texts.get("name") ?? String(row.numbers[0]) }),
      ({ numbers }: Row) => {
        columns.id.push(numbers[0]);
        columns.image.push(numbers[1]);
        columns.category.push(numbers[2]);
        for (let i = 3; i < 7; i++) columns.box.push(numbers[i]);
        columns.area.push(numbers[7]);
        columns.crowd.push(Number.isNaN(numbers[8]) ? 0 : numbers[8]);
      },
    ];
    readSections(json, readers);
    return assembleGroundTruth({ imageIds, categories, columns }, path);
  });
}

/**
 * Reads a COCO result file, `[{image_id, category_id, bbox, score}, …]`, of any size. Other keys are passed over.
 * Detections of categories that the ground truth lacks are counted in `unlisted`. Throws as `readGroundTruth` does,
 * also for an image that the ground truth lacks.
 */
export function readDetections(path: string, groundTruth: Pick<GroundTruth, "imageIds" | "categories">): Detections {
  return withJson(path, (json) => {
    const buffer = new DetectionBuffer(groundTruth, path);
    readList(json, { shape: DETECTION, name: "", take: ({ numbers }, where) => buffer.push(numbers, where) });
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

function readSections(json: JsonBytes, readers: readonly ((row: Row) => void)[]): void {
  if (json.kind() !== "object") throw new EvaluationDataError(`${json.path} holds no object; COCO annotations are {"images": […], "annotations": […], "categories": […]}`);
  const keys = keyTable(SECTIONS);
  const shapes = [IMAGE, CATEGORY, ANNOTATION];
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
