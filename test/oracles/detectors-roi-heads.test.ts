import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { encodeDeltas } from "../../lib/detector/coder/delta.ts";
import type { Detections } from "../../lib/detector/detector.ts";
import type { BoxOutput } from "../../lib/detector/heads/box.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { softmaxCrossEntropy } from "../../lib/detector/loss/softmax-cross-entropy.ts";
import { roiBoxLoss, roiBoxTargets, type RoiBoxLossOptions } from "../../lib/detector/loss/roi-box.ts";
import { parameterStore } from "../../lib/detector/parameters.ts";
import { mmdetBoxNames } from "../../lib/detector/roi/box-names.ts";
import { boxStage } from "../../lib/detector/roi/box-stage.ts";
import { sampleRois, type RoiSample, type RoiSamplingOptions } from "../../lib/detector/roi/sampling.ts";
import { allCases, casesOf, checkKeys, expectClose, expectLive, expectRelative, expectTensor, nchw, nhwc, sumOfSquares, tensorOf, weights, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";

const floats = (whole: Whole) => Float32Array.from(whole.data, Number);

function target(boxes: Float32Array, labels: readonly number[], [height, width]: readonly [number, number] = [1000, 1000]): Target {
  return { image: 0, imageId: 0, boxes, labels: Int32Array.from(labels), width, height, scaleX: 1, scaleY: 1, flipped: false };
}

/** Values, then gradients of their sum; inputs that nothing depends on (levels without regions) have a gradient of zeros. */
function slopes(terms: (inputs: tf.Tensor[]) => Record<string, tf.Scalar>, inputs: tf.Tensor[]): { values: Record<string, number>; grads: tf.Tensor[] } {
  const values: Record<string, number> = {};
  const grads = tf.grads((...xs: tf.Tensor[]) => {
    const all = Object.entries(terms(xs));
    for (const [name, value] of all) values[name] = value.dataSync()[0];
    return [...all.map(([, value]) => value), ...xs.map((x) => tf.mul(tf.sum(x), 0))].reduce((a, b) => tf.add(a, b));
  })(inputs);
  return { values, grads };
}

describe.skipIf(allCases.length === 0)("oracles: RoI heads", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface CrossEntropy { readonly mean: number; readonly dlogits_of_mean: Expected; readonly weighted: number; readonly dlogits_of_weighted: Expected }

  it.each(casesOf<{ avg_factor: number }, { logits: Formula; labels: number[]; weight: Whole }, CrossEntropy>("torch cross_entropy"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["mean", "dlogits_of_mean", "weighted", "dlogits_of_weighted"]);
    tf.tidy(() => {
      const labels = Int32Array.from(inputs.labels);
      const run = (rows: Float32Array) => slopes(([x]) => ({ loss: softmaxCrossEntropy(x as tf.Tensor2D, labels, rows) }), [tensorOf(inputs.logits)]);
      const mean = run(new Float32Array(labels.length).fill(1 / labels.length));
      const weighted = run(floats(inputs.weight).map((w) => w / params.avg_factor));
      expectClose("mean", [mean.values.loss], [expected.mean], tolerance as number);
      expectClose("weighted", [weighted.values.loss], [expected.weighted], tolerance as number);
      expectLive("gradient of the mean", mean.grads[0], expected.dlogits_of_mean, tolerance as number);
      expectLive("gradient of the weighted sum", weighted.grads[0], expected.dlogits_of_weighted, tolerance as number);
    });
  });

  it.each(casesOf<unknown, { class_logits: Formula; box_regression: Formula; labels: number[]; targets: Whole }, { classification: number; box: number; dclass: Expected; dbox: Expected }>("torchvision fastrcnn_loss"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["classification", "box", "dclass", "dbox"]);
    const labels = Int32Array.from(inputs.labels, (label) => label - 1);
    const regression = floats(inputs.targets).filter((_v, k) => labels[k >> 2] >= 0);
    const options = { classes: inputs.class_logits.shape[1] - 1, background: "first", agnostic: false, beta: 1 / 9 } as const;
    tf.tidy(() => {
      const { values, grads: [dclass, dbox] } = slopes(([logits, deltas]) => ({ ...roiBoxLoss({ logits, deltas } as BoxOutput, { labels, regression }, options) }), [tensorOf(inputs.class_logits), tensorOf(inputs.box_regression)]);
      expectClose("classification", [values.class], [expected.classification], tolerance as number);
      expectClose("box", [values.box], [expected.box], tolerance as number);
      expectLive("gradient of the logits", dclass, expected.dclass, tolerance as number);
      expectLive("gradient of the boxes", dbox, expected.dbox, tolerance as number);
    });
  });

  interface D2Inputs { readonly scores: Formula; readonly deltas: Formula; readonly proposals: Whole; readonly gt: Whole; readonly classes: number[] }

  it.each(casesOf<{ weights: [number, number, number, number]; classes: number }, D2Inputs, { losses: Record<string, number>; dscores: Expected; ddeltas: Expected }>("FastRCNNOutputLayers"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["weights", "classes"]);
    checkKeys("expected", expected, ["losses", "dscores", "ddeltas"]);
    const sample: RoiSample = {
      boxes: floats(inputs.proposals),
      labels: Int32Array.from(inputs.classes, (c) => (c === params.classes ? -1 : c)),
      objects: Int32Array.from(inputs.classes.keys()),
      truths: new Uint8Array(inputs.classes.length),
    };
    const options: RoiBoxLossOptions = { classes: params.classes, background: "last", agnostic: inputs.deltas.shape[1] === 4, coder: { weights: params.weights, clamp: "above" }, beta: 0 };
    tf.tidy(() => {
      const { values, grads } = slopes(([logits, deltas]) => ({ ...roiBoxLoss({ logits, deltas } as BoxOutput, roiBoxTargets([sample], [{ boxes: floats(inputs.gt) }], options.coder), options) }), [tensorOf(inputs.scores), tensorOf(inputs.deltas)]);
      expectClose("loss_cls", [values.class], [expected.losses.loss_cls], tolerance as number);
      expectClose("loss_box_reg", [values.box], [expected.losses.loss_box_reg], tolerance as number);
      expectLive("gradient of the scores", grads[0], expected.dscores, tolerance as number);
      expectLive("gradient of the boxes", grads[1], expected.ddeltas, tolerance as number);
    });
  });

  interface Sampling {
    readonly torchvision: { readonly proposals: Expected; readonly matched: number[]; readonly labels: number[]; readonly targets: Whole };
    readonly mmdet: { readonly pos_index: number[]; readonly neg_index: number[]; readonly pos_gt: number[]; readonly pos_is_gt: number[] };
  }

  it.each(casesOf<{ weights: [number, number, number, number] }, { proposals: Whole; gt: Whole; labels: number[] }, Sampling>("torchvision RoIHeads.select_training_samples"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["weights"]);
    checkKeys("expected", expected, ["torchvision", "mmdet"]);
    checkKeys("torchvision", expected.torchvision, ["proposals", "matched", "labels", "targets"]);
    checkKeys("mmdet", expected.mmdet, ["pos_index", "neg_index", "pos_gt", "pos_is_gt"]);
    const objects = floats(inputs.gt);
    const options: RoiSamplingOptions = { classes: 100, assign: { positive: 0.5, negative: 0.5, lowQuality: "none" }, truth: "append", count: 1e6, positiveFraction: 0.25, seed: 0 };
    const sample = (truth: "append" | "prepend") => sampleRois([{ boxes: floats(inputs.proposals) }], [target(objects, inputs.labels)], { ...options, truth }, { iteration: 0 })[0];
    const appended = sample("append");
    expectTensor("proposals", { shape: [appended.labels.length, 4], data: appended.boxes }, expected.torchvision.proposals, tolerance as number);
    const positives = Array.from(appended.labels.keys()).filter((r) => appended.labels[r] >= 0);
    expect(Array.from(appended.labels, (label, r) => (label < 0 ? 0 : inputs.labels[appended.objects[r]]))).toEqual(expected.torchvision.labels);
    for (const r of positives) expect(appended.objects[r]).toBe(expected.torchvision.matched[r]);
    const rows = (from: Float32Array, indices: readonly number[]) => indices.flatMap((i) => [...from.subarray(4 * i, 4 * i + 4)]);
    const deltas = encodeDeltas(rows(appended.boxes, positives), rows(objects, positives.map((r) => appended.objects[r])), { weights: params.weights, clamp: "above" });
    expectClose("regression targets", deltas, expected.torchvision.targets.data, tolerance as number);
    const first = sample("prepend");
    const of = (wanted: (r: number) => boolean) => Array.from(first.labels.keys()).filter(wanted);
    const found = of((r) => first.labels[r] >= 0);
    expect(found).toEqual(expected.mmdet.pos_index);
    expect(of((r) => first.labels[r] < 0)).toEqual(expected.mmdet.neg_index);
    expect(found.map((r) => first.objects[r])).toEqual(expected.mmdet.pos_gt);
    expect(found.map((r) => first.truths[r])).toEqual(expected.mmdet.pos_is_gt);
  });

  interface MmRoi {
    readonly head: {
      readonly type: string;
      readonly bbox_roi_extractor: { readonly roi_layer: { readonly output_size: number; readonly sampling_ratio: number }; readonly out_channels: number; readonly featmap_strides: number[] };
      readonly bbox_head: {
        readonly in_channels: number; readonly fc_out_channels: number; readonly roi_feat_size: number; readonly num_classes: number; readonly reg_class_agnostic: boolean;
        readonly bbox_coder: { readonly target_means: number[]; readonly target_stds: number[] };
        readonly loss_cls: { readonly loss_weight: number };
        readonly loss_bbox: { readonly type: string; readonly beta?: number; readonly loss_weight: number };
      };
      readonly train_cfg: {
        readonly assigner: { readonly pos_iou_thr: number; readonly neg_iou_thr: number; readonly min_pos_iou: number; readonly match_low_quality: boolean; readonly ignore_iof_thr: number };
        readonly sampler: { readonly num: number; readonly pos_fraction: number; readonly add_gt_as_proposals: boolean };
      };
    };
    readonly test: { readonly score_thr: number; readonly nms: number; readonly max_per_img: number };
    readonly image: [number, number];
    readonly seed_prefix: string;
  }
  interface RoiExpected { readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly dfeatures: Expected[]; readonly detections: { boxes: number[][]; scores: number[]; labels: number[] }[] }
  interface RoiTolerance { readonly losses_rel: number; readonly gradient_sumsq_rel: number; readonly boxes: number; readonly scores: number }

  /** mmdet's configuration as ours; fails for settings that have no counterpart here. */
  function mmdetStage({ head, test }: MmRoi) {
    checkKeys("head", head, ["type", "bbox_roi_extractor", "bbox_head", "train_cfg"]);
    const { bbox_roi_extractor: extractor, bbox_head: box, train_cfg: { assigner, sampler } } = head;
    checkKeys("bbox_head", box, ["type", "in_channels", "fc_out_channels", "roi_feat_size", "num_classes", "bbox_coder", "reg_class_agnostic", "loss_cls", "loss_bbox"]);
    checkKeys("assigner", assigner, ["type", "pos_iou_thr", "neg_iou_thr", "min_pos_iou", "match_low_quality", "ignore_iof_thr"]);
    checkKeys("test", test, ["score_thr", "nms", "max_per_img", "mask_thr_binary"]);
    expect([box.loss_cls.loss_weight, box.loss_bbox.loss_weight, box.bbox_coder.target_means, assigner.ignore_iof_thr, sampler.add_gt_as_proposals]).toEqual([1, 1, [0, 0, 0, 0], -1, true]);
    expect(["L1Loss", "SmoothL1Loss"]).toContain(box.loss_bbox.type);
    const normal = () => ({ kind: "normal", deviation: 0.01 }) as const;
    const layout = { classes: box.num_classes, background: "last", agnostic: box.reg_class_agnostic } as const;
    return {
      options: {
        head: { ...layout, channels: box.in_channels, size: [box.roi_feat_size, box.roi_feat_size] as [number, number], hidden: [box.fc_out_channels, box.fc_out_channels], names: mmdetBoxNames("bbox_head."), initialiser: { hidden: normal, class: normal, box: normal } },
        extract: { strides: extractor.featmap_strides, levels: { kind: "mmdet", canonical: 56, level: 0 } as const, samplingRatio: extractor.roi_layer.sampling_ratio, aligned: true },
        loss: { coder: { weights: box.bbox_coder.target_stds.map((std) => 1 / std) as [number, number, number, number], clamp: "both", single: "encode" } as const, beta: box.loss_bbox.type === "L1Loss" ? 0 : box.loss_bbox.beta! },
      },
      sampling: {
        classes: box.num_classes, seed: 0, truth: "prepend", count: sampler.num, positiveFraction: sampler.pos_fraction,
        assign: { positive: assigner.pos_iou_thr, negative: assigner.neg_iou_thr, minPositive: assigner.min_pos_iou, lowQuality: assigner.match_low_quality ? "served" : "none" },
      } as const,
      decode: { scoreThreshold: test.score_thr, nms: test.nms, maxDetections: test.max_per_img, minSize: 0 },
    };
  }

  const standard = casesOf<MmRoi, { features: Formula[]; proposals: Whole[]; gt: { boxes: Whole; labels: number[] }[] }, RoiExpected>("mmdet StandardRoIHead").filter(([, { params }]) => !("mask_head" in params.head));

  it.each(standard)("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("params", params, ["head", "test", "image", "seed_prefix"]);
    checkKeys("expected", expected, ["losses", "gradient_sumsq", "dfeatures", "detections"]);
    const tolerance = one.tolerance as RoiTolerance;
    const { options, sampling, decode } = mmdetStage(params);
    const store = parameterStore(0);
    const stage = boxStage(store, options);
    loadParameters({ parameters: () => store.list() }, weights(one, params.seed_prefix), { layout: "pytorch" });
    const targets = inputs.gt.map(({ boxes, labels }) => target(floats(boxes), labels, params.image));
    const proposals = inputs.proposals.map((boxes) => ({ boxes: floats(boxes) }));
    tf.tidy(() => {
      const pyramid = inputs.features.map((formula) => nhwc(tensorOf(formula)));
      const variables = store.list().map(({ variable }) => variable as tf.Tensor);
      const samples = sampleRois(proposals, targets, sampling, { iteration: 0 });
      const { values, grads } = slopes((xs) => ({ ...stage.loss(stage.run(xs.slice(0, pyramid.length) as tf.Tensor4D[], samples), samples, targets) }), [...pyramid, ...variables]);
      checkKeys("losses", expected.losses, ["loss_cls", "loss_bbox", "acc"]);
      expectRelative("loss_cls", values.class, expected.losses.loss_cls, tolerance.losses_rel);
      expectRelative("loss_bbox", values.box, expected.losses.loss_bbox, tolerance.losses_rel);
      for (const [l, wanted] of expected.dfeatures.entries()) expectLive(`gradient of level ${l}`, nchw(grads[l]), wanted, 1e-3 * (wanted as { std: number }).std);
      for (const [group, wanted] of Object.entries(expected.gradient_sumsq)) {
        const sum = store.list().reduce((total, { name }, i) => (name.startsWith(`${group}.`) ? total + sumOfSquares(grads[pyramid.length + i]) : total), 0);
        expectRelative(`gradients of ${group}`, sum, wanted, tolerance.gradient_sumsq_rel);
      }
      const found = stage.decode(stage.run(pyramid, proposals), proposals, targets, decode);
      for (const [i, detections] of found.entries()) expectDetections(`image ${i}`, detections, expected.detections[i], tolerance);
    });
    store.dispose();
  });

  function expectDetections(what: string, actual: Detections, expected: RoiExpected["detections"][number], tolerance: RoiTolerance): void {
    expect(Array.from(actual.labels), `${what}: labels in order`).toEqual(expected.labels);
    expectClose(`${what}: scores`, actual.scores, expected.scores, tolerance.scores);
    expectClose(`${what}: boxes`, actual.boxes, expected.boxes.flat(), tolerance.boxes);
  }
});
