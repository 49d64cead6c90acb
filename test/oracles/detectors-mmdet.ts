import { expect } from "vitest";
import type { BackboneConfig, NeckConfig } from "../../lib/detector/config.ts";
import type { MaxIouOptions } from "../../lib/detector/assign/max-iou.ts";
import type { DecodeOptions } from "../../lib/detector/decode/dense.ts";
import { checkKeys } from "./detectors-oracle.ts";

/** mmdet's configurations as ours. Each function fails for settings that have no counterpart here. */

interface MmBackbone {
  readonly type: string; readonly frozen_stages: number; readonly norm_eval: boolean; readonly style?: string; readonly norm_cfg: { readonly type: string; readonly requires_grad?: boolean };
  readonly depth?: number; readonly groups?: number; readonly base_width?: number; readonly arch?: string; readonly num_stages?: number; readonly out_indices?: number[];
}
interface MmNeck { readonly in_channels: number[]; readonly out_channels: number; readonly start_level: number; readonly num_outs: number; readonly add_extra_convs?: string | boolean; readonly relu_before_extra_convs?: boolean }

export interface MmFeatures { readonly backbone: MmBackbone; readonly neck: MmNeck }

/** Backbone and pyramid; only what the case states, over the preset. */
export function mmdetFeatures({ backbone, neck }: MmFeatures): { channels: number; backbone: Partial<BackboneConfig>; neck: Partial<NeckConfig> } {
  checkKeys("neck", neck, ["type", "in_channels", "out_channels", "start_level", "num_outs", "add_extra_convs", "relu_before_extra_convs"]);
  const froms: Record<string, NeckConfig["extraFrom"]> = { on_input: "c5", true: "c5", on_output: "p5", on_lateral: "lateral", false: "pool" };
  const extra = String(neck.add_extra_convs ?? false);
  expect(Object.keys(froms)).toContain(extra);
  const first = neck.start_level + 2;
  return {
    channels: neck.out_channels,
    backbone: mmdetBackbone(backbone),
    neck: { first, last: 5, extraLevels: neck.num_outs - (6 - first), extraFrom: froms[extra], extraRelu: neck.relu_before_extra_convs ?? false },
  };
}

function mmdetBackbone(backbone: MmBackbone): Partial<BackboneConfig> {
  const { type, depth, groups, base_width: width, arch, style = "pytorch", norm_cfg: norm } = backbone;
  checkKeys("backbone", backbone, ["type", "depth", "groups", "base_width", "arch", "num_stages", "out_indices", "frozen_stages", "norm_cfg", "norm_eval", "style"]);
  checkKeys("norm_cfg", norm, ["type", "requires_grad"]);
  expect([backbone.norm_eval, norm.type, backbone.num_stages ?? 4, backbone.out_indices ?? [0, 1, 2, 3]]).toEqual([true, "BN", 4, [0, 1, 2, 3]]);
  expect(["pytorch", "caffe"]).toContain(style);
  expect(["ResNet", "ResNeXt", "RegNet"]).toContain(type);
  const names: Record<string, string> = { ResNet: `resnet-${depth}`, ResNeXt: `resnext-${depth}-${groups}x${width}d`, RegNet: String(arch).replace(/^regnet([xy])_/, "regnet-$1-") };
  return {
    name: names[type],
    ...(type === "ResNeXt" && { groups, width }),
    norm: { kind: norm.requires_grad === false ? "frozen" : "affine" },
    frozenStages: backbone.frozen_stages,
    stride: style === "caffe" ? "1x1" : "3x3",
  };
}

export interface MmDenseTest { readonly nms_pre: number; readonly min_bbox_size: number; readonly score_thr: number; readonly nms: { readonly type?: string; readonly iou_threshold: number }; readonly max_per_img: number }

/** How dense heads are read. */
export function mmdetDecode(test: MmDenseTest): Partial<DecodeOptions> {
  checkKeys("test", test, ["nms_pre", "min_bbox_size", "score_thr", "nms", "max_per_img"]);
  expect(test.nms.type ?? "nms").toBe("nms");
  return { scoreThreshold: test.score_thr, perLevel: test.nms_pre, nms: test.nms.iou_threshold, maxDetections: test.max_per_img, minSize: test.min_bbox_size };
}

export interface MmAssigner { readonly type?: string; readonly pos_iou_thr: number; readonly neg_iou_thr: number; readonly min_pos_iou?: number; readonly match_low_quality?: boolean; readonly gt_max_assign_all?: boolean; readonly ignore_iof_thr?: number }

/** MaxIoUAssigner, with its defaults. */
export function mmdetAssign(assigner: MmAssigner): MaxIouOptions {
  checkKeys("assigner", assigner, ["type", "pos_iou_thr", "neg_iou_thr", "min_pos_iou", "match_low_quality", "gt_max_assign_all", "ignore_iof_thr"]);
  expect([assigner.type ?? "MaxIoUAssigner", assigner.ignore_iof_thr ?? -1]).toEqual(["MaxIoUAssigner", -1]);
  const served = assigner.gt_max_assign_all === false ? "served-first" : "served";
  return { positive: assigner.pos_iou_thr, negative: assigner.neg_iou_thr, minPositive: assigner.min_pos_iou ?? 0, lowQuality: assigner.match_low_quality === false ? "none" : served };
}

export interface MmDenseTrain { readonly assigner: object; readonly allowed_border: number; readonly pos_weight: number }

/** Of dense heads' `train_cfg` but the assigner. */
export function checkDenseTrain(train: MmDenseTrain): void {
  checkKeys("train_cfg", train, ["assigner", "sampler", "allowed_border", "pos_weight", "debug"]);
  expect([train.allowed_border, train.pos_weight]).toEqual([-1, -1]);
}

export interface MmAnchors { readonly octave_base_scale?: number; readonly scales_per_octave?: number; readonly scales?: number[]; readonly ratios: number[]; readonly strides: number[] }

/** AnchorGenerator: sizes of each level, and ratios. */
export function mmdetAnchors(generator: MmAnchors): { sizes: number[][]; ratios: number[] } {
  checkKeys("anchor_generator", generator, ["type", "octave_base_scale", "scales_per_octave", "scales", "ratios", "strides"]);
  const { octave_base_scale: base, scales_per_octave: octaves = 1, ratios, strides } = generator;
  const scales = generator.scales ?? Array.from({ length: octaves }, (_o, i) => base! * 2 ** (i / octaves));
  return { sizes: strides.map((stride) => scales.map((scale) => scale * stride)), ratios };
}

export interface MmCoder { readonly target_means: number[]; readonly target_stds: number[] }

/** DeltaXYWHBBoxCoder's deviations as weights. */
export function mmdetWeights(coder: MmCoder): { weights: [number, number, number, number] } {
  checkKeys("bbox_coder", coder, ["type", "target_means", "target_stds"]);
  expect(coder.target_means).toEqual([0, 0, 0, 0]);
  const [x, y, w, h] = coder.target_stds;
  return { weights: [1 / x, 1 / y, 1 / w, 1 / h] };
}

export interface MmBoxLoss { readonly type: string; readonly beta?: number; readonly loss_weight: number }

/** β of L1Loss (0) and SmoothL1Loss. */
export function mmdetBeta(loss: MmBoxLoss): number {
  checkKeys("loss_bbox", loss, ["type", "beta", "loss_weight"]);
  expect(["L1Loss", "SmoothL1Loss"]).toContain(loss.type);
  return loss.type === "L1Loss" ? 0 : (loss.beta ?? 1);
}
