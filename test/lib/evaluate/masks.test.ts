import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DetectionBuffer, EvaluationDataError, detectionRecords, detectionsFrom, evaluateBoxes, evaluateMasks, groundTruthFrom, maskAt, readDetections, readGroundTruth, writeDetections } from "../../../lib/evaluate/index.ts";
import { boxOfRle, encodeRle } from "../../../lib/tensor/masks/rle.ts";
import { rleFrom, toCocoRle } from "../../../lib/tensor/masks/segmentation.ts";
import { randomMaskCase } from "./random-mask-case.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-masks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (value: unknown) => {
  const path = join(folder, "file.json");
  writeFileSync(path, JSON.stringify(value));
  return path;
};

const size = { height: 40, width: 50 };
const polygon = [[10, 10, 30, 10, 30, 30, 10, 30]];
const mask = rleFrom(polygon, size);
const annotation = { id: 1, image_id: 5, category_id: 2, bbox: [10, 10, 20, 20], area: 400, iscrowd: 0, segmentation: polygon };
const dataset = { images: [{ id: 5, ...size }], categories: [{ id: 2, name: "cell" }], annotations: [annotation] };
const detection = { image_id: 5, category_id: 2, score: 0.9, segmentation: toCocoRle(mask) };
const masked = { masks: true };
const truth = groundTruthFrom(dataset, masked);

describe("masks of annotations", () => {
  it.each<[string, unknown, RegExp]>([
    ["no mask", { ...annotation, segmentation: undefined }, /annotations\[0\] \(id 1\) has no "segmentation"/],
    ["null", { ...annotation, segmentation: null }, /"segmentation" is a value of kind "null"; polygons \[\[x, y, …\], …\] or run lengths/],
    ["one flat list", { ...annotation, segmentation: [1, 2, 3, 4, 5, 6] }, /"segmentation" is a value of kind "number" where a list must stand/],
    ["text in a polygon", { ...annotation, segmentation: [[1, 2, 3, "4", 5, 6]] }, /a list with a value of kind "string" where a number/],
    ["two points", { ...annotation, segmentation: [[1, 2, 3, 4]] }, /annotations\[0\] \(id 1\): "segmentation": 4 numbers received/],
    ["no polygon", { ...annotation, segmentation: [] }, /no polygon received/],
    ["counts alone", { ...annotation, segmentation: { counts: [2000] } }, /an object without "size"/],
    ["counts of another size", { ...annotation, segmentation: { counts: [2000], size: [50, 40] } }, /its size is \[50, 40\], the image's \[40, 50\]/],
    ["counts that do not fill the image", { ...annotation, segmentation: { counts: [1, 2], size: [40, 50] } }, /add up to 3 pixels/],
    ["negative counts", { ...annotation, segmentation: { counts: [2001, -1], size: [40, 50] } }, /more than 2000 pixels|run 1 is -1/],
    ["broken text", { ...annotation, segmentation: { counts: "é", size: [40, 50] } }, /character 0 of its counts/],
  ])("are refused with %s", (_, broken, message) => {
    const path = write({ ...dataset, annotations: [broken] });
    expect(() => readGroundTruth(path, masked)).toThrow(EvaluationDataError);
    expect(() => readGroundTruth(path, masked)).toThrow(message);
    expect(() => readGroundTruth(path)).not.toThrow();
  });

  it("need the image's size for polygons, not for run lengths", () => {
    const unsized = { ...dataset, images: [{ id: 5 }] };
    expect(() => readGroundTruth(write(unsized), masked)).toThrow(/\(id 1\): "segmentation" is polygons, but its image's record has no "height" and "width"/);
    const runs = readGroundTruth(write({ ...unsized, annotations: [{ ...annotation, segmentation: toCocoRle(mask) }] }), masked);
    expect(maskAt(runs.masks!, 0)).toEqual(mask);
    const other = encodeRle(new Uint8Array(100).fill(1), { height: 10, width: 10 });
    expect(() => evaluateMasks({ groundTruth: runs, detections: detectionsFrom([{ ...detection, segmentation: toCocoRle(other) }], runs, masked) })).toThrow(/a mask of 10 × 10 pixels was detected in image 5, whose annotation 1 has 40 × 50/);
  });

  it("are read wherever the file lists its images", () => {
    const { images, categories, annotations } = dataset;
    expect(readGroundTruth(write({ annotations, categories, images }), masked)).toEqual(truth);
  });
});

describe("masks of detections", () => {
  it.each<[string, readonly object[], RegExp]>([
    ["neither mask nor box", [{ ...detection, segmentation: undefined }], /\[0\] has neither "segmentation" nor "bbox"/],
    ["a box that only the first has", [{ ...detection, bbox: [1, 2, 3, 4] }, detection], /\[1\] has no "bbox", but the first result has one/],
    ["another size", [{ ...detection, segmentation: { size: [50, 40], counts: "P?" } }], /\[0\]: "segmentation": its size is \[50, 40\]/],
    ["another image", [{ ...detection, image_id: 6 }], /"image_id" is 6, which the ground truth does not have/],
  ])("are refused with %s", (_, records, message) => {
    expect(() => readDetections(write(records), truth, masked)).toThrow(EvaluationDataError);
    expect(() => readDetections(write(records), truth, masked)).toThrow(message);
  });

  it("give boxes where results have none, and come from boxes where they have no mask", () => {
    const { box, areaOf } = readDetections(write([detection]), truth, masked);
    expect([[...box], areaOf]).toEqual([boxOfRle(mask), "mask"]);
    const boxed = readDetections(write([{ ...detection, segmentation: undefined, bbox: [10, 10, 20, 20] }]), truth, masked);
    expect([maskAt(boxed.masks!, 0), boxed.areaOf]).toEqual([mask, "box"]);
    for (const detections of [boxed, readDetections(write([detection]), truth, masked)]) {
      expect(evaluateMasks({ groundTruth: truth, detections }).stats[0]).toBeCloseTo(1, 12);
      expect(evaluateBoxes({ groundTruth: truth, detections }).stats[0]).toBeCloseTo(1, 12);
    }
  });

  it("come from memory, and their own areas count", () => {
    const buffer = new DetectionBuffer(truth);
    buffer.add(5, { boxes: [10, 10, 30, 30], scores: [0.5], categoryIds: [2], masks: [mask] });
    const detections = buffer.detections();
    expect(detections.areaOf).toBe("mask");
    expect(evaluateMasks({ groundTruth: truth, detections }).stats[0]).toBeCloseTo(1, 12);
    const one = { boxes: [1, 2, 3, 4], scores: [1], categoryIds: [2] };
    expect(() => buffer.add(5, one)).toThrow(/has no mask, but those before it have/);
    expect(() => buffer.add(5, { ...one, masks: [] })).toThrow(/1 scores and 0 masks/);
    expect(() => buffer.add(5, { ...one, masks: [encodeRle([1], { height: 1, width: 1 })] })).toThrow(/its mask is 1 × 1, the image 40 × 50/);
    const boxes = new DetectionBuffer(truth);
    boxes.add(5, one);
    expect(() => boxes.add(5, { ...one, masks: [mask] })).toThrow(/has a mask, but those before it have none/);
    expect(() => evaluateMasks({ groundTruth: truth, detections: boxes.detections() })).toThrow(/the detections have none; read or make them with `masks: true`/);
    expect(() => evaluateMasks({ groundTruth: groundTruthFrom(dataset), detections })).toThrow(/the ground truth has none/);
  });

  it("may be none at all", () => {
    const { stats } = evaluateMasks({ groundTruth: truth, detections: readDetections(write([]), truth, masked) });
    expect([...stats]).toEqual([0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1]);
  });

  it("are written and read back", () => {
    for (const seed of [1, 2, 3]) {
      const { dataset: records, results } = randomMaskCase(seed);
      const groundTruth = groundTruthFrom(records, masked);
      const detections = detectionsFrom(results, groundTruth, masked);
      const path = join(folder, "written.json");
      for (const boxes of [true, false]) {
        writeDetections(path, detectionRecords(detections, groundTruth, { boxes }));
        const again = readDetections(path, groundTruth, masked);
        expect(again.masks).toEqual(detections.masks);
        expect([again.score, again.image, again.category, again.areaOf]).toEqual([detections.score, detections.image, detections.category, boxes ? "box" : "mask"]);
        if (boxes) expect(again.box).toEqual(detections.box);
      }
      const plain = detectionsFrom(results.map((one) => ({ ...one, bbox: [1.5, 2, 3, 4] })), groundTruth);
      writeDetections(path, detectionRecords(plain, groundTruth));
      expect({ ...readDetections(path, groundTruth), unlisted: plain.unlisted }).toEqual(plain);
    }
    const broken = function* () { yield detection; throw new Error("the detector failed"); };
    const before = readFileSync(join(folder, "written.json"), "utf8");
    expect(() => writeDetections(join(folder, "written.json"), broken())).toThrow("the detector failed");
    expect(readFileSync(join(folder, "written.json"), "utf8")).toBe(before);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
    expect(() => writeDetections(join(folder, "absent", "x.json"), [])).toThrow(/ENOENT/);
  });
});
