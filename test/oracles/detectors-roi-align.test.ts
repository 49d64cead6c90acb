import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { extractRois, joinRois } from "../../lib/detector/roi/extract.ts";
import { roiLevels } from "../../lib/detector/roi/levels.ts";
import { roiAlign, type Rois } from "../../lib/tensor/roi-align.ts";
import { allCases, casesOf, checkKeys, expectClose, expectLive, nchw, nhwc, tensorOf, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";

const floats = (whole: Whole) => Float32Array.from(whole.data, Number);

function expectRegions(y: tf.Tensor4D, expected: { y: Expected; per_roi_mean: Whole }, tolerance: number): void {
  checkKeys("expected", expected, ["y", "per_roi_mean", "dx"]);
  expectLive("y", nchw(y), expected.y, tolerance);
  expectClose("mean of each region", tf.mean(y, [1, 2, 3]).dataSync(), expected.per_roi_mean.data, tolerance);
}

describe.skipIf(allCases.length === 0)("oracles: RoIAlign", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface Params { readonly output: [number, number]; readonly spatial_scale: number; readonly sampling_ratio: number; readonly aligned: boolean }
  interface Inputs { readonly x: Formula; readonly rois: Whole; readonly grad_of_output: Formula }

  it.each(casesOf<Params, Inputs, { y: Expected; per_roi_mean: Whole; dx: Expected }>("torchvision.ops.roi_align"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["output", "spatial_scale", "sampling_ratio", "aligned"]);
    const table = floats(inputs.rois);
    const rois: Rois = { boxes: table.filter((_v, k) => k % 5 > 0), images: Int32Array.from(table.filter((_v, k) => k % 5 === 0)) };
    const options = { output: params.output, samplingRatio: params.sampling_ratio, aligned: params.aligned };
    tf.tidy(() => {
      const f = (x: tf.Tensor) => roiAlign([{ features: x as tf.Tensor4D, scale: params.spatial_scale }], rois, options);
      const x = nhwc(tensorOf(inputs.x));
      expectRegions(f(x), expected, tolerance as number);
      expectLive("gradient", nchw(tf.grad(f)(x, nhwc(tensorOf(inputs.grad_of_output)))), expected.dx, tolerance as number);
    });
  });

  it.each(casesOf<unknown, { boxes: Whole }, { torchvision: number[]; mmdet: number[] }>("torchvision LevelMapper"))("%s", (_, { inputs, expected }) => {
    checkKeys("expected", expected, ["torchvision", "mmdet"]);
    const boxes = floats(inputs.boxes);
    expect(Array.from(roiLevels(boxes, { kind: "torchvision", canonical: 224, level: 2 }, 4))).toEqual(expected.torchvision);
    expect(Array.from(roiLevels(boxes, { kind: "mmdet", canonical: 56, level: 0 }, 4))).toEqual(expected.mmdet);
  });

  it.each(casesOf<unknown, { boxes: Whole }, { levels: number[] }>("assign_boxes_to_levels(min 2, max 5, 224, 4)"))("%s", (_, { inputs, expected }) => {
    checkKeys("expected", expected, ["levels"]);
    expect(Array.from(roiLevels(floats(inputs.boxes), { kind: "detectron2", canonical: 224, level: 2 }, 4))).toEqual(expected.levels);
  });

  interface MultiScale { readonly image_size: [number, number]; readonly canonical_scale: number }

  it.each(casesOf<MultiScale, { features: Formula[]; boxes: Whole[] }, { y: Expected; per_roi_mean: Whole }>("torchvision MultiScaleRoIAlign"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["image_size", "canonical_scale"]);
    tf.tidy(() => {
      const pyramid = inputs.features.map((formula) => nhwc(tensorOf(formula)));
      const strides = pyramid.map(({ shape }) => params.image_size[0] / shape[1]);
      const rois = joinRois(inputs.boxes.map((boxes) => ({ boxes: floats(boxes) })));
      const y = extractRois(pyramid, rois, { strides, output: [7, 7], samplingRatio: 2, aligned: false, levels: { kind: "torchvision", canonical: params.canonical_scale, level: 2 } });
      expectRegions(y, expected, tolerance as number);
    });
  });
});
