import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { gridAnchors } from "../../lib/detector/anchors.ts";
import { fasterRcnn, type RegionDetector } from "../../lib/detector/faster-rcnn.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { fasterRcnnPresets } from "../../lib/detector/presets/faster-rcnn.ts";
import { rpnLoss } from "../../lib/detector/loss/rpn.ts";
import { proposals, type Proposals } from "../../lib/detector/rpn/proposals.ts";
import { assignRpn, sampleRpn, type RpnAssignment, type RpnTargets } from "../../lib/detector/rpn/targets.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, expectTensor, nchw, nhwc, tensorOf, weights, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { expectDetections, expectTraining, rescaled, sampleTolerance, target, torchvisionBatch, trainOnce, type Found, type Size, type TorchvisionInput, type WholeTolerance } from "./detectors-whole.ts";

const lossNames = { loss_objectness: "rpn.class", loss_rpn_box_reg: "rpn.box", loss_classifier: "roi.class", loss_box_reg: "roi.box" };

describe.skipIf(allCases.length === 0)("oracles: Faster R-CNN", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface FilterParams { readonly image_size: Size; readonly image_sizes: Size[]; readonly feature_sizes: Size[]; readonly sizes: number[]; readonly pre_nms: number; readonly post_nms: number; readonly score_thresh: number }
  interface Filtered { readonly count: number; readonly boxes_first: Whole; readonly boxes: Expected; readonly scores: Expected }

  it.each(casesOf<FilterParams, { objectness: Formula[]; deltas: Formula[] }, Filtered[]>("torchvision RegionProposalNetwork"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["image_size", "image_sizes", "feature_sizes", "sizes", "pre_nms", "post_nms", "score_thresh"]);
    const [height, width] = params.image_size;
    const grids = params.feature_sizes.map(([h, w]) => ({ height: h, width: w, strideY: Math.floor(height / h), strideX: Math.floor(width / w) }));
    const anchors = gridAnchors({ sizes: params.sizes.map((size) => [size]), ratios: [0.5, 1, 2], rounded: true, outer: "ratio" }, grids);
    tf.tidy(() => {
      const maps = (list: Formula[]) => list.map((formula) => tf.reshape<tf.Rank.R4>(tensorOf(formula), [formula.shape[0], formula.shape[1], formula.shape[2], -1]));
      const sizes = params.image_sizes.map(([h, w]) => ({ height: h, width: w }));
      const found = proposals({ logits: maps(inputs.objectness), boxes: maps(inputs.deltas) }, sizes, {
        anchors, coder: { weights: [1, 1, 1, 1], clamp: "above" }, perLevel: params.pre_nms, total: params.post_nms, nms: 0.7, minSize: 0.001, scoreThreshold: params.score_thresh,
      });
      for (const [i, wanted] of expected.entries()) expectProposals(`image ${i}`, found[i], wanted, tolerance as number);
    });
  });

  function expectProposals(what: string, { boxes, scores }: Proposals, wanted: Filtered, tolerance: number): void {
    checkKeys("expected", wanted, ["count", "boxes_first", "boxes", "scores"]);
    expect(scores.length, `${what}: count`).toBe(wanted.count);
    const first = wanted.boxes_first.shape[0];
    expectTensor(`${what}: first boxes`, { shape: [first, 4], data: boxes.subarray(0, 4 * first) }, wanted.boxes_first, tolerance);
    expectTensor(`${what}: boxes`, { shape: [scores.length, 4], data: boxes }, wanted.boxes, tolerance);
    expectTensor(`${what}: scores`, { shape: [scores.length], data: scores }, wanted.scores, tolerance);
  }

  interface MmRpn {
    readonly head: {
      readonly anchor_generator: { readonly scales: number[]; readonly ratios: number[]; readonly strides: number[] };
      readonly bbox_coder: { readonly target_means: number[]; readonly target_stds: number[] };
      readonly loss_cls: { readonly use_sigmoid: boolean; readonly loss_weight: number };
      readonly loss_bbox: { readonly type: string; readonly beta?: number; readonly loss_weight: number };
      readonly train_cfg: {
        readonly assigner: { readonly pos_iou_thr: number; readonly neg_iou_thr: number; readonly min_pos_iou: number; readonly match_low_quality: boolean; readonly ignore_iof_thr: number };
        readonly sampler: { readonly num: number; readonly pos_fraction: number; readonly neg_pos_ub: number; readonly add_gt_as_proposals: boolean };
        readonly allowed_border: number;
      };
    };
    readonly test: { readonly nms_pre: number; readonly max_per_img: number; readonly nms: { readonly iou_threshold: number }; readonly min_bbox_size: number; readonly score_thr: number };
    readonly image_shapes: Size[];
    readonly feature_sizes: Size[];
  }
  interface RpnInputs { readonly predictions: { readonly cls: Formula[]; readonly box: Formula[] }; readonly gt: { boxes: Whole; labels: number[] }[] }
  interface RpnExpected { readonly losses: Record<string, number[]>; readonly gradients: { cls: Expected[]; box: Expected[] }; readonly detections: Found[] }

  it.each(casesOf<MmRpn, RpnInputs, RpnExpected>("mmdet RPNHead"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["head", "test", "image_shapes", "feature_sizes"]);
    checkKeys("head", params.head, ["type", "anchor_generator", "bbox_coder", "loss_cls", "loss_bbox", "train_cfg"]);
    checkKeys("expected", expected, ["losses", "gradients", "detections"]);
    checkKeys("losses", expected.losses, ["loss_rpn_cls", "loss_rpn_bbox"]);
    const { anchor_generator: generator, bbox_coder: given, loss_cls: cls, loss_bbox: box, train_cfg: { assigner, sampler, allowed_border: border } } = params.head;
    checkKeys("anchor_generator", generator, ["type", "scales", "ratios", "strides"]);
    expect([cls.use_sigmoid, cls.loss_weight, box.loss_weight, given.target_means, assigner.ignore_iof_thr, sampler.neg_pos_ub, sampler.add_gt_as_proposals, border]).toEqual([true, 1, 1, [0, 0, 0, 0], -1, -1, false, -1]);
    expect(["L1Loss", "SmoothL1Loss"]).toContain(box.type);
    const allowed = tolerance as { losses_rel: number; gradients: number; boxes: number; scores: number };
    const grids = params.feature_sizes.map(([height, width], l) => ({ height, width, strideY: generator.strides[l], strideX: generator.strides[l] }));
    const anchors = gridAnchors({ sizes: generator.strides.map((stride) => generator.scales.map((scale) => scale * stride)), ratios: generator.ratios, rounded: false, outer: "ratio" }, grids);
    const coder = { weights: given.target_stds.map((std) => 1 / std) as [number, number, number, number], clamp: "both", single: "encode" } as const;
    const assign = { positive: assigner.pos_iou_thr, negative: assigner.neg_iou_thr, minPositive: assigner.min_pos_iou, lowQuality: assigner.match_low_quality ? "served" : "none" } as const;
    const targets = inputs.gt.map(({ boxes, labels }, i) => target(boxes.data.map(Number), labels, params.image_shapes[i]));
    tf.tidy(() => {
      const maps = (list: Formula[]) => list.map((formula) => nhwc(tensorOf(formula)));
      const [logits, deltas] = [maps(inputs.predictions.cls), maps(inputs.predictions.box)];
      const assignments = assignRpn(targets, anchors, { classes: 100, assign, region: fasterRcnnPresets.mmdet.rpn.region });
      const sampled = sampleRpn(assignments, anchors, { sampling: { count: sampler.num, positiveFraction: sampler.pos_fraction }, coder, normaliser: "sampled-or-one", seed: 0 }, { iteration: 0 });
      const losses: Record<string, number> = {};
      const grads = tf.grads((...xs: tf.Tensor[]) => {
        const maps4 = { logits: xs.slice(0, logits.length) as tf.Tensor4D[], boxes: xs.slice(logits.length) as tf.Tensor4D[] };
        const beta = box.type === "L1Loss" ? 0 : box.beta!;
        const terms = { loss_rpn_cls: rpnLoss(maps4, objectnessOfFirstClass(sampled, assignments, targets), { beta }).class, loss_rpn_bbox: rpnLoss(maps4, sampled, { beta }).box };
        for (const [name, value] of Object.entries(terms)) losses[name] = value.dataSync()[0];
        return tf.add(terms.loss_rpn_cls, terms.loss_rpn_bbox);
      })([...logits, ...deltas]);
      for (const [name, perLevel] of Object.entries(expected.losses)) expectRelative(name, losses[name], perLevel.reduce((a, b) => a + b), allowed.losses_rel);
      for (const [l, wanted] of expected.gradients.cls.entries()) expectLive(`gradient of cls${l}`, nchw(grads[l]), wanted, allowed.gradients);
      for (const [l, wanted] of expected.gradients.box.entries()) expectLive(`gradient of box${l}`, nchw(grads[logits.length + l]), wanted, allowed.gradients);
      const { test } = params;
      const found = proposals({ logits, boxes: deltas }, targets, { anchors, coder, perLevel: test.nms_pre, total: test.max_per_img, nms: test.nms.iou_threshold, minSize: test.min_bbox_size, scoreThreshold: test.score_thr });
      for (const [i, image] of found.entries()) expectDetections(`image ${i}`, { ...image, labels: new Int32Array(image.scores.length) }, expected.detections[i], allowed);
    });
  });

  /**
   * The cases hand objects of several classes to a head of one class (background = 1), which the whole detector never does:
   * anchors of objects whose label is not 0 are positive for the boxes and for the normaliser, but background for the objectness.
   */
  function objectnessOfFirstClass(sampled: RpnTargets, assignments: readonly RpnAssignment[], targets: readonly Target[]): RpnTargets {
    const count = assignments[0].assignment.length;
    const isFirst = (row: number) => targets[Math.floor(row / count)].labels[assignments[Math.floor(row / count)].assignment[row % count]] === 0;
    const positives = Array.from(sampled.rows.subarray(0, sampled.positives));
    const ones = positives.filter(isFirst);
    const rows = Int32Array.from([...ones, ...positives.filter((row) => !isFirst(row)), ...sampled.rows.subarray(sampled.positives)]);
    return { ...sampled, rows, positives: ones.length, regression: new Float32Array(4 * ones.length) };
  }

  interface TvParams extends TorchvisionInput {
    readonly classes: number; readonly classes_with_background: number; readonly score_thresh: number; readonly detections_per_img: number; readonly seed_prefix: string;
    readonly anchor_sizes: number[]; readonly ratios: number[]; readonly rpn_pre_nms: number; readonly rpn_post_nms: number; readonly rpn_nms: number; readonly rpn_fg: number; readonly rpn_bg: number;
    readonly box_fg: number; readonly box_bg: number; readonly box_weights: [number, number, number, number]; readonly nms: number; readonly sampling: string; readonly roi: string;
  }
  interface TvInputs { readonly images: Formula[]; readonly targets: { boxes: number[][]; labels: number[] }[] }
  interface TvExpected {
    readonly batch: Expected; readonly image_sizes: Size[]; readonly pyramid: Record<string, Expected>; readonly rpn_head: Record<"objectness" | "deltas", Expected[]>;
    readonly proposals: { count: number; first: Whole; all: Expected }[]; readonly box_head: Record<"class_logits" | "box_regression", Expected>; readonly training_proposals_per_image: number[];
    readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: Found[];
  }

  function torchvisionDetector(params: TvParams): RegionDetector {
    checkKeys("params", params, ["classes", "min_size", "max_size", "image_mean", "image_std", "size_divisible", "score_thresh", "detections_per_img", "seed_prefix", "classes_with_background", "anchor_sizes", "ratios", "rpn_pre_nms", "rpn_post_nms", "rpn_nms", "rpn_fg", "rpn_bg", "box_fg", "box_bg", "box_weights", "nms", "sampling", "roi"]);
    expect([params.sampling, params.roi]).toEqual(["every candidate is used (batch sizes 10^6)", "7x7 (masks 14x14), sampling ratio 2, not aligned, canonical 224 at level 4 on P2-P5"]);
    const filter = { perLevel: params.rpn_pre_nms, total: params.rpn_post_nms, nms: params.rpn_nms };
    return fasterRcnn({
      preset: "torchvision",
      classes: params.classes,
      seed: 0,
      backbone: { frozenStages: -1 },
      rpn: { anchors: { sizes: params.anchor_sizes.map((size) => [size]), ratios: params.ratios }, assign: { positive: params.rpn_fg, negative: params.rpn_bg }, sampling: { count: 1e6 }, train: filter, test: filter },
      box: { assign: { positive: params.box_fg, negative: params.box_bg }, coder: { weights: params.box_weights }, sampling: { count: 1e6 } },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, maxDetections: params.detections_per_img },
    });
  }

  it.each(casesOf<TvParams, TvInputs, TvExpected>("torchvision faster_rcnn with"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("expected", expected, ["batch", "image_sizes", "pyramid", "rpn_head", "proposals", "training_proposals_per_image", "box_head", "losses", "gradient_sumsq", "detections"]);
    const tolerance = one.tolerance as WholeTolerance;
    const detector = torchvisionDetector(params);
    expect(params.classes_with_background).toBe(params.classes + 1);
    loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
    tf.tidy(() => {
      const { images, sizes, scales } = torchvisionBatch(params, inputs.images);
      const close = (what: string, actual: tf.Tensor, wanted: Expected) => expectLive(what, actual, wanted, sampleTolerance(tolerance, wanted));
      expect(sizes).toEqual(expected.image_sizes);
      close("batch", nchw(images), expected.batch);
      const prediction = detector.forward(images);
      for (const [l, [key, wanted]] of Object.entries(expected.pyramid).entries()) close(`pyramid ${key}`, nchw(prediction.pyramid[l]), wanted);
      for (const [l, wanted] of expected.rpn_head.objectness.entries()) close(`objectness ${l}`, nchw(prediction.logits[l]), wanted);
      for (const [l, wanted] of expected.rpn_head.deltas.entries()) close(`deltas ${l}`, nchw(prediction.boxes[l]), wanted);
      const sizesOf = sizes.map(([height, width]) => ({ height, width }));
      const regions = detector.proposals(prediction, sizesOf);
      for (const [i, { count, first, all }] of expected.proposals.entries()) {
        expect(regions[i].scores.length, `proposals of image ${i}`).toBe(count);
        expectTensor(`first proposals of image ${i}`, { shape: first.shape, data: regions[i].boxes.subarray(0, 4 * first.shape[0]) }, first, tolerance.boxes);
        expectTensor(`proposals of image ${i}`, { shape: all.shape, data: regions[i].boxes }, all, tolerance.boxes);
      }
      expect(detector.proposals(prediction, sizesOf, "train").map(({ scores }) => scores.length)).toEqual(expected.training_proposals_per_image);
      const { logits, deltas } = detector.classify(prediction.pyramid, regions);
      close("class_logits", logits, expected.box_head.class_logits);
      close("box_regression", deltas, expected.box_head.box_regression);
      const targets = inputs.targets.map(({ boxes, labels }, i) => target(rescaled(boxes.flat(), scales[i], "times"), labels.map((label) => label - 1), sizes[i]));
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, lossNames);
      for (const [i, found] of detector.decode(prediction, targets).entries()) {
        expectDetections(`image ${i}`, { ...found, boxes: Float32Array.from(rescaled(found.boxes, scales[i], "over")) }, expected.detections[i], { ...tolerance, first: 1 });
      }
    });
    detector.dispose();
  });
});
