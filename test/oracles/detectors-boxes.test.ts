import { describe, expect, it } from "vitest";
import { cellAnchors, gridAnchors, validCells, type AnchorOptions, type Grid } from "../../lib/detector/anchors.ts";
import { decodeDistances, decodeRelative, encodeDistances, encodeRelative } from "../../lib/detector/coder/distance.ts";
import { layPoints } from "../../lib/detector/points.ts";
import { decodeDeltas, encodeDeltas } from "../../lib/detector/coder/delta.ts";
import { nonMaximumSuppression } from "../../lib/detector/decode/nms.ts";
import { boxAreas, boxOverlaps, clipBoxes, largeBoxes } from "../../lib/tensor/boxes.ts";
import { allCases, casesOf, checkKeys, expectClose, expectTensor, type Expected, type Whole } from "./detectors-oracle.ts";

const array = (whole: Whole) => Float32Array.from(whole.data, Number);
type Size = readonly [number, number];

describe.skipIf(allCases.length === 0)("oracles: boxes", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  it.each(casesOf<unknown, { a: Whole; b: Whole }, Record<string, Whole>>("torchvision.ops.box_iou"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["area_a", "iou", "giou", "mm_iou", "mm_giou", "mm_iof"]);
    const [a, b] = [array(inputs.a), array(inputs.b)];
    const close = (key: string, actual: Float64Array) => expectClose(key, actual, expected[key].data, tolerance as number);
    close("area_a", boxAreas(a));
    close("iou", boxOverlaps(a, b));
    close("giou", boxOverlaps(a, b, { kind: "giou" }));
    close("mm_iou", boxOverlaps(a, b, { epsilon: 1e-6 }));
    close("mm_giou", boxOverlaps(a, b, { kind: "giou", epsilon: 1e-6 }));
    close("mm_iof", boxOverlaps(a, b, { kind: "iof", epsilon: 1e-6 }));
  });

  interface DeltaParams { readonly weights: [number, number, number, number]; readonly max_shape?: Size }
  type DeltaInputs = Record<"proposals" | "gt" | "deltas", Whole>;

  it.each(casesOf<DeltaParams, DeltaInputs, Record<string, Whole>>("torchvision BoxCoder"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["weights", "max_shape"]);
    checkKeys("expected", expected, ["encode", "decode", "mm_encode", "mm_decode", "mm_decode_clipped", "mm_decode_ctr_clamp"]);
    const { weights, max_shape: [height, width] = [0, 0] } = params;
    const [anchors, gt, deltas] = [array(inputs.proposals), array(inputs.gt), array(inputs.deltas)];
    const close = (key: string, actual: Float64Array) => expectClose(key, actual, expected[key].data, tolerance as number);
    close("encode", encodeDeltas(anchors, gt, { weights, clamp: "above" }));
    close("mm_encode", encodeDeltas(anchors, gt, { weights, clamp: "both", single: "encode" }));
    close("decode", decodeDeltas(anchors, deltas, { weights, clamp: "above" }));
    close("mm_decode", decodeDeltas(anchors, deltas, { weights, clamp: "both" }));
    close("mm_decode_clipped", clipBoxes(decodeDeltas(anchors, deltas, { weights, clamp: "both" }), width, height));
    close("mm_decode_ctr_clamp", decodeDeltas(anchors, deltas, { weights, clamp: "both", centreClamp: 32 }));
  });

  interface AnchorParams { readonly image_size: Size; readonly feature_sizes: Size[]; readonly sizes: (number | number[])[]; readonly ratios: number[] }
  interface AnchorExpected { readonly per_cell: number[]; readonly first_cell: Whole[]; readonly all: Expected; readonly valid_per_level?: number[] }

  function compare(options: AnchorOptions, grids: Grid[], expected: AnchorExpected, tolerance: number): void {
    for (const [level, first] of expected.first_cell.entries()) expectClose(`first cell of level ${level}`, cellAnchors(options, level), first.data, tolerance);
    const all = gridAnchors(options, grids);
    expectTensor("all", { shape: [all.length / 4, 4], data: all }, expected.all, tolerance);
  }

  it.each(casesOf<AnchorParams, unknown, AnchorExpected>("torchvision AnchorGenerator").filter(([, one]) => one.function === "torchvision AnchorGenerator"))("%s", (_, { params, expected, tolerance }) => {
    checkKeys("params", params, ["image_size", "feature_sizes", "sizes", "ratios"]);
    checkKeys("expected", expected, ["per_cell", "first_cell", "all"]);
    const options: AnchorOptions = { sizes: params.sizes.map((size) => [size].flat()), ratios: params.ratios, rounded: true, outer: "ratio" };
    expect(params.sizes.map((_size, level) => cellAnchors(options, level).length / 4)).toEqual(expected.per_cell);
    compare(options, torchvisionGrids(params.image_size, params.feature_sizes), expected, tolerance as number);
  });

  interface MmParams {
    readonly feature_sizes: Size[];
    readonly pad_shape_for_flags: Size;
    readonly octave_base_scale?: number;
    readonly scales_per_octave?: number;
    readonly scales?: number[];
    readonly ratios: number[];
    readonly strides: number[];
  }

  it.each(casesOf<MmParams, unknown, AnchorExpected>("mmdet AnchorGenerator"))("%s", (_, { params, expected, tolerance }) => {
    checkKeys("params", params, ["feature_sizes", "pad_shape_for_flags", "octave_base_scale", "scales_per_octave", "scales", "ratios", "strides"]);
    checkKeys("expected", expected, ["first_cell", "all", "valid_per_level"]);
    const scales = params.scales ?? Array.from({ length: params.scales_per_octave! }, (_o, i) => params.octave_base_scale! * 2 ** (i / params.scales_per_octave!));
    const options: AnchorOptions = { sizes: params.strides.map((stride) => scales.map((scale) => scale * stride)), ratios: params.ratios, rounded: false, outer: "ratio" };
    const grids = params.feature_sizes.map(([height, width], l): Grid => ({ height, width, strideX: params.strides[l], strideY: params.strides[l] }));
    compare(options, grids, expected, tolerance as number);
    const [height, width] = params.pad_shape_for_flags;
    const valid = grids.map((grid) => validCells(grid, { height, width }).filter(Boolean).length * scales.length * params.ratios.length);
    expect(valid).toEqual(expected.valid_per_level);
  });

  interface DistanceParams { readonly max_shape: Size; readonly max_dis: number; readonly eps: number }
  type DistanceInputs = Record<"points" | "gt" | "distances" | "anchors" | "relative", Whole>;

  it.each(casesOf<DistanceParams, DistanceInputs, Record<string, Whole>>("mmdet DistancePointBBoxCoder"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["max_shape", "max_dis", "eps"]);
    checkKeys("expected", expected, ["encode", "encode_max_dis", "decode", "decode_clipped", "linear_encode", "linear_decode"]);
    const [points, gt, distances, anchors] = [array(inputs.points), array(inputs.gt), array(inputs.distances), array(inputs.anchors)];
    const close = (key: string, actual: Float64Array) => expectClose(key, actual, expected[key].data, tolerance as number);
    close("encode", encodeDistances(points, gt));
    close("encode_max_dis", encodeDistances(points, gt, { limit: params.max_dis, epsilon: params.eps }));
    close("decode", decodeDistances(points, distances));
    close("decode_clipped", clipBoxes(decodeDistances(points, distances), params.max_shape[1], params.max_shape[0]));
    close("linear_encode", encodeRelative(anchors, gt));
    close("linear_decode", decodeRelative(anchors, array(inputs.relative)));
  });

  it.each(casesOf<{ feature_sizes: Size[]; strides: number[] }, unknown, { all: Expected }>("mmdet MlvlPointGenerator"))("%s", (_, { params, expected, tolerance }) => {
    checkKeys("params", params, ["feature_sizes", "strides"]);
    checkKeys("expected", expected, ["all"]);
    const maps = params.feature_sizes.map(([height, width]) => ({ height, width }));
    const { levels } = layPoints({ offset: 0.5, strides: "level" }, params.strides, { maps, image: { height: 0, width: 0 } });
    const all = levels.flatMap(({ coordinates, strideX, strideY }) => Array.from({ length: coordinates.length / 2 }, (_p, i) => [coordinates[2 * i], coordinates[2 * i + 1], strideX, strideY])).flat();
    expectTensor("all", { shape: [all.length / 4, 4], data: all }, expected.all, tolerance as number);
  });

  interface NmsInputs { readonly boxes: Whole; readonly scores: Whole; readonly labels: number[] }

  it.each(casesOf<{ thresholds: Record<string, number> }, NmsInputs, Record<string, number[]>>("torchvision.ops.nms"))("%s", (name, { params, inputs, expected }) => {
    const [boxes, scores] = [array(inputs.boxes), array(inputs.scores)];
    const tied = Number(/\/(\d+)$/.exec(name)![1]) % 2 === 0;
    for (const [key, wanted] of Object.entries(expected)) {
      const [kind, suffix] = key.split("_");
      expect(["nms", "batched"]).toContain(kind);
      const threshold = params.thresholds[`nms_${suffix}`];
      const kept = nonMaximumSuppression(kind === "nms" ? { boxes, scores } : { boxes, scores, labels: inputs.labels }, threshold);
      expect(kind === "batched" && tied ? kept.sort((i, j) => i - j) : kept, key).toEqual(wanted);
    }
  });

  interface MultiParams { readonly score_thr: number; readonly iou_threshold: number; readonly max_num: number }

  it.each(casesOf<MultiParams, { boxes: Whole; scores: Whole }, { dets: Whole; labels: number[] }>("mmdet multiclass_nms"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["score_thr", "iou_threshold", "max_num"]);
    const [all, scores] = [array(inputs.boxes), array(inputs.scores)];
    const columns = inputs.scores.shape[1];
    // The reference ran class by class, so equal scores come in the classes' order.
    const entries = Array.from(scores.keys()).filter((k) => k % columns < columns - 1 && scores[k] > params.score_thr).sort((i, j) => (i % columns) - (j % columns) || i - j);
    const boxes = Float32Array.from(entries.flatMap((k) => [...all.subarray(4 * Math.floor(k / columns), 4 * Math.floor(k / columns) + 4)]));
    const chosen = Float32Array.from(entries, (k) => scores[k]);
    const labels = entries.map((k) => k % columns);
    const kept = nonMaximumSuppression({ boxes, scores: chosen, labels }, params.iou_threshold, params.max_num);
    expect(kept.map((k) => labels[k])).toEqual(expected.labels);
    expectClose("dets", kept.flatMap((k) => [...boxes.subarray(4 * k, 4 * k + 4), chosen[k]]), expected.dets.data, tolerance as number);
  });

  it.each(casesOf<{ size: Size; min_size: number }, { boxes: Whole }, { clipped: Whole; kept: number[] }>("torchvision clip_boxes_to_image"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["size", "min_size"]);
    const clipped = clipBoxes(array(inputs.boxes), params.size[1], params.size[0]);
    expectClose("clipped", clipped, expected.clipped.data, tolerance as number);
    expect(largeBoxes(clipped, params.min_size)).toEqual(expected.kept);
  });

  interface D2AnchorParams { readonly feature_sizes: Size[]; readonly sizes: number[][]; readonly ratios: number[]; readonly strides: number[] }

  it.each(casesOf<D2AnchorParams, unknown, AnchorExpected>("DefaultAnchorGenerator"))("%s", (_, { params, expected, tolerance }) => {
    checkKeys("params", params, ["feature_sizes", "sizes", "ratios", "strides"]);
    checkKeys("expected", expected, ["first_cell", "all"]);
    const options: AnchorOptions = { sizes: params.sizes, ratios: params.ratios, rounded: false, outer: "size" };
    compare(options, params.feature_sizes.map(([height, width], l) => ({ height, width, strideX: params.strides[l], strideY: params.strides[l] })), expected, tolerance as number);
  });
});

export function torchvisionGrids([height, width]: Size, maps: Size[]): Grid[] {
  return maps.map(([h, w]) => ({ height: h, width: w, strideY: Math.floor(height / h), strideX: Math.floor(width / w) }));
}
