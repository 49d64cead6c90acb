import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Prediction } from "../../lib/detector/detector.ts";
import { fcos, type FcosOptions } from "../../lib/detector/fcos.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, nchw, nhwc, tensorOf, weights, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { above, expectDetections, expectTraining, lossGradients, rescaled, sampleTolerance, smoothed, target, torchvisionBatch, trainOnce, type Found, type Size, type TorchvisionInput, type WholeTolerance } from "./detectors-whole.ts";

const mmdetLosses = { loss_cls: "class", loss_bbox: "box", loss_centerness: "centerness" } as const;
const torchvisionLosses = { classification: "class", bbox_regression: "box", bbox_ctrness: "centerness" } as const;
const detectron2Losses = { loss_fcos_cls: "class", loss_fcos_loc: "box", loss_fcos_ctr: "centerness" } as const;

interface HeadTolerance { readonly losses_rel: number; readonly gradients: number; readonly boxes: number; readonly scores: number }

/** A detector whose network is of no interest: predictions are given. */
const headOnly: Pick<FcosOptions, "backbone" | "channels" | "seed"> = { backbone: "tiny-4", channels: 4, seed: 0 };
const plainHead = { convs: 0, norm: "none" } as const;

function maps(list: readonly Formula[]): tf.Tensor4D[] {
  return list.map((formula) => nhwc(tensorOf(formula)));
}

describe.skipIf(allCases.length === 0)("oracles: FCOS", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface MmHead {
    readonly num_classes: number;
    readonly stacked_convs?: number;
    readonly strides: number[];
    readonly regress_ranges: [number, number][];
    readonly norm_cfg?: { readonly num_groups: number };
    readonly norm_on_bbox?: boolean;
    readonly centerness_on_reg?: boolean;
    readonly center_sampling?: boolean;
    readonly center_sample_radius?: number;
    readonly conv_bias?: boolean;
    readonly dcn_on_last_conv?: boolean;
    readonly loss_cls: { readonly gamma: number; readonly alpha: number; readonly loss_weight: number };
    readonly loss_bbox: { readonly type: string; readonly loss_weight: number };
    readonly loss_centerness: { readonly loss_weight: number };
  }
  interface MmTest { readonly nms_pre: number; readonly min_bbox_size: number; readonly score_thr: number; readonly nms: { readonly iou_threshold: number }; readonly max_per_img: number }

  /** mmdet's configuration as ours; fails for settings that have no counterpart here. */
  function mmdetOptions(head: MmHead, test: MmTest): Pick<FcosOptions, "preset" | "classes" | "head" | "assign" | "focal" | "boxLoss" | "decode"> {
    checkKeys("bbox_head", head, ["type", "num_classes", "in_channels", "stacked_convs", "feat_channels", "strides", "norm_cfg", "regress_ranges", "norm_on_bbox", "centerness_on_reg", "center_sampling", "center_sample_radius", "conv_bias", "dcn_on_last_conv", "loss_cls", "loss_bbox", "loss_centerness"]);
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "gamma", "alpha", "loss_weight"]);
    checkKeys("loss_bbox", head.loss_bbox, ["type", "loss_weight"]);
    checkKeys("loss_centerness", head.loss_centerness, ["type", "use_sigmoid", "loss_weight"]);
    checkKeys("test", test, ["nms_pre", "min_bbox_size", "score_thr", "nms", "max_per_img"]);
    expect([head.loss_cls.loss_weight, head.loss_centerness.loss_weight, head.strides]).toEqual([1, 1, [8, 16, 32, 64, 128]]);
    expect(head.dcn_on_last_conv ?? false).toBe(false);
    expect(["IoULoss", "GIoULoss"]).toContain(head.loss_bbox.type);
    const normed = head.norm_on_bbox === true;
    return {
      preset: "mmdet",
      classes: head.num_classes,
      head: {
        convs: head.stacked_convs ?? 4,
        bias: head.conv_bias ?? false,
        centerness: head.centerness_on_reg === true ? "box" : "class",
        activation: normed ? "relu" : "exp",
        units: normed ? "strides" : "pixels",
      },
      assign: { ranges: head.regress_ranges, radius: head.center_sampling === true ? (head.center_sample_radius ?? 1.5) : Infinity },
      focal: { alpha: head.loss_cls.alpha, gamma: head.loss_cls.gamma },
      boxLoss: { kind: head.loss_bbox.type === "IoULoss" ? "log" : "giou", weight: head.loss_bbox.loss_weight },
      decode: { scoreThreshold: test.score_thr, perLevel: test.nms_pre, nms: test.nms.iou_threshold, maxDetections: test.max_per_img, minSize: test.min_bbox_size },
    };
  }

  interface HeadParams { readonly head: MmHead; readonly test: MmTest; readonly image_shapes: Size[]; readonly feature_sizes: Size[] }
  type Maps = Record<"cls" | "box" | "centerness", Formula[]>;
  interface HeadInputs { readonly predictions: Maps; readonly gt: { boxes: Whole; labels: number[] }[] }
  interface HeadExpected { readonly losses: Record<string, number>; readonly gradients: Record<"cls" | "box" | "centerness", Expected[]>; readonly detections: Found[] }

  it.each(casesOf<HeadParams, HeadInputs, HeadExpected>("mmdet FCOSHead.loss_by_feat"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["head", "test", "image_shapes", "feature_sizes"]);
    checkKeys("expected", expected, ["losses", "gradients", "detections"]);
    const allowed = tolerance as HeadTolerance;
    const options = mmdetOptions(params.head, params.test);
    const detector = fcos({ ...options, ...headOnly, head: { ...options.head, ...plainHead } });
    const targets = inputs.gt.map(({ boxes, labels }, i) => target(boxes.data.map(Number), labels, params.image_shapes[i]));
    tf.tidy(() => {
      const [height, width] = params.image_shapes[0];
      const prediction: Prediction = { pyramid: [], logits: maps(inputs.predictions.cls), boxes: maps(inputs.predictions.box), extra: { centerness: maps(inputs.predictions.centerness) }, height, width };
      const found = lossGradients(detector, prediction, targets);
      for (const [name, value] of Object.entries(expected.losses)) expectRelative(name, found.losses[mmdetLosses[name as keyof typeof mmdetLosses]], value, allowed.losses_rel);
      for (const key of ["cls", "box", "centerness"] as const) {
        for (const [l, wanted] of expected.gradients[key].entries()) expectLive(`gradient of ${key} ${l}`, nchw(found[key][l]), wanted, allowed.gradients);
      }
      // The reference read the same maps as pixels here, also where the loss takes them in strides.
      const strides = params.head.norm_on_bbox === true ? params.head.strides : params.head.strides.map(() => 1);
      const pixels = { ...prediction, boxes: prediction.boxes.map((map, l) => tf.div<tf.Tensor4D>(map, strides[l])) };
      for (const [i, one] of detector.decode(pixels, targets).entries()) expectDetections(`image ${i}`, one, expected.detections[i], allowed);
    });
    detector.dispose();
  });

  interface D2Params { readonly classes: number; readonly feature_sizes: Size[]; readonly strides: number[]; readonly sizes: number[]; readonly score_thresh: number; readonly nms: number }
  interface D2Inputs extends Maps { readonly gt: { boxes: Whole; labels: number[] }[] }
  interface D2Expected {
    readonly positives: [number, number][][];
    readonly ignored: number[];
    readonly losses_first: Record<string, number>;
    readonly losses_second: Record<string, number>;
    readonly gradients_first: [Expected[], Expected[], Expected[]];
    readonly detections: Found[];
  }

  it.each(casesOf<D2Params, D2Inputs, D2Expected>("fcos label_anchors"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["classes", "feature_sizes", "strides", "sizes", "score_thresh", "nms"]);
    checkKeys("expected", expected, ["positives", "ignored", "losses_first", "losses_second", "gradients_first", "detections"]);
    expect(params.sizes).toEqual(params.strides);
    const allowed = tolerance as HeadTolerance;
    const ranges = params.sizes.map((size, l): [number, number] => [l === 0 ? 0 : 4 * size, l === params.sizes.length - 1 ? Infinity : 8 * size]);
    const detector = fcos({ preset: "detectron2", classes: params.classes, ...headOnly, head: plainHead, assign: { ranges }, decode: { scoreThreshold: params.score_thresh, nms: params.nms, clip: false } });
    const [height, width] = params.feature_sizes[0].map((n) => n * params.strides[0]);
    const targets = inputs.gt.map(({ boxes, labels }) => target(boxes.data.map(Number), labels, [height, width]));
    tf.tidy(() => {
      // detectron2's coder applies the ReLU that belongs to our head.
      const raw = { cls: maps(inputs.cls), box: maps(inputs.box), centerness: maps(inputs.centerness) };
      const prediction: Prediction = { pyramid: [], logits: raw.cls, boxes: raw.box.map((map) => tf.relu(map)), extra: { centerness: raw.centerness }, height, width };
      const first = lossGradients(detector, prediction, targets);
      const second = detector.loss(prediction, targets);
      const own = (name: string) => detectron2Losses[name as keyof typeof detectron2Losses];
      for (const [name, value] of Object.entries(expected.losses_first)) expectRelative(name, first.losses[own(name)], value, allowed.losses_rel);
      for (const [name, value] of Object.entries(expected.losses_second)) expectRelative(`second ${name}`, second[own(name)].dataSync()[0], value, allowed.losses_rel);
      const box = first.box.map((slope, l) => tf.mul(slope, tf.cast(tf.greater(raw.box[l], 0), "float32")));
      for (const [key, list] of [["cls", first.cls], ["box", box], ["centerness", first.centerness]] as const) {
        const wanted = expected.gradients_first[["cls", "box", "centerness"].indexOf(key)];
        for (const [l, slope] of list.entries()) expectLive(`gradient of ${key} ${l}`, nchw(slope), wanted[l], allowed.gradients);
      }
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, found, expected.detections[i], allowed);
    });
    for (const [i, one] of targets.entries()) {
      const told = detector.assignment!(one, { height, width }).flatMap(({ objects }) => Array.from(objects));
      const labelled = Array.from(told.entries()).filter(([, o]) => o >= 0).map(([point, o]) => [point, one.labels[o]]);
      expect(labelled, `positives of image ${i}`).toEqual(expected.positives[i]);
      expect(told.filter((o) => o === -2).length, `ignored of image ${i}`).toBe(expected.ignored[i]);
    }
    detector.dispose();
  });

  interface MmModel {
    readonly backbone: { readonly depth: number; readonly frozen_stages: number; readonly norm_eval: boolean; readonly style: string };
    readonly neck: { readonly out_channels: number; readonly start_level: number; readonly num_outs: number; readonly add_extra_convs: string; readonly relu_before_extra_convs?: boolean };
    readonly bbox_head: MmHead;
  }
  interface MmParams { readonly model: MmModel; readonly keep_score: number; readonly test: MmTest; readonly seed_prefix: string }
  interface MmInputs { readonly images: Formula; readonly gt: { boxes: number[][]; labels: number[] }[] }
  interface MmExpected { readonly pyramid: Expected[]; readonly heads: Record<"cls" | "reg" | "centerness", Expected[]>; readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: Found[] }

  it.each(casesOf<MmParams, MmInputs, MmExpected>("mmdet FCOS.loss"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    const { backbone, neck, bbox_head: head } = params.model;
    checkKeys("params", params, ["model", "keep_score", "test", "seed_prefix"]);
    checkKeys("model", params.model, ["backbone", "type", "neck", "bbox_head"]);
    checkKeys("backbone", backbone, ["type", "depth", "num_stages", "out_indices", "frozen_stages", "norm_cfg", "norm_eval", "style"]);
    checkKeys("neck", neck, ["type", "in_channels", "out_channels", "start_level", "num_outs", "add_extra_convs", "relu_before_extra_convs"]);
    checkKeys("expected", expected, ["pyramid", "heads", "losses", "gradient_sumsq", "detections"]);
    const froms: Record<string, "c5" | "p5" | "lateral"> = { on_input: "c5", on_output: "p5", on_lateral: "lateral" };
    expect(Object.keys(froms)).toContain(neck.add_extra_convs);
    expect(backbone.norm_eval).toBe(true);
    const first = neck.start_level + 2;
    const options = mmdetOptions(head, params.test);
    const detector = fcos({
      ...options,
      seed: 0,
      channels: neck.out_channels,
      backbone: { name: `resnet-${backbone.depth}`, norm: { kind: "affine" }, frozenStages: backbone.frozen_stages, stride: backbone.style === "caffe" ? "1x1" : "3x3" },
      neck: { first, last: 5, extraLevels: neck.num_outs - (6 - first), extraFrom: froms[neck.add_extra_convs], extraRelu: neck.relu_before_extra_convs ?? false },
      head: { ...options.head, norm: { kind: "group", groups: head.norm_cfg!.num_groups } },
    });
    loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
    const tolerance = one.tolerance as WholeTolerance;
    const [, , height, width] = inputs.images.shape;
    const targets = inputs.gt.map(({ boxes, labels }) => target(boxes.flat(), labels, [height, width]));
    tf.tidy(() => {
      const images = tf.mul<tf.Tensor4D>(smoothed(inputs.images), 2);
      const prediction = detector.forward(images);
      const compare = (what: string, list: readonly tf.Tensor4D[], wanted: Expected[]) => {
        for (const [l, map] of list.entries()) expectLive(`${what} ${l}`, nchw(map), wanted[l], sampleTolerance(tolerance, wanted[l]));
      };
      compare("pyramid", prediction.pyramid, expected.pyramid);
      compare("cls", prediction.logits, expected.heads.cls);
      const units = head.norm_on_bbox === true ? detector.strides : detector.strides.map(() => 1);
      compare("reg", prediction.boxes.map((map, l) => tf.mul<tf.Tensor4D>(map, units[l])), expected.heads.reg);
      compare("centerness", prediction.extra!.centerness, expected.heads.centerness);
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, mmdetLosses);
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, above(found, params.keep_score), expected.detections[i], tolerance);
    });
    detector.dispose();
  });

  interface TvParams extends TorchvisionInput {
    readonly classes: number; readonly score_thresh: number; readonly detections_per_img: number; readonly seed_prefix: string; readonly anchor_sizes: number[];
    readonly center_sampling_radius: number; readonly nms: number; readonly topk: number; readonly head_norm: string;
  }
  interface TvInputs { readonly images: Formula[]; readonly targets: { boxes: number[][]; labels: number[] }[] }
  interface TvExpected {
    readonly batch: Expected; readonly image_sizes: Size[]; readonly pyramid: Record<string, Expected>; readonly head: Record<"cls_logits" | "bbox_regression" | "bbox_ctrness", Expected>;
    readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: Found[];
  }

  it.each(casesOf<TvParams, TvInputs, TvExpected>("torchvision fcos with"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("params", params, ["classes", "min_size", "max_size", "image_mean", "image_std", "size_divisible", "score_thresh", "detections_per_img", "seed_prefix", "anchor_sizes", "center_sampling_radius", "nms", "topk", "head_norm"]);
    checkKeys("expected", expected, ["batch", "image_sizes", "pyramid", "head", "losses", "gradient_sumsq", "detections"]);
    expect([params.head_norm, params.anchor_sizes]).toEqual(["GroupNorm(32)", [8, 16, 32, 64, 128]]);
    const detector = fcos({
      preset: "torchvision", classes: params.classes, seed: 0, backbone: { frozenStages: -1 },
      assign: { radius: params.center_sampling_radius },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, perLevel: params.topk, maxDetections: params.detections_per_img },
    });
    loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
    const tolerance = one.tolerance as WholeTolerance;
    tf.tidy(() => {
      const { images, sizes, scales } = torchvisionBatch(params, inputs.images);
      const close = (what: string, actual: tf.Tensor, wanted: Expected) => expectLive(what, actual, wanted, sampleTolerance(tolerance, wanted));
      expect(sizes).toEqual(expected.image_sizes);
      close("batch", nchw(images), expected.batch);
      const prediction = detector.forward(images);
      for (const [l, [key, wanted]] of Object.entries(expected.pyramid).entries()) close(`pyramid ${key}`, nchw(prediction.pyramid[l]), wanted);
      const rows = (list: readonly tf.Tensor4D[]) => tf.concat(list.map((map) => tf.reshape(map, [map.shape[0], -1, map.shape[3]])), 1);
      close("cls_logits", rows(prediction.logits), expected.head.cls_logits);
      close("bbox_regression", rows(prediction.boxes), expected.head.bbox_regression);
      close("bbox_ctrness", rows(prediction.extra!.centerness), expected.head.bbox_ctrness);
      const targets = inputs.targets.map(({ boxes, labels }, i) => target(rescaled(boxes.flat(), scales[i], "times"), labels, sizes[i]));
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, torchvisionLosses);
      for (const [i, found] of detector.decode(prediction, targets).entries()) {
        const original = { ...found, boxes: Float32Array.from(rescaled(found.boxes, scales[i], "over")) };
        expectDetections(`image ${i}`, original, expected.detections[i], tolerance);
      }
    });
    detector.dispose();
  });
});
