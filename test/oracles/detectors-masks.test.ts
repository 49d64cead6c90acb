import { describe, expect, it } from "vitest";
import { compressCounts } from "../../lib/tensor/masks/counts.ts";
import { maskIou } from "../../lib/tensor/masks/iou.ts";
import { intersectionOf, unionOf } from "../../lib/tensor/masks/merge.ts";
import { rlePolygon } from "../../lib/tensor/masks/polygon.ts";
import { areaOfRle, boxOfRle, decodeRle, encodeRle } from "../../lib/tensor/masks/rle.ts";
import type { MaskSize, Rle } from "../../lib/tensor/masks/rle.ts";
import { rleBox, rleFrom, toCocoRle } from "../../lib/tensor/masks/segmentation.ts";
import { boxShapes } from "../../lib/evaluate/overlap.ts";
import { groundTruthFrom } from "../../lib/evaluate/ground-truth.ts";
import { detectionsFrom } from "../../lib/evaluate/detections.ts";
import { allCases, casesOf, checkKeys, expectClose, fnv1a, mulberry32 } from "./detectors-oracle.ts";

interface StoredRle { readonly size: readonly [number, number]; readonly counts: string }
interface Described { readonly rle: StoredRle; readonly area: number; readonly bbox: number[]; readonly row_sums_crc: number; readonly column_sums_crc: number }

const sizeOf = ([height, width]: readonly [number, number]): MaskSize => ({ height, width });

function expectMask(what: string, mask: Rle, expected: Described): void {
  checkKeys(what, expected, ["rle", "area", "bbox", "row_sums_crc", "column_sums_crc", "counts"]);
  expect(toCocoRle(mask), what).toEqual(expected.rle);
  expect(areaOfRle(mask), `${what}: area`).toBe(expected.area);
  expect(boxOfRle(mask), `${what}: box`).toEqual(expected.bbox);
  const dense = decodeRle(mask);
  const { height, width } = mask;
  const rows = Array.from({ length: height }, (_, y) => dense.subarray(y * width, (y + 1) * width).reduce((sum, v) => sum + v, 0));
  const columns = Array.from({ length: width }, (_, x) => rows.reduce((sum, _row, y) => sum + dense[y * width + x], 0));
  expect([fnv1a(rows.join(",")), fnv1a(columns.join(","))], `${what}: row and column sums`).toEqual([expected.row_sums_crc, expected.column_sums_crc]);
  expect(encodeRle(dense, mask), `${what}: encoded again`).toEqual(mask);
  expect(rleFrom(expected.rle, mask), `${what}: read from text`).toEqual(mask);
}

/** Box IoU as the evaluator computes it: every detection against every annotation. */
function boxIou({ boxes_dt, boxes_gt, crowd }: { readonly boxes_dt: number[][]; readonly boxes_gt: number[][]; readonly crowd: number[] }): Float64Array {
  const [images, categories] = [[{ id: 1 }], [{ id: 1, name: "one" }]];
  const groundTruth = groundTruthFrom({ images, categories, annotations: boxes_gt.map((bbox, i) => ({ id: i + 1, image_id: 1, category_id: 1, bbox, area: 1, iscrowd: crowd[i] })) });
  const detections = detectionsFrom(boxes_dt.map((bbox) => ({ image_id: 1, category_id: 1, bbox, score: 1 })), groundTruth);
  const out = new Float64Array(boxes_dt.length * boxes_gt.length);
  boxShapes(groundTruth, detections).overlap(Int32Array.from(boxes_dt.keys()), Int32Array.from(boxes_gt.keys()), out);
  return out;
}

describe.skipIf(allCases.length === 0)("oracles: masks", () => {
  it.each(casesOf<undefined, { polygons: number[][]; size: [number, number] }, { parts?: StoredRle[]; merged: Described }>("frPyObjects"))("%s", (name, { inputs, expected }) => {
    checkKeys(name, { ...inputs, ...expected }, ["polygons", "size", "parts", "merged"]);
    const size = sizeOf(inputs.size);
    const parts = inputs.polygons.map((xy) => rlePolygon(xy, size));
    if (expected.parts !== undefined) expect(parts.map(toCocoRle)).toEqual(expected.parts);
    expectMask(name, unionOf(parts), expected.merged);
    expect(rleFrom(inputs.polygons, size)).toEqual(unionOf(parts));
  });

  it.each(casesOf<{ size: [number, number]; seed: number; density: number; first_pixel_forced: boolean }, undefined, Described & { counts: number[] }>("encode, decode"))("%s", (name, { params, expected }) => {
    checkKeys(name, params, ["size", "seed", "density", "first_pixel_forced"]);
    const size = sizeOf(params.size);
    const u = mulberry32(params.seed);
    const dense = Uint8Array.from({ length: size.height * size.width }, () => (u() < params.density ? 1 : 0));
    if (params.first_pixel_forced) dense[0] = 1;
    const mask = encodeRle(dense, size);
    expect([...mask.counts]).toEqual(expected.counts);
    expect(decodeRle(mask)).toEqual(dense);
    expect(compressCounts(mask.counts)).toBe(expected.rle.counts);
    expect(rleFrom({ counts: expected.counts, size: params.size }, size)).toEqual(mask);
    expectMask(name, mask, expected);
  });

  interface IouInputs { size: [number, number]; dt: StoredRle[]; gt: StoredRle[]; crowd: number[]; boxes_dt: number[][]; boxes_gt: number[][] }
  interface IouExpected { mask_iou: number[][]; box_iou: number[][]; union: Described; intersection: Described; boxes_as_masks: Described[] }
  it.each(casesOf<undefined, IouInputs, IouExpected>("iou (masks"))("%s", (name, { inputs, expected, tolerance }) => {
    checkKeys(name, { ...inputs, ...expected }, ["size", "dt", "gt", "crowd", "boxes_dt", "boxes_gt", "mask_iou", "box_iou", "union", "intersection", "boxes_as_masks"]);
    const size = sizeOf(inputs.size);
    const [found, wanted] = [inputs.dt, inputs.gt].map((list) => list.map((rle) => rleFrom(rle, size)));
    expectClose(`${name}: mask IoU`, maskIou(found, wanted, inputs.crowd), expected.mask_iou.flat(), tolerance as number);
    expectClose(`${name}: box IoU`, boxIou(inputs), expected.box_iou.flat(), tolerance as number);
    expectMask(`${name}: union`, unionOf(found), expected.union);
    expectMask(`${name}: intersection`, intersectionOf(found.slice(0, 2)), expected.intersection);
    inputs.boxes_dt.forEach((box, i) => expectMask(`${name}: box ${i}`, rleBox(box, size), expected.boxes_as_masks[i]));
  });
});
