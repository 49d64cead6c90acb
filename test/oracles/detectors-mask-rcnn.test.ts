import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { cascadeRcnn, type CascadeRcnnOptions } from "../../lib/detector/cascade-rcnn.ts";
import type { Detections } from "../../lib/detector/detector.ts";
import { maskHead } from "../../lib/detector/heads/mask.ts";
import { loadParameters, type NamedArray } from "../../lib/detector/load.ts";
import { maskRcnn, type MaskRcnnOptions } from "../../lib/detector/mask-rcnn.ts";
import { resolveMaskRcnn } from "../../lib/detector/options/mask-rcnn.ts";
import { parameterStore } from "../../lib/detector/parameters.ts";
import { boxStage } from "../../lib/detector/roi/box-stage.ts";
import { extractRois, joinRois } from "../../lib/detector/roi/extract.ts";
import { maskRcnnHead } from "../../lib/detector/roi/roi-head-options.ts";
import { firstStage } from "../../lib/detector/two-stage.ts";
import { decodeRle, encodeRle, type MaskSize, type Rle } from "../../lib/tensor/masks/rle.ts";
import { pasteMasks, pasteValues } from "../../lib/tensor/masks/paste.ts";
import { ellipses, expectMaskDetections, mmdetRoiHead, ourTerm, type FoundMasks, type MmRoiHead, type MmRoiTest, type MmRoiTrain } from "./detectors-mmdet-roi.ts";
import { allCases, casesOf, checkKeys, expectLive, expectTensor, nchw, weights, type Expected, type Formula, type Sampled, type Whole } from "./detectors-oracle.ts";
import { expectTraining, rescaled, sampleTolerance, smoothed, target, torchvisionBatch, trainOnce, type Size, type TorchvisionInput, type WholeTolerance } from "./detectors-whole.ts";

function withEllipses(given: Target, image: number): Target {
  return { ...given, image, imageId: image, masks: ellipses(given.boxes, given) };
}

describe.skipIf(allCases.length === 0)("oracles: Mask R-CNN and Cascade Mask R-CNN", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface TvParams extends TorchvisionInput {
    readonly classes: number; readonly classes_with_background: number; readonly score_thresh: number; readonly detections_per_img: number; readonly seed_prefix: string;
    readonly anchor_sizes: number[]; readonly ratios: number[]; readonly rpn_pre_nms: number; readonly rpn_post_nms: number; readonly rpn_nms: number; readonly rpn_fg: number; readonly rpn_bg: number;
    readonly box_fg: number; readonly box_bg: number; readonly box_weights: [number, number, number, number]; readonly nms: number; readonly sampling: string; readonly roi: string;
  }
  interface TvInputs { readonly images: Formula[]; readonly targets: { boxes: number[][]; labels: number[] }[] }
  interface TvExpected {
    readonly batch: Expected; readonly image_sizes: Size[]; readonly pyramid: Record<string, Expected>; readonly rpn_head: Record<"objectness" | "deltas", Expected[]>;
    readonly proposals: { count: number; first: Whole; all: Expected }[]; readonly training_proposals_per_image: number[]; readonly box_head: Record<"class_logits" | "box_regression", Expected>; readonly mask_logits: Expected;
    readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: (FoundMasks & { mask_sample: Sampled })[];
  }

  function torchvisionOptions(params: TvParams): MaskRcnnOptions {
    checkKeys("params", params, ["classes", "min_size", "max_size", "image_mean", "image_std", "size_divisible", "score_thresh", "detections_per_img", "seed_prefix", "classes_with_background", "anchor_sizes", "ratios", "rpn_pre_nms", "rpn_post_nms", "rpn_nms", "rpn_fg", "rpn_bg", "box_fg", "box_bg", "box_weights", "nms", "sampling", "roi"]);
    expect([params.sampling, params.roi, params.classes_with_background]).toEqual(["every candidate is used (batch sizes 10^6)", "7x7 (masks 14x14), sampling ratio 2, not aligned, canonical 224 at level 4 on P2-P5", params.classes + 1]);
    const filter = { perLevel: params.rpn_pre_nms, total: params.rpn_post_nms, nms: params.rpn_nms };
    return {
      preset: "torchvision",
      classes: params.classes,
      seed: 0,
      backbone: { frozenStages: -1 },
      rpn: { anchors: { sizes: params.anchor_sizes.map((size) => [size]), ratios: params.ratios }, assign: { positive: params.rpn_fg, negative: params.rpn_bg }, sampling: { count: 1e6 }, train: filter, test: filter },
      box: { assign: { positive: params.box_fg, negative: params.box_bg }, coder: { weights: params.box_weights }, sampling: { count: 1e6 } },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, maxDetections: params.detections_per_img },
    };
  }

  /** The detector's parts one by one, with the weights that belong to them. */
  function torchvisionParts(options: MaskRcnnOptions, record: ReadonlyMap<string, NamedArray>) {
    const config = resolveMaskRcnn(options);
    const store = parameterStore(0);
    const first = firstStage(store, config);
    const { stages: [{ box, mask }], mask: masks, decode } = maskRcnnHead(config, first.regionStrides);
    const parts = { store, first, box: boxStage(store, box), mask: maskHead(store, mask!.head), masks: masks!, decode };
    loadParameters({ parameters: () => store.list() }, record, { layout: "pytorch" });
    return parts;
  }

  const torchvisionLosses = { loss_objectness: "rpn.class", loss_rpn_box_reg: "rpn.box", loss_classifier: "roi.class", loss_box_reg: "roi.box", loss_mask: "mask" };

  it.each(casesOf<TvParams, TvInputs, TvExpected>("torchvision mask_rcnn with"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("expected", expected, ["batch", "image_sizes", "pyramid", "rpn_head", "proposals", "training_proposals_per_image", "box_head", "mask_logits", "losses", "gradient_sumsq", "detections"]);
    const tolerance = one.tolerance as WholeTolerance;
    const record = weights(one, params.seed_prefix);
    const detector = maskRcnn(torchvisionOptions(params));
    loadParameters(detector, record, { layout: "pytorch" });
    tf.tidy(() => {
      const { images, sizes, scales } = torchvisionBatch(params, inputs.images);
      const close = (what: string, actual: tf.Tensor, wanted: Expected) => expectLive(what, actual, wanted, sampleTolerance(tolerance, wanted));
      expect(sizes).toEqual(expected.image_sizes);
      close("batch", nchw(images), expected.batch);
      const prediction = detector.forward(images);
      for (const [l, [key, wanted]] of Object.entries(expected.pyramid).entries()) close(`pyramid ${key}`, nchw(prediction.pyramid[l]), wanted);
      for (const [l, wanted] of expected.rpn_head.objectness.entries()) close(`objectness ${l}`, nchw(prediction.logits[l]), wanted);
      for (const [l, wanted] of expected.rpn_head.deltas.entries()) close(`deltas ${l}`, nchw(prediction.boxes[l]), wanted);
      const originals = inputs.images.map(({ shape: [, height, width] }) => ({ height, width }));
      const targets = inputs.targets.map(({ boxes, labels }, i): Target => ({
        ...target(rescaled(boxes.flat(), scales[i], "times"), labels.map((label) => label - 1), sizes[i]),
        imageId: i,
        masks: ellipses(Float32Array.from(boxes.flat()), originals[i]).map((mask) => nearest(mask, sizes[i])),
      }));
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, torchvisionLosses);
      const parts = torchvisionParts(torchvisionOptions(params), record);
      expectParts(parts, { prediction, targets, expected, tolerance });
      for (const [i, found] of detector.decode(prediction, targets).entries()) {
        const probabilities = maskProbabilities(parts, prediction.pyramid, { found, image: i });
        expect(found.masks, `image ${i}: masks in the batch's pixels`).toEqual(pasteMasks(probabilities, found.boxes, { convention: "torchvision", size: targets[i] }));
        const boxes = Float32Array.from(rescaled(found.boxes, scales[i], "over"));
        const masks = pasteMasks(probabilities, boxes, { convention: "torchvision", size: originals[i] });
        expectMaskDetections(`image ${i}`, { boxes, masks, scores: found.scores, labels: found.labels.map((label) => label + 1) }, expected.detections[i], tolerance);
        expectPixels(`image ${i}: pasted probabilities`, { probabilities, boxes, size: originals[i] }, expected.detections[i].mask_sample);
      }
      parts.store.dispose();
    });
    detector.dispose();
  });

  interface Whereabouts { readonly prediction: ReturnType<ReturnType<typeof maskRcnn>["forward"]>; readonly targets: readonly Target[]; readonly expected: TvExpected; readonly tolerance: WholeTolerance }

  /** Proposals, and what box and mask head say about them. */
  function expectParts({ first, box, mask, masks, decode }: ReturnType<typeof torchvisionParts>, { prediction, targets, expected, tolerance }: Whereabouts): void {
    const proposals = first.proposals(prediction, targets, "test");
    for (const [i, wanted] of expected.proposals.entries()) {
      expect(proposals[i].scores.length, `image ${i}: proposals`).toBe(wanted.count);
      const count = wanted.first.shape[0];
      expectTensor(`image ${i}: first proposals`, { shape: [count, 4], data: proposals[i].boxes.subarray(0, 4 * count) }, wanted.first, tolerance.boxes);
      expectTensor(`image ${i}: proposals`, { shape: [wanted.count, 4], data: proposals[i].boxes }, wanted.all, tolerance.boxes);
    }
    expect(first.proposals(prediction, targets, "train").map(({ scores }) => scores.length)).toEqual(expected.training_proposals_per_image);
    const output = box.run(prediction.pyramid, proposals);
    const close = (what: string, actual: tf.Tensor, wanted: Expected) => expectLive(what, actual, wanted, sampleTolerance(tolerance, wanted));
    close("class logits", output.logits, expected.box_head.class_logits);
    close("box regression", output.deltas, expected.box_head.box_regression);
    // Stored for the detections of the case's first run, before its final threshold was chosen: those above 0.02.
    const regions = box.decode(output, proposals, targets, { ...decode, scoreThreshold: 0.02 });
    close("mask logits", nchw(mask.logits(mask.features(extractRois(prediction.pyramid, joinRois(regions), masks.extract)))), expected.mask_logits);
  }

  /** torchvision's way of scaling masks: row ⌊i · in / out⌋, and columns alike. */
  function nearest(mask: Rle, [height, width]: Size): Rle {
    const bits = decodeRle(mask);
    const from = (i: number, out: number, length: number) => Math.floor(i * (length / out));
    return encodeRle(Array.from({ length: height * width }, (_, k) => bits[from(Math.floor(k / width), height, mask.height) * mask.width + from(k % width, width, mask.width)]), { height, width });
  }

  /** What the mask head says in detected boxes about their class: [n, 28, 28]. */
  function maskProbabilities({ mask, masks }: ReturnType<typeof torchvisionParts>, pyramid: readonly tf.Tensor4D[], { found, image }: { readonly found: Detections; readonly image: number }): Float32Array {
    const rois = { boxes: found.boxes, images: new Int32Array(found.labels.length).fill(image) };
    return tf.sigmoid(mask.logitsOf(mask.features(extractRois(pyramid, rois, masks.extract)), found.labels.map((label) => label + 1))).dataSync<"float32">();
  }

  interface Pasted { readonly probabilities: Float32Array; readonly boxes: Float32Array; readonly size: MaskSize }

  function expectPixels(what: string, { probabilities, boxes, size }: Pasted, wanted: Sampled): void {
    const count = boxes.length / 4;
    const side = Math.sqrt(probabilities.length / count);
    const area = size.height * size.width;
    const whole = new Float32Array(count * area);
    for (let k = 0; k < count; k++) {
      const small = { values: probabilities.subarray(k * side * side, (k + 1) * side * side), height: side, width: side };
      whole.set(pasteValues(small, boxes.subarray(4 * k, 4 * k + 4), { convention: "torchvision", size }), k * area);
    }
    expectTensor(what, { shape: wanted.shape, data: whole }, wanted, 1e-4);
  }

  interface MmModel {
    readonly backbone: { readonly depth: number; readonly frozen_stages: number; readonly norm_eval: boolean; readonly style: string };
    readonly neck: { readonly in_channels: number[]; readonly out_channels: number; readonly start_level: number; readonly num_outs: number };
    readonly rpn_head: {
      readonly anchor_generator: { readonly scales: number[]; readonly ratios: number[]; readonly strides: number[] };
      readonly bbox_coder: { readonly target_means: number[]; readonly target_stds: number[] };
      readonly loss_cls: { readonly loss_weight: number };
      readonly loss_bbox: { readonly type: string; readonly beta?: number; readonly loss_weight: number };
    };
    readonly roi_head: MmRoiHead;
    readonly train_cfg: { readonly rpn: MmRoiTrain & { readonly allowed_border: number }; readonly rpn_proposal: MmProposals; readonly rcnn: MmRoiTrain[] };
  }
  interface MmProposals { readonly nms_pre: number; readonly max_per_img: number; readonly nms: { readonly iou_threshold: number }; readonly min_bbox_size: number }
  interface MmParams { readonly model: MmModel; readonly keep_score: number; readonly test: { readonly rpn: MmProposals; readonly rcnn: MmRoiTest }; readonly seed_prefix: string }
  interface MmExpected { readonly pyramid: Expected[]; readonly heads: Record<"objectness" | "deltas", Expected[]>; readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: FoundMasks[] }

  /** mmdet's configuration as ours; fails for settings that have no counterpart here. */
  function mmdetOptions({ model, test }: MmParams): CascadeRcnnOptions {
    checkKeys("model", model, ["backbone", "type", "neck", "rpn_head", "roi_head", "train_cfg", "test_cfg"]);
    checkKeys("backbone", model.backbone, ["type", "depth", "num_stages", "out_indices", "frozen_stages", "norm_cfg", "norm_eval", "style"]);
    checkKeys("neck", model.neck, ["type", "in_channels", "out_channels", "start_level", "num_outs"]);
    checkKeys("rpn_head", model.rpn_head, ["type", "in_channels", "feat_channels", "anchor_generator", "bbox_coder", "loss_cls", "loss_bbox"]);
    checkKeys("train_cfg", model.train_cfg, ["rpn", "rpn_proposal", "rcnn"]);
    const { rpn_head: head, train_cfg: { rpn, rpn_proposal: proposal, rcnn } } = model;
    const { scales, strides, ratios } = head.anchor_generator;
    expect([model.backbone.norm_eval, model.neck.start_level, head.loss_cls.loss_weight, head.loss_bbox.loss_weight, head.bbox_coder.target_means, rpn.assigner.ignore_iof_thr, rpn.sampler.add_gt_as_proposals]).toEqual([true, 0, 1, 1, [0, 0, 0, 0], -1, false]);
    expect([-1, 0]).toContain(rpn.allowed_border);
    const { stages, decode, mask } = mmdetRoiHead({ ...model.roi_head, train_cfg: rcnn }, test.rcnn, "roi_head.");
    const [{ box, sampling, mask: first }] = stages;
    const filter = ({ nms_pre: perLevel, max_per_img: total, nms: { iou_threshold: nms }, min_bbox_size: minSize }: MmProposals) => ({ perLevel, total, nms, minSize });
    return {
      preset: "mmdet-mask",
      classes: box.head.classes,
      seed: 0,
      channels: model.neck.out_channels,
      backbone: { name: `resnet-${model.backbone.depth}`, frozenStages: model.backbone.frozen_stages, stride: model.backbone.style === "caffe" ? "1x1" : "3x3" },
      neck: { extraLevels: model.neck.num_outs - 4 },
      rpn: {
        anchors: { sizes: strides.map((stride) => scales.map((scale) => scale * stride)), ratios },
        assign: { positive: rpn.assigner.pos_iou_thr, negative: rpn.assigner.neg_iou_thr, minPositive: rpn.assigner.min_pos_iou, lowQuality: rpn.assigner.match_low_quality ? "served" : "none" },
        region: rpn.allowed_border === 0 ? "whole" : "centre",
        sampling: { count: rpn.sampler.num, positiveFraction: rpn.sampler.pos_fraction },
        coder: { weights: head.bbox_coder.target_stds.map((std) => 1 / std) as [number, number, number, number] },
        beta: head.loss_bbox.type === "L1Loss" ? 0 : head.loss_bbox.beta!,
        train: filter(proposal), test: filter(test.rpn),
      },
      box: { size: box.head.size, hidden: box.head.hidden, beta: box.loss.beta, sampling: { count: sampling.count, positiveFraction: sampling.positiveFraction } },
      stages: stages.map(({ box: { loss }, sampling: { assign } }) => ({ assign, coder: loss.coder, weight: loss.weight! })),
      decode,
      mask: { size: mask!.extract.output, convs: first!.head.convs, channels: first!.head.channels, threshold: mask!.threshold },
    };
  }

  it.each(casesOf<MmParams, { images: Formula; gt: { boxes: number[][]; labels: number[] }[] }, MmExpected>("mmdet CascadeRCNN"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("params", params, ["model", "keep_score", "test", "seed_prefix"]);
    checkKeys("expected", expected, ["pyramid", "heads", "losses", "gradient_sumsq", "detections"]);
    const tolerance = one.tolerance as WholeTolerance;
    const detector = cascadeRcnn(mmdetOptions(params));
    loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
    const [, , height, width] = inputs.images.shape;
    const targets = inputs.gt.map(({ boxes, labels }, i) => withEllipses(target(boxes.flat(), labels, [height, width]), i));
    const compared = Object.keys(expected.losses).filter((name) => !name.endsWith("acc"));
    const training = { ...expected, losses: Object.fromEntries(compared.map((name) => [name, expected.losses[name]])) };
    tf.tidy(() => {
      const images = tf.mul<tf.Tensor4D>(smoothed(inputs.images), 2);
      const prediction = detector.forward(images);
      const compare = (what: string, maps: readonly tf.Tensor4D[], wanted: Expected[]) => {
        for (const [l, map] of maps.entries()) expectLive(`${what} ${l}`, nchw(map), wanted[l], sampleTolerance(tolerance, wanted[l]));
      };
      compare("pyramid", prediction.pyramid, expected.pyramid);
      compare("objectness", prediction.logits, expected.heads.objectness);
      compare("deltas", prediction.boxes, expected.heads.deltas);
      expectTraining(trainOnce(detector, () => detector.forward(images), targets), training, tolerance, Object.fromEntries(compared.map((name) => [name, ourTerm(name)])));
      for (const [i, found] of detector.decode(prediction, targets).entries()) expectMaskDetections(`image ${i}`, above(found, params.keep_score), expected.detections[i], tolerance);
    });
    detector.dispose();
  });

  /** Detections come by descending score: the first ones above it. */
  function above({ boxes, scores, labels, masks }: Detections, score: number): Detections {
    const count = scores.filter((s) => s > score).length;
    return { boxes: boxes.slice(0, 4 * count), scores: scores.slice(0, count), labels: labels.slice(0, count), ...(masks && { masks: masks.slice(0, count) }) };
  }
});
