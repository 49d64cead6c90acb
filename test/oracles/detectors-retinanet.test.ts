import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Detector, Prediction } from "../../lib/detector/detector.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { retinanet, type RetinaNetOptions } from "../../lib/detector/retinanet.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, nchw, nhwc, tensorOf, weights, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { above, expectDetections, expectTraining, lossGradients, rescaled, sampleTolerance, smoothed, target, torchvisionBatch, trainOnce, type Found, type Size, type WholeTolerance } from "./detectors-whole.ts";

/** A detector whose network is of no interest: predictions are given. */
function headOnly(options: Omit<RetinaNetOptions, "seed">): Detector {
  return retinanet({ ...options, backbone: "tiny-4", channels: 4, seed: 0, head: { convs: 0, ...options.head } });
}

describe.skipIf(allCases.length === 0)("oracles: RetinaNet", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface MmHeadConfig {
    readonly num_classes: number;
    readonly in_channels?: number;
    readonly stacked_convs?: number;
    readonly feat_channels?: number;
    readonly anchor_generator: { readonly octave_base_scale: number; readonly scales_per_octave: number; readonly ratios: number[]; readonly strides: number[] };
    readonly bbox_coder: { readonly target_means: number[]; readonly target_stds: number[] };
    readonly loss_cls: { readonly gamma: number; readonly alpha: number; readonly loss_weight: number };
    readonly loss_bbox: { readonly type: string; readonly beta?: number; readonly loss_weight: number };
    readonly train_cfg?: MmTrain;
  }
  interface MmTrain { readonly assigner: { readonly pos_iou_thr: number; readonly neg_iou_thr: number; readonly min_pos_iou: number; readonly ignore_iof_thr: number } }
  interface MmTest { readonly nms_pre: number; readonly min_bbox_size: number; readonly score_thr: number; readonly nms: { readonly iou_threshold: number }; readonly max_per_img: number }

  /** mmdet's configuration as ours; fails for settings that have no counterpart here. */
  function mmdetOptions(head: MmHeadConfig, train: MmTrain, test: MmTest): Omit<RetinaNetOptions, "seed"> {
    checkKeys("bbox_head", head, ["type", "num_classes", "in_channels", "stacked_convs", "feat_channels", "anchor_generator", "bbox_coder", "loss_cls", "loss_bbox", "train_cfg"]);
    checkKeys("anchor_generator", head.anchor_generator, ["type", "octave_base_scale", "scales_per_octave", "ratios", "strides"]);
    checkKeys("bbox_coder", head.bbox_coder, ["type", "target_means", "target_stds"]);
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "gamma", "alpha", "loss_weight"]);
    checkKeys("loss_bbox", head.loss_bbox, ["type", "beta", "loss_weight"]);
    checkKeys("assigner", train.assigner, ["type", "pos_iou_thr", "neg_iou_thr", "min_pos_iou", "ignore_iof_thr"]);
    checkKeys("train_cfg", train, ["assigner", "sampler", "allowed_border", "pos_weight", "debug"]);
    checkKeys("test", test, ["nms_pre", "min_bbox_size", "score_thr", "nms", "max_per_img"]);
    expect([head.loss_cls.loss_weight, head.bbox_coder.target_means, train.assigner.ignore_iof_thr]).toEqual([1, [0, 0, 0, 0], -1]);
    expect(["L1Loss", "SmoothL1Loss"]).toContain(head.loss_bbox.type);
    const { octave_base_scale: base, scales_per_octave: octaves, ratios, strides } = head.anchor_generator;
    return {
      preset: "mmdet",
      classes: head.num_classes,
      anchors: { sizes: strides.map((stride) => Array.from({ length: octaves }, (_o, i) => base * 2 ** (i / octaves) * stride)), ratios },
      coder: { weights: head.bbox_coder.target_stds.map((std) => 1 / std) as [number, number, number, number] },
      focal: { alpha: head.loss_cls.alpha, gamma: head.loss_cls.gamma },
      boxLoss: { kind: head.loss_bbox.type === "L1Loss" ? "l1" : "smooth-l1", beta: head.loss_bbox.beta ?? 0, weight: head.loss_bbox.loss_weight },
      assign: { positive: train.assigner.pos_iou_thr, negative: train.assigner.neg_iou_thr, minPositive: train.assigner.min_pos_iou },
      decode: { scoreThreshold: test.score_thr, perLevel: test.nms_pre, nms: test.nms.iou_threshold, maxDetections: test.max_per_img, minSize: test.min_bbox_size },
    };
  }

  interface HeadParams { readonly head: MmHeadConfig & { train_cfg: MmTrain }; readonly test: MmTest; readonly image_shapes: Size[]; readonly feature_sizes: Size[] }
  interface HeadInputs { readonly predictions: { readonly cls: Formula[]; readonly box: Formula[] }; readonly gt: { boxes: Whole; labels: number[] }[] }
  interface HeadExpected { readonly losses: Record<string, number[]>; readonly gradients: { cls: Expected[]; box: Expected[] }; readonly detections: Found[] }
  interface HeadTolerance { readonly losses_rel: number; readonly gradients: number; readonly boxes: number; readonly scores: number }

  it.each(casesOf<HeadParams, HeadInputs, HeadExpected>("mmdet RetinaHead."))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["head", "test", "image_shapes", "feature_sizes"]);
    checkKeys("expected", expected, ["losses", "gradients", "detections"]);
    const allowed = tolerance as HeadTolerance;
    const detector = headOnly(mmdetOptions(params.head, params.head.train_cfg, params.test));
    const targets = inputs.gt.map(({ boxes, labels }, i) => target(boxes.data.map(Number), labels, params.image_shapes[i]));
    tf.tidy(() => {
      const maps = (list: Formula[]) => list.map((formula) => nhwc(tensorOf(formula)));
      const [height, width] = params.image_shapes[0];
      const prediction: Prediction = { pyramid: [], logits: maps(inputs.predictions.cls), boxes: maps(inputs.predictions.box), height, width };
      const { losses, cls, box } = lossGradients(detector, prediction, targets);
      for (const [name, perLevel] of Object.entries(expected.losses)) expectRelative(name, losses[name], perLevel.reduce((a, b) => a + b), allowed.losses_rel);
      for (const [l, wanted] of expected.gradients.cls.entries()) expectLive(`gradient of cls${l}`, nchw(cls[l]), wanted, allowed.gradients);
      for (const [l, wanted] of expected.gradients.box.entries()) expectLive(`gradient of box${l}`, nchw(box[l]), wanted, allowed.gradients);
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, found, expected.detections[i], allowed);
    });
    detector.dispose();
  });

  interface D2Params { readonly classes: number; readonly feature_sizes: Size[]; readonly strides: number[]; readonly sizes: number[][]; readonly score_thresh: number; readonly nms: number }
  interface D2Inputs { readonly cls: Formula[]; readonly box: Formula[]; readonly centerness: Formula[]; readonly gt: { boxes: Whole; labels: number[] }[] }
  interface D2Expected {
    readonly positives: [number, number][][];
    readonly ignored: number[];
    readonly losses_first: Record<string, number>;
    readonly losses_second: Record<string, number>;
    readonly gradients_first: [Expected[], Expected[]];
    readonly detections: Found[];
  }

  it.each(casesOf<D2Params, D2Inputs, D2Expected>("retinanet label_anchors"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["classes", "feature_sizes", "strides", "sizes", "score_thresh", "nms"]);
    checkKeys("expected", expected, ["positives", "ignored", "losses_first", "losses_second", "gradients_first", "detections"]);
    const allowed = tolerance as HeadTolerance;
    const detector = headOnly({
      preset: "detectron2-lgd",
      classes: params.classes,
      anchors: { sizes: params.sizes },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, clip: false },
    });
    const [height, width] = params.feature_sizes[0].map((n) => n * params.strides[0]);
    const targets = inputs.gt.map(({ boxes, labels }) => target(boxes.data.map(Number), labels, [height, width]));
    tf.tidy(() => {
      const maps = (list: Formula[]) => list.map((formula) => nhwc(tensorOf(formula)));
      const prediction: Prediction = { pyramid: [], logits: maps(inputs.cls), boxes: maps(inputs.box), height, width };
      const first = lossGradients(detector, prediction, targets);
      const second = detector.loss(prediction, targets);
      for (const [name, value] of Object.entries(expected.losses_first)) expectRelative(name, first.losses[name], value, allowed.losses_rel);
      for (const [name, value] of Object.entries(expected.losses_second)) expectRelative(`second ${name}`, second[name].dataSync()[0], value, allowed.losses_rel);
      for (const [l, wanted] of expected.gradients_first[0].entries()) expectLive(`gradient of cls${l}`, nchw(first.cls[l]), wanted, allowed.gradients);
      for (const [l, wanted] of expected.gradients_first[1].entries()) expectLive(`gradient of box${l}`, nchw(first.box[l]), wanted, allowed.gradients);
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, found, expected.detections[i], allowed);
    });
    detector.dispose();
  });

  interface MmModel {
    readonly backbone: { readonly depth: number; readonly frozen_stages: number; readonly norm_eval: boolean; readonly style: string };
    readonly neck: { readonly in_channels: number[]; readonly out_channels: number; readonly start_level: number; readonly num_outs: number; readonly add_extra_convs: string; readonly relu_before_extra_convs?: boolean };
    readonly bbox_head: MmHeadConfig;
    readonly train_cfg: MmTrain;
  }
  interface MmParams { readonly model: MmModel; readonly keep_score: number; readonly test: MmTest; readonly seed_prefix: string }
  interface MmInputs { readonly images: Formula; readonly gt: { boxes: number[][]; labels: number[] }[] }
  interface MmExpected { readonly pyramid: Expected[]; readonly heads: Record<"cls" | "reg", Expected[]>; readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: Found[] }

  it.each(casesOf<MmParams, MmInputs, MmExpected>("mmdet RetinaNet.loss"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    const { backbone, neck, bbox_head: head, train_cfg: train } = params.model;
    checkKeys("params", params, ["model", "keep_score", "test", "seed_prefix"]);
    checkKeys("model", params.model, ["backbone", "type", "neck", "bbox_head", "train_cfg"]);
    checkKeys("backbone", backbone, ["type", "depth", "num_stages", "out_indices", "frozen_stages", "norm_cfg", "norm_eval", "style"]);
    checkKeys("neck", neck, ["type", "in_channels", "out_channels", "start_level", "num_outs", "add_extra_convs", "relu_before_extra_convs"]);
    checkKeys("expected", expected, ["pyramid", "heads", "losses", "gradient_sumsq", "detections"]);
    const froms: Record<string, "c5" | "p5" | "lateral"> = { on_input: "c5", on_output: "p5", on_lateral: "lateral" };
    expect(Object.keys(froms)).toContain(neck.add_extra_convs);
    expect(backbone.norm_eval).toBe(true);
    const first = neck.start_level + 2;
    const detector = retinanet({
      ...mmdetOptions(head, train, params.test),
      seed: 0,
      channels: neck.out_channels,
      backbone: { name: `resnet-${backbone.depth}`, frozenStages: backbone.frozen_stages, stride: backbone.style === "caffe" ? "1x1" : "3x3" },
      neck: { first, last: 5, extraLevels: neck.num_outs - (6 - first), extraFrom: froms[neck.add_extra_convs], extraRelu: neck.relu_before_extra_convs ?? false },
      head: { convs: head.stacked_convs ?? 4 },
    });
    loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
    const tolerance = one.tolerance as WholeTolerance;
    const [, , height, width] = inputs.images.shape;
    const targets = inputs.gt.map(({ boxes, labels }) => target(boxes.flat(), labels, [height, width]));
    tf.tidy(() => {
      const images = tf.mul<tf.Tensor4D>(smoothed(inputs.images), 2);
      const prediction = detector.forward(images);
      const compare = (what: string, maps: readonly tf.Tensor4D[], wanted: Expected[]) => {
        for (const [l, map] of maps.entries()) expectLive(`${what} ${l}`, nchw(map), wanted[l], sampleTolerance(tolerance, wanted[l]));
      };
      compare("pyramid", prediction.pyramid, expected.pyramid);
      compare("cls", prediction.logits, expected.heads.cls);
      compare("reg", prediction.boxes, expected.heads.reg);
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance);
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, above(found, params.keep_score), expected.detections[i], tolerance);
    });
    detector.dispose();
  });

  interface TvParams {
    readonly classes: number; readonly min_size: number; readonly max_size: number; readonly image_mean: number[]; readonly image_std: number[]; readonly size_divisible: number;
    readonly score_thresh: number; readonly detections_per_img: number; readonly seed_prefix: string; readonly anchor_sizes: number[][]; readonly ratios: number[];
    readonly p6: string; readonly head_norm: string | null; readonly box_loss: string; readonly nms: number; readonly topk: number; readonly focal: [number, number];
  }
  interface TvInputs { readonly images: Formula[]; readonly targets: { boxes: number[][]; labels: number[] }[] }
  interface TvExpected {
    readonly batch: Expected; readonly image_sizes: Size[]; readonly pyramid: Record<string, Expected>; readonly head: Record<"cls_logits" | "bbox_regression", Expected>;
    readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: Found[];
  }

  function torchvisionDetector(params: TvParams): Detector {
    checkKeys("params", params, ["classes", "min_size", "max_size", "image_mean", "image_std", "size_divisible", "score_thresh", "detections_per_img", "seed_prefix", "anchor_sizes", "ratios", "p6", "head_norm", "box_loss", "nms", "topk", "focal"]);
    const norms = { null: "none", "GroupNorm(32)": { kind: "group", groups: 32 } } as const;
    const froms = { "from P5": "p5", "from C5": "c5" } as const;
    expect(Object.keys(norms)).toContain(String(params.head_norm));
    expect(Object.keys(froms)).toContain(params.p6);
    expect(["l1", "giou"]).toContain(params.box_loss);
    return retinanet({
      preset: params.head_norm === null ? "torchvision" : "torchvision-v2",
      classes: params.classes,
      seed: 0,
      backbone: { frozenStages: -1, norm: { kind: "frozen" } }, // the cases' ResNet-50 has FrozenBatchNorm2d, in v2 too
      neck: { extraFrom: froms[params.p6 as keyof typeof froms] },
      head: { norm: norms[String(params.head_norm) as keyof typeof norms] },
      anchors: { sizes: params.anchor_sizes, ratios: params.ratios },
      boxLoss: { kind: params.box_loss as "l1" | "giou" },
      focal: { alpha: params.focal[0], gamma: params.focal[1] },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, perLevel: params.topk, maxDetections: params.detections_per_img },
    });
  }

  it.each([...casesOf<TvParams, TvInputs, TvExpected>("torchvision retinanet with"), ...casesOf<TvParams, TvInputs, TvExpected>("torchvision retinanet_v2 with")])("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("expected", expected, ["batch", "image_sizes", "pyramid", "head", "losses", "gradient_sumsq", "detections"]);
    const detector = torchvisionDetector(params);
    loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
    const tolerance = one.tolerance as WholeTolerance;
    tf.tidy(() => {
      const { images, sizes, scales } = torchvisionBatch(params, inputs.images);
      const close = (what: string, actual: tf.Tensor, wanted: Expected) => expectLive(what, actual, wanted, sampleTolerance(tolerance, wanted));
      expect(sizes).toEqual(expected.image_sizes);
      close("batch", nchw(images), expected.batch);
      const prediction = detector.forward(images);
      for (const [l, [key, wanted]] of Object.entries(expected.pyramid).entries()) close(`pyramid ${key}`, nchw(prediction.pyramid[l]), wanted);
      const rows = (maps: readonly tf.Tensor4D[], depth: number) => tf.concat(maps.map((map) => tf.reshape(map, [map.shape[0], -1, depth])), 1);
      close("cls_logits", rows(prediction.logits, params.classes), expected.head.cls_logits);
      close("bbox_regression", rows(prediction.boxes, 4), expected.head.bbox_regression);
      const targets = inputs.targets.map(({ boxes, labels }, i) => target(rescaled(boxes.flat(), scales[i], "times"), labels, sizes[i]));
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance);
      for (const [i, found] of detector.decode(prediction, targets).entries()) {
        const original = { ...found, boxes: Float32Array.from(rescaled(found.boxes, scales[i], "over")) };
        expectDetections(`image ${i}`, original, expected.detections[i], tolerance);
      }
    });
    detector.dispose();
  });
});
