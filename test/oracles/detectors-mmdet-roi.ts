import { expect } from "vitest";
import type { Detections } from "../../lib/detector/detector.ts";
import { mmdetBoxNames } from "../../lib/detector/roi/box-names.ts";
import { mmdetMaskNames } from "../../lib/detector/roi/mask-names.ts";
import type { RoiHeadOptions, RoiStageOptions } from "../../lib/detector/roi/roi-head.ts";
import { areaOfRle, encodeRle, type MaskSize, type Rle } from "../../lib/tensor/masks/rle.ts";
import { checkKeys, expectClose } from "./detectors-oracle.ts";

interface MmExtractor { readonly roi_layer: { readonly output_size: number; readonly sampling_ratio: number }; readonly out_channels: number; readonly featmap_strides: number[] }

interface MmBoxHead {
  readonly in_channels: number; readonly fc_out_channels: number; readonly roi_feat_size: number; readonly num_classes: number; readonly reg_class_agnostic: boolean;
  readonly bbox_coder: { readonly target_means: number[]; readonly target_stds: number[] };
  readonly loss_cls: { readonly loss_weight: number };
  readonly loss_bbox: { readonly type: string; readonly beta?: number; readonly loss_weight: number };
}

export interface MmRoiTrain {
  readonly assigner: { readonly pos_iou_thr: number; readonly neg_iou_thr: number; readonly min_pos_iou: number; readonly match_low_quality: boolean; readonly ignore_iof_thr: number };
  readonly sampler: { readonly num: number; readonly pos_fraction: number; readonly add_gt_as_proposals: boolean };
  readonly mask_size?: number;
}

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

export interface MmRoiTest { readonly score_thr: number; readonly nms: number | { readonly iou_threshold: number }; readonly max_per_img: number; readonly mask_thr_binary?: number }

/** mmdet's RoI head as ours; fails for settings that have no counterpart here. @param prefix of the parameters' names */
export function mmdetRoiHead(head: MmRoiHead, test: MmRoiTest, prefix: string): RoiHeadOptions {
  checkKeys("head", head, ["type", "num_stages", "stage_loss_weights", "bbox_roi_extractor", "bbox_head", "mask_roi_extractor", "mask_head", "train_cfg"]);
  checkKeys("test", test, ["score_thr", "nms", "max_per_img", "mask_thr_binary"]);
  const boxes = [head.bbox_head].flat();
  const trains = [head.train_cfg].flat();
  expect([boxes.length, trains.length]).toEqual([head.num_stages ?? 1, head.num_stages ?? 1]);
  const stages = boxes.map((box, s) => mmdetStage(head, { box, train: trains[s], stage: boxes.length === 1 ? undefined : s, prefix }));
  const nms = typeof test.nms === "number" ? test.nms : test.nms.iou_threshold;
  return {
    stages,
    decode: { scoreThreshold: test.score_thr, nms, maxDetections: test.max_per_img, minSize: 0 },
    ...(head.mask_roi_extractor && {
      mask: {
        extract: { ...extraction(head.mask_roi_extractor), output: square(head.mask_roi_extractor.roi_layer.output_size) },
        map: "class", targets: { aligned: true, binary: true, beyond: "nothing" }, paste: "mmdet", threshold: test.mask_thr_binary!,
      },
    }),
  };
}

const square = (n: number): [number, number] => [n, n];

function extraction({ roi_layer: layer, featmap_strides: strides }: MmExtractor) {
  return { strides, levels: { kind: "mmdet", canonical: 56, level: 0 }, samplingRatio: layer.sampling_ratio, aligned: true } as const;
}

interface OneStage { readonly box: MmBoxHead; readonly train: MmRoiTrain; readonly stage: number | undefined; readonly prefix: string }

function mmdetStage(head: MmRoiHead, { box, train, stage, prefix }: OneStage): RoiStageOptions {
  checkKeys("bbox_head", box, ["type", "in_channels", "fc_out_channels", "roi_feat_size", "num_classes", "bbox_coder", "reg_class_agnostic", "loss_cls", "loss_bbox"]);
  checkKeys("train_cfg", train, ["assigner", "sampler", "mask_size", "pos_weight", "debug"]);
  const { assigner, sampler } = train;
  checkKeys("assigner", assigner, ["type", "pos_iou_thr", "neg_iou_thr", "min_pos_iou", "match_low_quality", "ignore_iof_thr"]);
  expect([box.loss_cls.loss_weight, box.loss_bbox.loss_weight, box.bbox_coder.target_means, assigner.ignore_iof_thr, sampler.add_gt_as_proposals]).toEqual([1, 1, [0, 0, 0, 0], -1, true]);
  expect(["L1Loss", "SmoothL1Loss"]).toContain(box.loss_bbox.type);
  const normal = () => ({ kind: "normal", deviation: 0.01 }) as const;
  const weight = head.stage_loss_weights?.[stage ?? 0] ?? 1;
  const infix = stage === undefined ? "" : `${stage}.`;
  return {
    box: {
      head: {
        classes: box.num_classes, background: "last", agnostic: box.reg_class_agnostic, channels: box.in_channels, size: square(box.roi_feat_size), hidden: [box.fc_out_channels, box.fc_out_channels],
        names: mmdetBoxNames(`${prefix}bbox_head.${infix}`), initialiser: { hidden: normal, class: normal, box: normal },
      },
      extract: extraction(head.bbox_roi_extractor),
      loss: { coder: { weights: box.bbox_coder.target_stds.map((std) => 1 / std) as [number, number, number, number], clamp: "both", single: "encode" }, beta: box.loss_bbox.type === "L1Loss" ? 0 : box.loss_bbox.beta!, weight },
    },
    sampling: {
      classes: box.num_classes, seed: 0, truth: "prepend", count: sampler.num, positiveFraction: sampler.pos_fraction,
      assign: { positive: assigner.pos_iou_thr, negative: assigner.neg_iou_thr, minPositive: assigner.min_pos_iou, lowQuality: assigner.match_low_quality ? "served" : "none" },
    },
    ...(head.mask_head && { mask: { head: mmdetMask(head.mask_head, train, `${prefix}mask_head.${infix}`), weight: weight * head.mask_head.loss_mask.loss_weight } }),
  };
}

function mmdetMask(head: MmMaskHead, train: MmRoiTrain, prefix: string): NonNullable<RoiStageOptions["mask"]>["head"] {
  checkKeys("mask_head", head, ["type", "num_convs", "in_channels", "conv_out_channels", "num_classes", "loss_mask"]);
  expect(train.mask_size).toBe(28);
  return { input: head.in_channels, channels: head.conv_out_channels, convs: head.num_convs, maps: head.num_classes, names: mmdetMaskNames(prefix) };
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
