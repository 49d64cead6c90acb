import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { fcos, type FcosOptions } from "../../lib/detector/fcos.ts";
import { compareDetectron2Head, compareMmdetHead, headNetwork, type D2Expected, type D2Inputs, type D2Params, type MmHeadExpected, type MmHeadInputs, type MmHeadParams } from "./detectors-heads.ts";
import { mmdetDecode, mmdetFeatures, type MmDenseTest, type MmFeatures } from "./detectors-mmdet.ts";
import { allCases, casesOf, checkKeys, type Expected } from "./detectors-oracle.ts";
import { compareMmdet, compareTorchvision, patience, rows, torchvisionBackbone, torchvisionExpected, torchvisionKeys, type MmdetExpected, type MmdetInputs, type MmdetParams, type TorchvisionExpected, type TorchvisionInputs, type TorchvisionParams } from "./detectors-whole.ts";

const mmdetLosses = { loss_cls: "class", loss_bbox: "box", loss_centerness: "centerness" } as const;
const torchvisionLosses = { classification: "class", bbox_regression: "box", bbox_ctrness: "centerness" } as const;
const detectron2Losses = { loss_fcos_cls: "class", loss_fcos_loc: "box", loss_fcos_ctr: "centerness" } as const;

const plainHead = { convs: 0, norm: "none" } as const;

describe.skipIf(allCases.length === 0)("oracles: FCOS", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface MmHead {
    readonly num_classes: number;
    readonly stacked_convs?: number;
    readonly strides: number[];
    readonly regress_ranges: [number, number][];
    readonly norm_cfg?: { readonly type: string; readonly num_groups: number };
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

  /** mmdet's configuration as ours, over the preset that it is a kind of; fails for settings that have no counterpart here. */
  function mmdetOptions(head: MmHead, test: MmDenseTest): Pick<FcosOptions, "preset" | "classes" | "head" | "assign" | "focal" | "boxLoss" | "decode"> {
    checkKeys("bbox_head", head, ["type", "num_classes", "in_channels", "stacked_convs", "feat_channels", "strides", "norm_cfg", "regress_ranges", "norm_on_bbox", "centerness_on_reg", "center_sampling", "center_sample_radius", "conv_bias", "dcn_on_last_conv", "loss_cls", "loss_bbox", "loss_centerness"]);
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "gamma", "alpha", "loss_weight"]);
    checkKeys("loss_bbox", head.loss_bbox, ["type", "loss_weight"]);
    checkKeys("loss_centerness", head.loss_centerness, ["type", "use_sigmoid", "loss_weight"]);
    expect([head.loss_cls.loss_weight, head.loss_centerness.loss_weight, head.dcn_on_last_conv ?? false]).toEqual([1, 1, false]);
    expect(["IoULoss", "GIoULoss"]).toContain(head.loss_bbox.type);
    const normed = head.norm_on_bbox === true;
    return {
      preset: normed ? "mmdet-tricks" : "mmdet",
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
      decode: mmdetDecode(test),
    };
  }

  it.each(casesOf<MmHeadParams<MmHead, MmDenseTest>, MmHeadInputs, MmHeadExpected>("mmdet FCOSHead.loss_by_feat"))("%s", (_, one) => {
    const { head, test } = one.params;
    const options = mmdetOptions(head, test);
    const detector = fcos({ ...options, ...headNetwork(head.strides), head: { ...options.head, ...plainHead } });
    // The reference read the same maps as pixels here, also where the loss takes them in strides.
    compareMmdetHead(detector, one, mmdetLosses, head.norm_on_bbox === true ? head.strides : undefined);
  });

  it.each(casesOf<D2Params & { readonly sizes: number[] }, D2Inputs, D2Expected>("fcos label_anchors"))("%s", (_, one) => {
    const { params } = one;
    checkKeys("params", params, ["classes", "feature_sizes", "strides", "sizes", "score_thresh", "nms"]);
    expect(params.sizes).toEqual(params.strides);
    const ranges = params.sizes.map((size, l): [number, number] => [l === 0 ? 0 : 4 * size, l === params.sizes.length - 1 ? Infinity : 8 * size]);
    const detector = fcos({ preset: "detectron2", classes: params.classes, ...headNetwork(params.strides), head: plainHead, assign: { ranges }, decode: { scoreThreshold: params.score_thresh, nms: params.nms } });
    compareDetectron2Head(detector, one, { losses: detectron2Losses, relu: true });
  });

  interface MmParams extends MmdetParams { readonly model: MmFeatures & { readonly bbox_head: MmHead }; readonly test: MmDenseTest }

  it.each(casesOf<MmParams, MmdetInputs, MmdetExpected>("mmdet FCOS.loss"))("%s", (_, one) => {
    const { model, test } = one.params;
    const { bbox_head: head } = model;
    checkKeys("model", model, ["backbone", "type", "neck", "bbox_head"]);
    expect(head.norm_cfg?.type ?? "GN").toBe("GN");
    const options = mmdetOptions(head, test);
    const detector = fcos({ ...options, seed: 0, ...mmdetFeatures(model), head: { ...options.head, norm: { kind: "group", groups: head.norm_cfg?.num_groups ?? 32 } } });
    expect(detector.strides).toEqual(head.strides);
    const units = head.norm_on_bbox === true ? detector.strides : detector.strides.map(() => 1);
    compareMmdet(detector, one, {
      heads: ({ logits, boxes, extra }) => ({ cls: logits, reg: boxes.map((map, l) => tf.mul<tf.Tensor4D>(map, units[l])), centerness: extra!.centerness }),
      losses: mmdetLosses,
    });
  });

  interface TvParams extends TorchvisionParams { readonly anchor_sizes: number[]; readonly center_sampling_radius: number; readonly topk: number; readonly head_norm: string }
  interface TvExpected extends TorchvisionExpected { readonly head: Record<"cls_logits" | "bbox_regression" | "bbox_ctrness", Expected> }

  it.each(casesOf<TvParams, TorchvisionInputs, TvExpected>("torchvision fcos with"))("%s", (_, one) => {
    const { params, expected: { head } } = one;
    checkKeys("params", params, [...torchvisionKeys, "anchor_sizes", "center_sampling_radius", "topk", "head_norm"]);
    checkKeys("expected", one.expected, [...torchvisionExpected, "head"]);
    const detector = fcos({
      preset: "torchvision", classes: params.classes, seed: 0, backbone: torchvisionBackbone(one),
      assign: { radius: params.center_sampling_radius },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, perLevel: params.topk, maxDetections: params.detections_per_img },
    });
    // torchvision's boxes are in its anchors' sides, which are the strides.
    expect([params.head_norm, params.anchor_sizes]).toEqual(["GroupNorm(32)", detector.strides]);
    compareTorchvision(detector, one, {
      heads: ({ prediction, close }) => {
        close("cls_logits", rows(prediction.logits, params.classes), head.cls_logits);
        close("bbox_regression", rows(prediction.boxes, 4), head.bbox_regression);
        close("bbox_ctrness", rows(prediction.extra!.centerness, 1), head.bbox_ctrness);
      },
      losses: torchvisionLosses,
    });
  }, patience);
});
