import { describe, expect, it } from "vitest";
import { gridAnchors, type Grid } from "../../lib/detector/anchors.ts";
import { assignMaxIou, background, ignored, matchOverlaps, type MaxIouAssignOptions, type MaxIouOptions } from "../../lib/detector/assign/max-iou.ts";
import { assignAtss } from "../../lib/detector/assign/atss.ts";
import { pointTargets } from "../../lib/detector/assign/point-targets.ts";
import { decodeRelative, encodeRelative } from "../../lib/detector/coder/distance.ts";
import { layPoints } from "../../lib/detector/points.ts";
import { target } from "./detectors-whole.ts";
import { decodeDeltas, encodeDeltas } from "../../lib/detector/coder/delta.ts";
import { allCases, casesOf, checkKeys, expectClose, expectTensor, type Expected, type OracleCase, type Whole } from "./detectors-oracle.ts";

type Size = readonly [number, number];
interface Assigned { readonly n: number; readonly positive: [number, number][]; readonly ignored: number[] }

const array = (whole: Whole) => Float32Array.from(whole.data, Number);

function expectAssigned(actual: Int32Array, expected: Assigned): void {
  checkKeys("expected", expected, ["n", "positive", "ignored"]);
  expect(actual.length).toBe(expected.n);
  const all = Array.from(actual.entries());
  expect(all.filter(([, object]) => object >= 0)).toEqual(expected.positive);
  expect(all.filter(([, object]) => object === ignored).map(([anchor]) => anchor)).toEqual(expected.ignored);
}

describe.skipIf(allCases.length === 0)("oracles: assignment by maximal IoU", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  it.each(casesOf<unknown, { quality: Whole }, Record<string, number[]>>("torchvision Matcher; mmdet"))("%s", (_, { inputs, expected }) => {
    const overlaps = inputs.quality.data.map(Number);
    for (const [key, wanted] of Object.entries(expected)) {
      const torchvision = /^torchvision_([\d.]+)_([\d.]+)_(True|False)$/.exec(key);
      const mmdet = /^mmdet_([\d.]+)_([\d.]+)_(True|False)_all(True|False)_min([\d.]+)$/.exec(key);
      const match = torchvision ?? mmdet;
      expect(match, `${key} is a known configuration`).not.toBeNull();
      const [, positive, negative, low, all, minimum] = match!;
      const served = all === "True" ? "served" : "served-first";
      const lowQuality = low === "False" ? "none" : torchvision ? "own" : served;
      const result = matchOverlaps(overlaps, inputs.quality.shape[1], { positive: Number(positive), negative: Number(negative), lowQuality, minPositive: Number(minimum ?? 0) });
      expect(Array.from(result, (r) => (torchvision ? r : mmdetLabel(r))), key).toEqual(wanted);
    }
  });

  function mmdetLabel(result: number): number {
    return result === background ? 0 : result === ignored ? -1 : result + 1;
  }

  it.each(casesOf<unknown, { quality: Whole }, Record<string, { index: number[]; label: number[] }>>("Matcher"))("%s", (_, { inputs, expected }) => {
    for (const [key, wanted] of Object.entries(expected)) {
      const match = /^([\d.]+)_([\d.]+)_(True|False)$/.exec(key);
      expect(match, `${key} is a known configuration`).not.toBeNull();
      const options: MaxIouOptions = { positive: Number(match![1]), negative: Number(match![2]), lowQuality: match![3] === "True" ? "own" : "none" };
      const result = matchOverlaps(inputs.quality.data.map(Number), inputs.quality.shape[1], options);
      expect(Array.from(result, (r) => (r >= 0 ? 1 : r === background ? 0 : -1)), `${key} label`).toEqual(wanted.label);
      for (const [anchor, object] of result.entries()) if (object >= 0) expect(object, `${key} index of anchor ${anchor}`).toBe(wanted.index[anchor]);
    }
  });

  interface TvParams { readonly image_size: Size; readonly feature_sizes: Size[]; readonly sizes: (number | number[])[]; readonly ratios: number[] }

  function torchvisionAnchors({ image_size: [height, width], feature_sizes, sizes, ratios }: TvParams): Float64Array {
    const grids = feature_sizes.map(([h, w]): Grid => ({ height: h, width: w, strideY: Math.floor(height / h), strideX: Math.floor(width / w) }));
    return gridAnchors({ sizes: sizes.map((size) => [size].flat()), ratios, rounded: true, outer: "ratio" }, grids);
  }

  const torchvision: [string, OracleCase<TvParams, { gt: Whole }, Assigned>, MaxIouOptions][] = [
    ...casesOf<TvParams, { gt: Whole }, Assigned>("torchvision AnchorGenerator + Matcher(0.5, 0.4, low quality)").map(([name, one]): [string, typeof one, MaxIouOptions] => [name, one, { positive: 0.5, negative: 0.4, lowQuality: "own" }]),
    ...casesOf<TvParams, { gt: Whole }, Assigned>("torchvision Matcher(0.7, 0.3, low quality)").map(([name, one]): [string, typeof one, MaxIouOptions] => [name, one, { positive: 0.7, negative: 0.3, lowQuality: "own" }]),
  ];

  it.each(torchvision)("%s", (_, { params, inputs, expected }, options) => {
    checkKeys("params", params, ["image_size", "feature_sizes", "sizes", "ratios"]);
    expectAssigned(assignMaxIou(torchvisionAnchors(params), array(inputs.gt), options), expected);
  });

  interface MmParams {
    readonly feature_sizes: Size[];
    readonly anchors: { readonly octave_base_scale: number; readonly scales_per_octave: number; readonly ratios: number[]; readonly strides: number[] };
    readonly pos_iou_thr: number;
    readonly neg_iou_thr: number;
    readonly min_pos_iou: number;
    readonly match_low_quality: boolean;
    readonly ignore_iof_thr: number;
  }

  it.each(casesOf<MmParams, { gt: Whole; ignore: Whole | null }, Assigned>("mmdet MaxIoUAssigner"))("%s", (_, { params, inputs, expected }) => {
    checkKeys("params", params, ["feature_sizes", "anchors", "pos_iou_thr", "neg_iou_thr", "min_pos_iou", "match_low_quality", "ignore_iof_thr"]);
    checkKeys("anchors", params.anchors, ["octave_base_scale", "scales_per_octave", "ratios", "strides"]);
    const { octave_base_scale: base, scales_per_octave: octaves, ratios, strides } = params.anchors;
    const sizes = strides.map((stride) => Array.from({ length: octaves }, (_o, i) => base * 2 ** (i / octaves) * stride));
    const grids = params.feature_sizes.map(([height, width], l): Grid => ({ height, width, strideY: strides[l], strideX: strides[l] }));
    const options: MaxIouAssignOptions = {
      positive: params.pos_iou_thr,
      negative: params.neg_iou_thr,
      lowQuality: params.match_low_quality ? "served" : "none",
      minPositive: params.min_pos_iou,
      ignoreThreshold: params.ignore_iof_thr,
      ...(inputs.ignore && { ignoreBoxes: array(inputs.ignore) }),
    };
    expectAssigned(assignMaxIou(gridAnchors({ sizes, ratios, rounded: false, outer: "ratio" }, grids), array(inputs.gt), options), expected);
  });

  interface AtssParams { readonly feature_sizes: Size[]; readonly anchors: MmParams["anchors"]; readonly topk: number }

  it.each(casesOf<AtssParams, { gt: Whole }, Assigned>("mmdet ATSSAssigner"))("%s", (_, { params, inputs, expected }) => {
    checkKeys("params", params, ["feature_sizes", "anchors", "topk"]);
    checkKeys("anchors", params.anchors, ["octave_base_scale", "scales_per_octave", "ratios", "strides"]);
    const { octave_base_scale: base, scales_per_octave: octaves, ratios, strides } = params.anchors;
    const sizes = strides.map((stride) => Array.from({ length: octaves }, (_o, i) => base * 2 ** (i / octaves) * stride));
    const grids = params.feature_sizes.map(([height, width], l): Grid => ({ height, width, strideY: strides[l], strideX: strides[l] }));
    const counts = grids.map(({ height, width }) => height * width * octaves * ratios.length);
    expectAssigned(assignAtss(gridAnchors({ sizes, ratios, rounded: false, outer: "ratio" }, grids), array(inputs.gt), { candidates: params.topk, counts }), expected);
  });

  interface FcosParams {
    readonly feature_sizes: Size[];
    readonly strides: number[];
    readonly regress_ranges: [number, number][];
    readonly center_sampling?: boolean;
    readonly center_sample_radius?: number;
    readonly norm_on_bbox?: boolean;
  }
  interface FcosExpected extends Assigned { readonly targets: Expected; readonly centerness: Expected }

  /**
   * The strides that a case was made with: those it states, unless its own first target says otherwise. The public cases state
   * 8 to 128, but their head was built without them, with FCOSHead's defaults: the first target of fcos/plain/a1 is point 307, of
   * the third level (3 × 5 cells), whose distances 30.83 and 5 from the corner (9.17, 19) put it at (40, 24) = (2.5, 1.5) · 16.
   */
  function stridesOf({ strides, feature_sizes: maps, norm_on_bbox: normed }: FcosParams, gt: Float32Array, { positive, targets }: FcosExpected): readonly number[] {
    const defaults = [4, 8, 16, 32, 64];
    if (positive.length === 0) return strides.length === defaults.length && strides.every((s, l) => s === 2 * defaults[l]) ? defaults : strides;
    const [point, object] = positive[0];
    let [level, cell] = [0, point];
    while (cell >= maps[level][0] * maps[level][1]) cell -= maps[level][0] * maps[level++][1];
    const left = "data" in targets ? Number(targets.data[0]) : Number(targets.value[targets.index.indexOf(0)]);
    const agrees = (list: readonly number[]) => Math.abs(((cell % maps[level][1]) + 0.5) * list[level] - left * (normed ? list[level] : 1) - gt[4 * object]) < 1e-2;
    return agrees(strides) || !agrees(defaults) ? strides : defaults;
  }

  it.each(casesOf<FcosParams, { gt: Whole }, FcosExpected>("mmdet FCOSHead.get_targets"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["feature_sizes", "strides", "regress_ranges", "center_sampling", "center_sample_radius", "norm_on_bbox"]);
    const maps = params.feature_sizes.map(([height, width]) => ({ height, width }));
    const gt = array(inputs.gt);
    const headStrides = stridesOf(params, gt, expected);
    const layout = layPoints({ offset: 0.5, strides: "level" }, headStrides, { maps, image: { height: 0, width: 0 } });
    const radius = params.center_sampling === true ? (params.center_sample_radius ?? 1.5) : Infinity;
    const one = target(gt, Array.from({ length: gt.length / 4 }, (_o, i) => i), [1000, 1000]);
    const found = pointTargets(layout, [one], {
      classes: gt.length / 4,
      assign: { ranges: params.regress_ranges, bounds: "inclusive", radius },
      strides: headStrides,
      units: params.norm_on_bbox === true ? "strides" : "pixels",
    });
    const { targets, centerness, ...assigned } = expected;
    checkKeys("expected", assigned, ["n", "positive", "ignored"]);
    expect(found.counted.length).toBe(assigned.n);
    const positives = expected.positive.length;
    expect(Array.from(found.rows.subarray(0, positives), (row, i) => [row, found.positions[i] - row * (gt.length / 4)])).toEqual(assigned.positive);
    expect([found.positives, assigned.ignored]).toEqual([[positives], []]);
    if (positives === 0) return;
    expectTensor("targets", { shape: [positives, 4], data: found.distances }, targets, tolerance as number);
    expectTensor("centre-ness", { shape: [positives], data: found.centerness }, centerness, tolerance as number);
  });

  type D2Deltas = Record<"encode" | "decode" | "linear_encode" | "linear_decode", Whole>;

  it.each(casesOf<{ weights: [number, number, number, number] }, Record<"proposals" | "gt" | "deltas", Whole>, D2Deltas>("Box2BoxTransform"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["weights"]);
    const coder = { weights: params.weights, clamp: "above", single: "both" } as const;
    expectClose("encode", encodeDeltas(array(inputs.proposals), array(inputs.gt), coder), expected.encode.data, tolerance as number);
    expectClose("decode", decodeDeltas(array(inputs.proposals), array(inputs.deltas), coder), expected.decode.data, tolerance as number);
    expectClose("linear encode", encodeRelative(array(inputs.proposals), array(inputs.gt)), expected.linear_encode.data, tolerance as number);
    expectClose("linear decode", decodeRelative(array(inputs.proposals), array(inputs.deltas), { floor: 0 }), expected.linear_decode.data, tolerance as number);
  });
});
