import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { atss } from "../../lib/detector/atss.ts";
import type { Detector, Prediction } from "../../lib/detector/detector.ts";
import { gfl, type GflOptions } from "../../lib/detector/gfl.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, nchw, nhwc, tensorOf, weights, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { above, expectDetections, expectTraining, lossGradients, sampleTolerance, smoothed, target, trainOnce, type Found, type Size, type WholeTolerance } from "./detectors-whole.ts";

const losses = { loss_cls: "class", loss_bbox: "box", loss_dfl: "distribution", loss_centerness: "centerness" } as const;
const gflLosses = { loss_cls: "class", loss_bbox: "box", loss_dfl: "distribution" } as const;

interface HeadTolerance { readonly losses_rel: number; readonly gradients: number; readonly boxes: number; readonly scores: number }

/** A detector whose network is of no interest: predictions are given. */
const headOnly = { backbone: "tiny-4", channels: 4, seed: 0 } as const;

describe.skipIf(allCases.length === 0)("oracles: GFL and ATSS", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface MmAnchors { readonly octave_base_scale: number; readonly scales_per_octave: number; readonly ratios: number[]; readonly strides: number[] }
  interface MmTrain { readonly assigner: { readonly topk: number } }
  interface MmHead {
    readonly num_classes: number;
    readonly stacked_convs?: number;
    readonly anchor_generator: MmAnchors;
    readonly reg_max?: number;
    readonly bbox_coder?: { readonly target_means: number[]; readonly target_stds: number[] };
    readonly loss_cls: { readonly beta: number; readonly gamma: number; readonly alpha: number; readonly loss_weight: number };
    readonly loss_dfl?: { readonly loss_weight: number };
    readonly loss_bbox: { readonly type: string; readonly loss_weight: number };
    readonly loss_centerness?: { readonly loss_weight: number };
    readonly train_cfg?: MmTrain;
  }
  interface MmTest { readonly nms_pre: number; readonly min_bbox_size: number; readonly score_thr: number; readonly nms: { readonly iou_threshold: number }; readonly max_per_img: number }

  /** What both heads have in common; fails for settings that have no counterpart here. */
  function commonOptions(head: MmHead, train: MmTrain, test: MmTest): Pick<GflOptions, "classes" | "anchors" | "assign" | "decode"> {
    checkKeys("bbox_head", head, ["type", "num_classes", "in_channels", "stacked_convs", "feat_channels", "anchor_generator", "reg_max", "bbox_coder", "loss_cls", "loss_dfl", "loss_bbox", "loss_centerness", "train_cfg"]);
    checkKeys("anchor_generator", head.anchor_generator, ["type", "octave_base_scale", "scales_per_octave", "ratios", "strides"]);
    checkKeys("assigner", train.assigner, ["type", "topk"]);
    checkKeys("train_cfg", train, ["assigner", "allowed_border", "pos_weight", "debug"]);
    checkKeys("test", test, ["nms_pre", "min_bbox_size", "score_thr", "nms", "max_per_img"]);
    expect([head.loss_cls.loss_weight, head.loss_bbox.type, head.anchor_generator.scales_per_octave]).toEqual([1, "GIoULoss", 1]);
    const { octave_base_scale: base, ratios, strides } = head.anchor_generator;
    return {
      classes: head.num_classes,
      anchors: { sizes: strides.map((stride) => [base * stride]), ratios },
      assign: { candidates: train.assigner.topk },
      decode: { scoreThreshold: test.score_thr, perLevel: test.nms_pre, nms: test.nms.iou_threshold, maxDetections: test.max_per_img, minSize: test.min_bbox_size },
    };
  }

  function gflOptions(head: MmHead, train: MmTrain, test: MmTest): Omit<GflOptions, "seed" | "head"> & { head: { bins: number } } {
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "beta", "loss_weight"]);
    return {
      ...commonOptions(head, train, test),
      preset: "mmdet",
      head: { bins: head.reg_max! + 1 },
      loss: { beta: head.loss_cls.beta, box: head.loss_bbox.loss_weight, distribution: head.loss_dfl!.loss_weight },
    };
  }

  interface HeadParams { readonly head: MmHead & { train_cfg: MmTrain }; readonly test: MmTest; readonly image_shapes: Size[]; readonly feature_sizes: Size[] }
  interface HeadInputs { readonly predictions: { readonly cls: Formula[]; readonly box: Formula[]; readonly centerness?: Formula[] }; readonly gt: { boxes: Whole; labels: number[] }[] }
  interface HeadExpected { readonly losses: Record<string, number[]>; readonly gradients: Partial<Record<"cls" | "box" | "centerness", Expected[]>>; readonly detections: Found[] }

  function compareHead(detector: Detector, { params, inputs, expected }: { params: HeadParams; inputs: HeadInputs; expected: HeadExpected }, allowed: HeadTolerance): void {
    checkKeys("params", params, ["head", "test", "image_shapes", "feature_sizes"]);
    checkKeys("expected", expected, ["losses", "gradients", "detections"]);
    checkKeys("gradients", expected.gradients, ["cls", "box", "centerness"]);
    const targets: Target[] = inputs.gt.map(({ boxes, labels }, i) => target(boxes.data.map(Number), labels, params.image_shapes[i]));
    tf.tidy(() => {
      const maps = (list: Formula[]) => list.map((formula) => nhwc(tensorOf(formula)));
      const [height, width] = params.image_shapes[0];
      const { cls, box, centerness } = inputs.predictions;
      const prediction: Prediction = { pyramid: [], logits: maps(cls), boxes: maps(box), ...(centerness && { extra: { centerness: maps(centerness) } }), height, width };
      const found = lossGradients(detector, prediction, targets);
      expect(Object.keys(found.losses).sort()).toEqual(Object.keys(expected.losses).map((name) => losses[name as keyof typeof losses]).sort());
      for (const [name, perLevel] of Object.entries(expected.losses)) expectRelative(name, found.losses[losses[name as keyof typeof losses]], perLevel.reduce((a, b) => a + b), allowed.losses_rel);
      for (const [key, list] of Object.entries(expected.gradients)) {
        for (const [l, wanted] of list.entries()) expectLive(`gradient of ${key} ${l}`, nchw(found[key as "cls" | "box" | "centerness"][l]), wanted, allowed.gradients);
      }
      for (const [i, one] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, one, expected.detections[i], allowed);
    });
  }

  it.each(casesOf<HeadParams, HeadInputs, HeadExpected>("mmdet GFLHead."))("%s", (_, one) => {
    const { head, test } = one.params;
    const options = gflOptions(head, head.train_cfg, test);
    const detector = gfl({ ...options, ...headOnly, head: { ...options.head, convs: 0, norm: "none" } });
    compareHead(detector, one, one.tolerance as HeadTolerance);
    detector.dispose();
  });

  it.each(casesOf<HeadParams, HeadInputs, HeadExpected>("mmdet ATSSHead."))("%s", (_, one) => {
    const { head, test } = one.params;
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "gamma", "alpha", "loss_weight"]);
    expect([head.bbox_coder!.target_means, head.loss_centerness!.loss_weight]).toEqual([[0, 0, 0, 0], 1]);
    const detector = atss({
      ...commonOptions(head, head.train_cfg, test),
      ...headOnly,
      preset: "mmdet",
      head: { convs: 0, norm: "none" },
      coder: { weights: head.bbox_coder!.target_stds.map((std) => 1 / std) as [number, number, number, number] },
      focal: { alpha: head.loss_cls.alpha, gamma: head.loss_cls.gamma },
      boxLoss: { weight: head.loss_bbox.loss_weight },
    });
    compareHead(detector, one, one.tolerance as HeadTolerance);
    detector.dispose();
  });

  interface MmModel {
    readonly backbone: { readonly depth: number; readonly frozen_stages: number; readonly norm_eval: boolean; readonly style: string };
    readonly neck: { readonly out_channels: number; readonly start_level: number; readonly num_outs: number; readonly add_extra_convs: string; readonly relu_before_extra_convs?: boolean };
    readonly bbox_head: MmHead;
    readonly train_cfg: MmTrain;
  }
  interface MmParams { readonly model: MmModel; readonly keep_score: number; readonly test: MmTest; readonly seed_prefix: string }
  interface MmInputs { readonly images: Formula; readonly gt: { boxes: number[][]; labels: number[] }[] }
  interface MmExpected { readonly pyramid: Expected[]; readonly heads: Record<"cls" | "reg", Expected[]>; readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: Found[] }

  function wholeGfl({ model, test }: MmParams): Detector {
    const { backbone, neck, bbox_head: head, train_cfg: train } = model;
    checkKeys("model", model, ["backbone", "type", "neck", "bbox_head", "train_cfg"]);
    checkKeys("backbone", backbone, ["type", "depth", "num_stages", "out_indices", "frozen_stages", "norm_cfg", "norm_eval", "style"]);
    checkKeys("neck", neck, ["type", "in_channels", "out_channels", "start_level", "num_outs", "add_extra_convs", "relu_before_extra_convs"]);
    const froms: Record<string, "c5" | "p5" | "lateral"> = { on_input: "c5", on_output: "p5", on_lateral: "lateral" };
    expect(Object.keys(froms)).toContain(neck.add_extra_convs);
    expect(backbone.norm_eval).toBe(true);
    const first = neck.start_level + 2;
    const options = gflOptions(head, train, test);
    return gfl({
      ...options,
      seed: 0,
      channels: neck.out_channels,
      backbone: { name: `resnet-${backbone.depth}`, frozenStages: backbone.frozen_stages, stride: backbone.style === "caffe" ? "1x1" : "3x3" },
      neck: { first, last: 5, extraLevels: neck.num_outs - (6 - first), extraFrom: froms[neck.add_extra_convs], extraRelu: neck.relu_before_extra_convs ?? false },
      head: { ...options.head, convs: head.stacked_convs ?? 4 },
    });
  }

  it.each(casesOf<MmParams, MmInputs, MmExpected>("mmdet GFL.loss"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("params", params, ["model", "keep_score", "test", "seed_prefix"]);
    checkKeys("expected", expected, ["pyramid", "heads", "losses", "gradient_sumsq", "detections"]);
    const detector = wholeGfl(params);
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
      compare("reg", prediction.boxes, expected.heads.reg);
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, gflLosses);
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, above(found, params.keep_score), expected.detections[i], tolerance);
    });
    detector.dispose();
  });
});
