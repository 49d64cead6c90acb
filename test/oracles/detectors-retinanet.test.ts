import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { retinanet, type RetinaNetOptions } from "../../lib/detector/retinanet.ts";
import { compareDetectron2Head, compareMmdetHead, headNetwork, type D2Expected, type D2Inputs, type D2Params, type MmHeadExpected, type MmHeadInputs, type MmHeadParams } from "./detectors-heads.ts";
import { checkDenseTrain, mmdetAnchors, mmdetAssign, mmdetBeta, mmdetDecode, mmdetFeatures, mmdetWeights, type MmAnchors, type MmAssigner, type MmBoxLoss, type MmCoder, type MmDenseTest, type MmDenseTrain, type MmFeatures } from "./detectors-mmdet.ts";
import { allCases, casesOf, checkKeys, type Expected, type OracleCase } from "./detectors-oracle.ts";
import { compareMmdet, compareTorchvision, patience, rows, torchvisionBackbone, torchvisionExpected, torchvisionKeys, type MmdetExpected, type MmdetInputs, type MmdetParams, type TorchvisionExpected, type TorchvisionInputs, type TorchvisionParams } from "./detectors-whole.ts";

const mmdetLosses = { loss_cls: "loss_cls", loss_bbox: "loss_bbox" };

describe.skipIf(allCases.length === 0)("oracles: RetinaNet", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface MmTrain extends MmDenseTrain { readonly assigner: MmAssigner }
  interface MmHead {
    readonly num_classes: number;
    readonly stacked_convs?: number;
    readonly anchor_generator: MmAnchors;
    readonly bbox_coder: MmCoder;
    readonly loss_cls: { readonly gamma: number; readonly alpha: number; readonly loss_weight: number };
    readonly loss_bbox: MmBoxLoss;
    readonly train_cfg?: MmTrain;
  }

  /** mmdet's configuration as ours; fails for settings that have no counterpart here. */
  function mmdetOptions(head: MmHead, train: MmTrain, test: MmDenseTest): Omit<RetinaNetOptions, "seed"> {
    checkKeys("bbox_head", head, ["type", "num_classes", "in_channels", "stacked_convs", "feat_channels", "anchor_generator", "bbox_coder", "loss_cls", "loss_bbox", "train_cfg"]);
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "gamma", "alpha", "loss_weight"]);
    checkDenseTrain(train);
    expect(head.loss_cls.loss_weight).toBe(1);
    return {
      preset: "mmdet",
      classes: head.num_classes,
      anchors: mmdetAnchors(head.anchor_generator),
      coder: mmdetWeights(head.bbox_coder),
      focal: { alpha: head.loss_cls.alpha, gamma: head.loss_cls.gamma },
      boxLoss: { kind: head.loss_bbox.type === "L1Loss" ? "l1" : "smooth-l1", beta: mmdetBeta(head.loss_bbox), weight: head.loss_bbox.loss_weight },
      assign: mmdetAssign(train.assigner),
      decode: mmdetDecode(test),
    };
  }

  it.each(casesOf<MmHeadParams<MmHead & { train_cfg: MmTrain }, MmDenseTest>, MmHeadInputs, MmHeadExpected>("mmdet RetinaHead."))("%s", (_, one) => {
    const { head, test } = one.params;
    const detector = retinanet({ ...mmdetOptions(head, head.train_cfg, test), ...headNetwork(head.anchor_generator.strides), head: { convs: 0 } });
    compareMmdetHead(detector, one, mmdetLosses);
  });

  it.each(casesOf<D2Params & { readonly sizes: number[][] }, D2Inputs, D2Expected>("retinanet label_anchors"))("%s", (_, one) => {
    const { params } = one;
    checkKeys("params", params, ["classes", "feature_sizes", "strides", "sizes", "score_thresh", "nms"]);
    const detector = retinanet({
      preset: "detectron2-lgd", classes: params.classes, ...headNetwork(params.strides), head: { convs: 0 },
      anchors: { sizes: params.sizes },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms },
    });
    compareDetectron2Head(detector, one, { losses: { loss_cls: "loss_cls", loss_box_reg: "loss_box_reg" } });
  });

  interface MmParams extends MmdetParams { readonly model: MmFeatures & { readonly bbox_head: MmHead; readonly train_cfg: MmTrain }; readonly test: MmDenseTest }

  it.each(casesOf<MmParams, MmdetInputs, MmdetExpected>("mmdet RetinaNet.loss"))("%s", (_, one) => {
    const { model, test } = one.params;
    checkKeys("model", model, ["backbone", "type", "neck", "bbox_head", "train_cfg"]);
    const detector = retinanet({ ...mmdetOptions(model.bbox_head, model.train_cfg, test), seed: 0, ...mmdetFeatures(model), head: { convs: model.bbox_head.stacked_convs ?? 4 } });
    expect(detector.strides).toEqual(model.bbox_head.anchor_generator.strides);
    compareMmdet(detector, one, { heads: ({ logits, boxes }) => ({ cls: logits, reg: boxes }) });
  });

  interface TvParams extends TorchvisionParams {
    readonly anchor_sizes: number[][]; readonly ratios: number[]; readonly p6: string; readonly head_norm: string | null; readonly box_loss: string; readonly topk: number; readonly focal: [number, number];
  }
  interface TvExpected extends TorchvisionExpected { readonly head: Record<"cls_logits" | "bbox_regression", Expected> }

  function torchvisionOptions({ params, ...one }: Pick<OracleCase<TvParams>, "function" | "params">): RetinaNetOptions {
    checkKeys("params", params, [...torchvisionKeys, "anchor_sizes", "ratios", "p6", "head_norm", "box_loss", "topk", "focal"]);
    const froms = { "from P5": "p5", "from C5": "c5" } as const;
    const [, groups] = /^GroupNorm\((\d+)\)$/.exec(params.head_norm ?? "") ?? [];
    expect(groups === undefined, `${params.head_norm} is a known norm`).toBe(params.head_norm === null);
    expect(Object.keys(froms)).toContain(params.p6);
    expect(["l1", "giou"]).toContain(params.box_loss);
    return {
      preset: one.function.startsWith("torchvision retinanet_v2 ") ? "torchvision-v2" : "torchvision",
      classes: params.classes,
      seed: 0,
      backbone: torchvisionBackbone(one),
      neck: { extraFrom: froms[params.p6 as keyof typeof froms] },
      head: { norm: groups === undefined ? "none" : { kind: "group", groups: Number(groups) } },
      anchors: { sizes: params.anchor_sizes, ratios: params.ratios },
      boxLoss: { kind: params.box_loss as "l1" | "giou" },
      focal: { alpha: params.focal[0], gamma: params.focal[1] },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, perLevel: params.topk, maxDetections: params.detections_per_img },
    };
  }

  it.each([...casesOf<TvParams, TorchvisionInputs, TvExpected>("torchvision retinanet with"), ...casesOf<TvParams, TorchvisionInputs, TvExpected>("torchvision retinanet_v2 with")])("%s", (_, one) => {
    checkKeys("expected", one.expected, [...torchvisionExpected, "head"]);
    const { head } = one.expected;
    compareTorchvision(retinanet(torchvisionOptions(one)), one, {
      heads: ({ prediction, close }) => {
        close("cls_logits", rows(prediction.logits, one.params.classes), head.cls_logits);
        close("bbox_regression", rows(prediction.boxes, 4), head.bbox_regression);
      },
    });
  }, patience);
});
