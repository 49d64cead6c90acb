import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Target } from "../../lib/data/batch.ts";
import { resolveCascadeRcnn, type CascadeRcnnOptions } from "../../lib/detector/options/cascade-rcnn.ts";
import type { Detections } from "../../lib/detector/detector.ts";
import { resolveFasterRcnn, type FasterRcnnOptions } from "../../lib/detector/options/faster-rcnn.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { resolveMaskRcnn } from "../../lib/detector/options/mask-rcnn.ts";
import { parameterStore } from "../../lib/detector/parameters.ts";
import { boxStageOptions } from "../../lib/detector/roi/box-stage-options.ts";
import { roiHead, type RoiHeadOptions } from "../../lib/detector/roi/roi-head.ts";
import { cascadeRcnnHead, maskRcnnHead } from "../../lib/detector/roi/roi-head-options.ts";
import { areaOfRle, encodeRle, type MaskSize, type Rle } from "../../lib/tensor/masks/rle.ts";
import { mmdetAnchors, mmdetAssign, mmdetBeta, mmdetWeights, type MmAnchors, type MmAssigner, type MmBoxLoss, type MmCoder } from "./detectors-mmdet.ts";
import { checkKeys, expectClose, expectLive, expectRelative, nchw, nhwc, sumOfSquares, tensorOf, weights, type Expected, type Formula, type OracleCase, type Whole } from "./detectors-oracle.ts";

interface MmExtractor { readonly roi_layer: { readonly output_size: number; readonly sampling_ratio: number; readonly aligned?: boolean }; readonly featmap_strides: number[]; readonly finest_scale?: number }

interface MmBoxHead {
  readonly in_channels: number; readonly fc_out_channels: number; readonly roi_feat_size: number; readonly num_classes: number; readonly reg_class_agnostic: boolean;
  readonly bbox_coder: MmCoder;
  readonly loss_cls: { readonly loss_weight: number };
  readonly loss_bbox: MmBoxLoss;
}

interface MmSampler { readonly num: number; readonly pos_fraction: number; readonly neg_pos_ub?: number; readonly add_gt_as_proposals: boolean }

export interface MmRoiTrain { readonly assigner: MmAssigner; readonly sampler: MmSampler; readonly mask_size?: number }

interface MmMaskHead { readonly num_convs: number; readonly in_channels: number; readonly conv_out_channels: number; readonly num_classes: number; readonly loss_mask: { readonly loss_weight: number } }

export interface MmRoiHead {
  readonly type: string;
  readonly num_stages?: number;
  readonly stage_loss_weights?: number[];
  readonly bbox_roi_extractor: MmExtractor;
  readonly bbox_head: MmBoxHead | MmBoxHead[];
  readonly mask_roi_extractor?: MmExtractor;
  readonly mask_head?: MmMaskHead;
  readonly train_cfg: MmRoiTrain | MmRoiTrain[];
}

export interface MmRoiTest { readonly score_thr: number; readonly nms: number | { readonly type?: string; readonly iou_threshold: number }; readonly max_per_img: number; readonly mask_thr_binary?: number }

function sampling(sampler: MmSampler, truth: boolean): { count: number; positiveFraction: number } {
  checkKeys("sampler", sampler, ["type", "num", "pos_fraction", "neg_pos_ub", "add_gt_as_proposals"]);
  expect([sampler.neg_pos_ub ?? -1, sampler.add_gt_as_proposals]).toEqual([-1, truth]);
  return { count: sampler.num, positiveFraction: sampler.pos_fraction };
}

export interface MmRpnHead { readonly anchor_generator: MmAnchors; readonly bbox_coder: MmCoder; readonly loss_cls: { readonly use_sigmoid: boolean; readonly loss_weight: number }; readonly loss_bbox: MmBoxLoss }
export interface MmRpnTrain extends MmRoiTrain { readonly allowed_border: number }
export interface MmRpnTest { readonly nms_pre: number; readonly max_per_img: number; readonly nms: { readonly iou_threshold: number }; readonly min_bbox_size: number }

/** RPNHead's configuration over a preset. The region of anchors that train follows from `allowed_border`; −1 is the preset's. */
export function mmdetRpn(head: MmRpnHead, train: MmRpnTrain, phases: Readonly<Record<"train" | "test", MmRpnTest>>): NonNullable<FasterRcnnOptions["rpn"]> {
  checkKeys("train_cfg", train, ["assigner", "sampler", "allowed_border", "pos_weight", "debug"]);
  expect([head.loss_cls.use_sigmoid, head.loss_cls.loss_weight, head.loss_bbox.loss_weight]).toEqual([true, 1, 1]);
  expect([-1, 0]).toContain(train.allowed_border);
  const filter = (test: MmRpnTest) => {
    checkKeys("proposals", test, ["nms_pre", "max_per_img", "nms", "min_bbox_size"]);
    return { perLevel: test.nms_pre, total: test.max_per_img, nms: test.nms.iou_threshold, minSize: test.min_bbox_size };
  };
  return {
    anchors: mmdetAnchors(head.anchor_generator), assign: mmdetAssign(train.assigner), sampling: sampling(train.sampler, false), coder: mmdetWeights(head.bbox_coder), beta: mmdetBeta(head.loss_bbox),
    region: train.allowed_border === 0 ? "whole" : resolveFasterRcnn({ preset: "mmdet", classes: 1, seed: 0 }).rpn.region,
    train: filter(phases.train), test: filter(phases.test),
  };
}

/** The RoI head's configuration over a preset; fails for settings that have no counterpart here. */
export function mmdetRoi(head: MmRoiHead, test: MmRoiTest): Required<Pick<CascadeRcnnOptions, "classes" | "channels" | "roi" | "box" | "stages" | "decode">> & Pick<CascadeRcnnOptions, "mask"> & { readonly agnostic: boolean; readonly strides: readonly number[] } {
  checkKeys("head", head, ["type", "num_stages", "stage_loss_weights", "bbox_roi_extractor", "bbox_head", "mask_roi_extractor", "mask_head", "train_cfg"]);
  checkKeys("test", test, ["score_thr", "nms", "max_per_img", "mask_thr_binary"]);
  const { stages: pairs, box } = stagesOf(head);
  const { roi_layer: layer, featmap_strides: strides, finest_scale: canonical = 56 } = head.bbox_roi_extractor;
  expect(layer.output_size).toBe(box.roi_feat_size);
  const given = typeof test.nms === "number" ? { iou_threshold: test.nms } : test.nms;
  expect(given.type ?? "nms").toBe("nms");
  return {
    classes: box.num_classes,
    channels: box.in_channels,
    roi: { levels: { canonical }, samplingRatio: layer.sampling_ratio, aligned: layer.aligned ?? true },
    box: { size: [box.roi_feat_size, box.roi_feat_size], hidden: [box.fc_out_channels, box.fc_out_channels], beta: mmdetBeta(box.loss_bbox), sampling: sampling(pairs[0].train.sampler, true) },
    stages: pairs.map(({ box: { bbox_coder: coder }, train: { assigner } }, s) => ({ assign: mmdetAssign(assigner), coder: { clamp: "both", single: "encode", ...mmdetWeights(coder) }, weight: head.stage_loss_weights?.[s] ?? 1 })),
    decode: { scoreThreshold: test.score_thr, nms: given.iou_threshold, maxDetections: test.max_per_img },
    agnostic: box.reg_class_agnostic,
    strides,
    ...(head.mask_head && { mask: mmdetMask(head, test, pairs) }),
  };
}

type Stages = readonly { readonly box: MmBoxHead; readonly train: MmRoiTrain }[];

/** Stages differ in what is assigned, encoded and weighted, and in nothing else. */
function stagesOf(head: MmRoiHead): { readonly stages: Stages; readonly box: MmBoxHead } {
  const [boxes, trains] = [[head.bbox_head].flat(), [head.train_cfg].flat()];
  expect([boxes.length, trains.length]).toEqual([head.num_stages ?? 1, head.num_stages ?? 1]);
  for (const [s, box] of boxes.entries()) {
    checkKeys("bbox_head", box, ["type", "in_channels", "fc_out_channels", "roi_feat_size", "num_classes", "bbox_coder", "reg_class_agnostic", "loss_cls", "loss_bbox"]);
    checkKeys("train_cfg", trains[s], ["assigner", "sampler", "mask_size", "pos_weight", "debug"]);
    expect([box.loss_cls.loss_weight, box.loss_bbox.loss_weight]).toEqual([1, 1]);
    expect({ ...box, bbox_coder: boxes[0].bbox_coder }).toEqual(boxes[0]);
    expect(trains[s].sampler).toEqual(trains[0].sampler);
  }
  return { stages: boxes.map((box, s) => ({ box, train: trains[s] })), box: boxes[0] };
}

function mmdetMask({ mask_head: head, mask_roi_extractor: extractor, bbox_roi_extractor: boxes }: MmRoiHead, test: MmRoiTest, stages: Stages): CascadeRcnnOptions["mask"] {
  checkKeys("mask_head", head!, ["type", "num_convs", "in_channels", "conv_out_channels", "num_classes", "loss_mask"]);
  const { roi_layer: { output_size: size, ...layer }, ...rest } = extractor!;
  const { roi_layer: { output_size: _, ...boxLayer }, ...boxRest } = boxes;
  expect([layer, rest]).toEqual([boxLayer, boxRest]);
  for (const { train, box } of stages) expect([train.mask_size, head!.in_channels, head!.num_classes]).toEqual([2 * size, box.in_channels, box.num_classes]);
  return { size: [size, size], convs: head!.num_convs, channels: head!.conv_out_channels, weight: head!.loss_mask.loss_weight, threshold: test.mask_thr_binary! };
}

/** The product's RoI head for mmdet's configuration, made from the preset of its kind. */
export function mmdetRoiHead(head: MmRoiHead, test: MmRoiTest): RoiHeadOptions {
  const { stages, agnostic, strides, mask, ...options } = mmdetRoi(head, test);
  expect(["StandardRoIHead", "CascadeRoIHead"]).toContain(head.type);
  if (head.type === "CascadeRoIHead") {
    expect(agnostic).toBe(true);
    return cascadeRcnnHead(resolveCascadeRcnn({ ...options, preset: mask ? "mmdet-mask" : "mmdet", seed: 0, stages, ...(mask && { mask }) }), strides);
  }
  const [{ assign, coder, weight }] = stages;
  expect(weight).toBe(1);
  const single = { ...options, preset: "mmdet", seed: 0, box: { ...options.box, agnostic, assign, coder } } as const;
  if (mask) return maskRcnnHead(resolveMaskRcnn({ ...single, mask }), strides);
  const config = resolveFasterRcnn(single);
  return { stages: [{ box: boxStageOptions(config, strides), sampling: { classes: config.classes, seed: 0, assign: config.box.assign, truth: config.box.truth, ...config.box.sampling } }], decode: config.decode };
}

export interface MmRoiParams { readonly head: MmRoiHead; readonly test: MmRoiTest; readonly image: [number, number]; readonly seed_prefix: string }
export interface MmRoiInputs { readonly features: Formula[]; readonly proposals: Whole[]; readonly gt: { boxes: Whole; labels: number[] }[] }
export interface MmRoiExpected { readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly dfeatures: Expected[]; readonly detections: FoundMasks[] }

/** What a case of a head alone calls `bbox_head` is the detector's `roi_head.bbox_head`. */
const whole = (name: string) => `roi_head.${name}`;

const floats = ({ data }: Whole) => Float32Array.from(data, Number);

/** An RoI head of mmdet on given features and proposals: losses, gradients of features and parameters, detections. */
export function compareMmdetRoiHead(one: OracleCase<MmRoiParams, MmRoiInputs, MmRoiExpected>): void {
  const { params, inputs, expected } = one;
  checkKeys("params", params, ["head", "test", "image", "seed_prefix"]);
  checkKeys("expected", expected, ["losses", "gradient_sumsq", "dfeatures", "detections"]);
  const tolerance = one.tolerance as { readonly losses_rel: number; readonly gradient_sumsq_rel: number; readonly boxes: number; readonly scores: number };
  const [height, width] = params.image;
  const store = parameterStore(0);
  const head = roiHead(store, mmdetRoiHead(params.head, params.test));
  const parameters = store.list();
  loadParameters({ parameters: () => parameters }, new Map([...weights(one, params.seed_prefix)].map(([name, value]) => [whole(name), value])), { layout: "pytorch" });
  const targets = inputs.gt.map(({ boxes, labels }, image): Target => ({
    image, imageId: image, boxes: floats(boxes), labels: Int32Array.from(labels), masks: ellipses(floats(boxes), { height, width }), width, height, scaleX: 1, scaleY: 1, flipped: false,
  }));
  const proposals = inputs.proposals.map((boxes) => ({ boxes: floats(boxes) }));
  tf.tidy(() => {
    const pyramid = inputs.features.map((formula) => nhwc(tensorOf(formula)));
    const batch = { targets, size: { height, width }, moment: { iteration: 0 } };
    const { values, grads } = slopes((xs) => head.loss(xs.slice(0, pyramid.length) as tf.Tensor4D[], proposals, batch), [...pyramid, ...parameters.map(({ variable }) => variable as tf.Tensor)]);
    const compared = Object.entries(expected.losses).filter(([name]) => !name.endsWith("acc"));
    expect(Object.keys(values).sort()).toEqual(compared.map(([name]) => ourTerm(name)).sort());
    for (const [name, value] of compared) expectRelative(name, values[ourTerm(name)], value, tolerance.losses_rel);
    expect(expected.dfeatures.length).toBe(pyramid.length);
    for (const [l, wanted] of expected.dfeatures.entries()) expectLive(`gradient of level ${l}`, nchw(grads[l]), wanted, 1e-3 * (wanted as { std: number }).std);
    for (const [group, wanted] of Object.entries(expected.gradient_sumsq)) {
      const sum = parameters.reduce((total, { name }, i) => (name.startsWith(`${whole(group)}.`) ? total + sumOfSquares(grads[pyramid.length + i]) : total), 0);
      expectRelative(`gradients of ${group}`, sum, wanted, tolerance.gradient_sumsq_rel);
    }
    for (const [i, found] of head.decode(pyramid, proposals, targets).entries()) expectMaskDetections(`image ${i}`, found, expected.detections[i], tolerance);
  });
  store.dispose();
}

/** Values, then gradients of their sum; inputs that nothing depends on (levels without regions) have a gradient of zeros. */
export function slopes(terms: (inputs: tf.Tensor[]) => Readonly<Record<string, tf.Scalar>>, inputs: tf.Tensor[]): { values: Record<string, number>; grads: tf.Tensor[] } {
  const values: Record<string, number> = {};
  const grads = tf.grads((...xs: tf.Tensor[]) => {
    const all = Object.entries(terms(xs));
    for (const [name, value] of all) values[name] = value.dataSync()[0];
    return [...all.map(([, value]) => value), ...xs.map((x) => tf.mul(tf.sum(x), 0))].reduce((a, b) => tf.add(a, b));
  })(inputs);
  return { values, grads };
}

/** mmdet's name of a loss as ours. */
export function ourTerm(name: string): string {
  const [, stage, term] = /^(?:s(\d)\.)?loss_(\w+)$/.exec(name) ?? [];
  const part = { rpn_cls: "rpn.class", rpn_bbox: "rpn.box", cls: "class", bbox: "box", mask: "mask" }[term];
  expect(part, `${name} is a loss that this test knows`).toBeDefined();
  if (term.startsWith("rpn")) return part!;
  if (stage !== undefined) return `stage${Number(stage) + 1}.${part}`;
  return part === "mask" ? "mask" : `roi.${part}`;
}

/** The ellipse inscribed in each box, tested at pixel centres. */
export function ellipses(boxes: Float32Array, size: MaskSize): Rle[] {
  return Array.from({ length: boxes.length / 4 }, (_, o) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * o, 4 * o + 4);
    const inside = (x: number, y: number) => ((x - (x1 + x2) / 2) / ((x2 - x1) / 2)) ** 2 + ((y - (y1 + y2) / 2) / ((y2 - y1) / 2)) ** 2 <= 1;
    return encodeRle(Array.from({ length: size.height * size.width }, (_p, k) => inside((k % size.width) + 0.5, Math.floor(k / size.width) + 0.5)), size);
  });
}

export interface FoundMasks { readonly boxes: number[][]; readonly scores: number[]; readonly labels: number[]; readonly mask_area?: number[] }

/** Labels in order, scores, boxes, and areas of masks up to the pixels at the threshold. */
export function expectMaskDetections(what: string, actual: Detections, expected: FoundMasks, tolerance: { readonly boxes: number; readonly scores: number }): void {
  checkKeys(`${what} detections`, expected, ["boxes", "scores", "labels", "mask_area", "mask_sample"]);
  expect(Array.from(actual.labels), `${what}: labels in order`).toEqual(expected.labels);
  expectClose(`${what}: scores`, actual.scores, expected.scores, tolerance.scores);
  expectClose(`${what}: boxes`, actual.boxes, expected.boxes.flat(), tolerance.boxes);
  if (expected.mask_area === undefined) return;
  expect(actual.masks?.map(areaOfRle), `${what}: areas of the masks`).toEqual(expected.mask_area);
}
