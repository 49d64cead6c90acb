import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { DetectionBuffer, EvaluationDataError, evaluateBoxes, groundTruthFrom, readDetections, readGroundTruth } from "../../../lib/evaluate/index.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-read-"));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, value: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
};

const annotation = { id: 1, image_id: 5, category_id: 2, bbox: [10, 10, 20, 30], area: 600, iscrowd: 0 };
const dataset = { images: [{ id: 5 }, { id: 9 }], categories: [{ id: 2, name: "cell" }], annotations: [annotation] };
const detection = { image_id: 5, category_id: 2, bbox: [10, 10, 20, 30], score: 0.9 };

it.each([
  ["a missing box", { ...annotation, bbox: undefined }, /annotations\[0\] \(id 1\) has no "bbox"/],
  ["a short box", { ...annotation, bbox: [1, 2, 3] }, /"bbox" is a list of 3; \[x, y, width, height\]/],
  ["text in a box", { ...annotation, bbox: [1, "2", 3, 4] }, /"bbox" is a list with the text "2" at place 1/],
  ["a missing area", { ...annotation, area: undefined }, /\(id 1\) has no "area"/],
  ["a fractional id", { ...annotation, id: 1.5 }, /"id" is 1.5; a whole number/],
  ["a text id", { ...annotation, image_id: "five" }, /\(id 1\): "image_id" is the text "five"/],
  ["a null crowd flag", { ...annotation, iscrowd: null }, /"iscrowd" is null; 0 or 1/],
  ["no object", 7, /annotations\[0\] is a number; it must be an object/],
])("refuses an annotation with %s", (_, broken, message) => {
  const path = write("gt.json", { ...dataset, annotations: [broken] });
  expect(() => readGroundTruth(path)).toThrow(EvaluationDataError);
  expect(() => readGroundTruth(path)).toThrow(message);
});

it.each([
  ["another image", { ...detection, image_id: 6 }, /\[0\]: "image_id" is 6, which the ground truth does not have/],
  ["no score", { ...detection, score: undefined }, /\[0\] has no "score"/],
  ["a score that is text", { ...detection, score: "0.9" }, /\[0\]: "score" is the text "0.9"/],
  ["a mask alone", { ...detection, bbox: undefined, segmentation: { size: [2, 2], counts: "04" } }, /has no "bbox"/],
])("refuses a detection with %s", (_, broken, message) => {
  const groundTruth = readGroundTruth(write("gt.json", dataset));
  expect(() => readDetections(write("dt.json", [broken]), groundTruth)).toThrow(message);
});

it("refuses NaN, which Python writes but JSON does not have", () => {
  const groundTruth = readGroundTruth(write("gt.json", dataset));
  const path = write("dt.json", `[${JSON.stringify(detection).replace("0.9", "NaN")}]`);
  expect(() => readDetections(path, groundTruth)).toThrow(/"score" is not a JSON value \(NaN and Infinity are not JSON\)/);
});

it("refuses files of another kind", () => {
  expect(() => readGroundTruth(write("gt.json", [1]))).toThrow(/holds no object/);
  expect(() => readGroundTruth(write("gt.json", { images: [], annotations: [] }))).toThrow(/has no "categories"/);
  expect(() => readGroundTruth(write("gt.json", { ...dataset, annotations: {} }))).toThrow(/"annotations" is not a list/);
  expect(() => readGroundTruth(write("gt.json", { ...dataset, annotations: [annotation, annotation] }))).toThrow(/id 1 occurs more than once/);
  expect(() => readDetections(write("dt.json", dataset), groundTruthFrom(dataset))).toThrow(/is not a list of objects/);
  expect(() => readGroundTruth(join(folder, "absent.json"))).toThrow(/absent\.json cannot be read: there is no such file/);
});

it("counts what it leaves out", () => {
  const stray = [{ ...annotation, id: 2, image_id: 77 }, { ...annotation, id: 3, category_id: 77 }];
  const groundTruth = readGroundTruth(write("gt.json", { ...dataset, annotations: [annotation, ...stray] }));
  expect([groundTruth.count, groundTruth.unlisted]).toEqual([1, 2]);
  const detections = readDetections(write("dt.json", [detection, { ...detection, category_id: 77 }]), groundTruth);
  expect([detections.count, detections.unlisted]).toEqual([1, 1]);
});

it("gives zeros without detections, and −1 without annotations", () => {
  const none = readDetections(write("dt.json", []), groundTruthFrom(dataset));
  const { stats } = evaluateBoxes({ groundTruth: groundTruthFrom(dataset), detections: none });
  expect([...stats]).toEqual([0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1]);
  const bare = groundTruthFrom({ ...dataset, annotations: [] });
  expect([...evaluateBoxes({ groundTruth: bare, detections: none }).stats]).toEqual(Array(12).fill(-1));
});

it("takes a detector's boxes from memory", () => {
  const groundTruth = groundTruthFrom(dataset);
  const buffer = new DetectionBuffer(groundTruth);
  buffer.add(5, { boxes: Float32Array.of(10, 10, 30, 40), scores: Float32Array.of(0.5), categoryIds: [2] });
  expect(evaluateBoxes({ groundTruth, detections: buffer.detections() }).stats[0]).toBeCloseTo(1, 12);
  expect(() => buffer.add(5, { boxes: [1, 2, 3], scores: [1], categoryIds: [2] })).toThrow(/1 scores, 3 box numbers and 1 categories/);
  expect(() => buffer.add(5, { boxes: [1, 2, NaN, 4], scores: [1], categoryIds: [2] })).toThrow(/image 5, detection 0: "bbox" has NaN/);
  expect(() => buffer.add(4, { boxes: [], scores: [], categoryIds: [] })).not.toThrow();
});
