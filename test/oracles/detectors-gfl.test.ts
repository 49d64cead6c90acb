import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { atss } from "../../lib/detector/atss.ts";
import { gfl, type GflOptions } from "../../lib/detector/gfl.ts";
import { compareMmdetHead, headNetwork, type MmHeadExpected, type MmHeadInputs, type MmHeadParams } from "./detectors-heads.ts";
import { checkDenseTrain, mmdetAnchors, mmdetDecode, mmdetFeatures, mmdetWeights, type MmAnchors, type MmCoder, type MmDenseTest, type MmDenseTrain, type MmFeatures } from "./detectors-mmdet.ts";
import { allCases, casesOf, checkKeys } from "./detectors-oracle.ts";
import { compareMmdet, type MmdetExpected, type MmdetInputs, type MmdetParams } from "./detectors-whole.ts";

const gflLosses = { loss_cls: "class", loss_bbox: "box", loss_dfl: "distribution" } as const;
const atssLosses = { loss_cls: "class", loss_bbox: "box", loss_centerness: "centerness" } as const;

describe.skipIf(allCases.length === 0)("oracles: GFL and ATSS", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface MmTrain extends MmDenseTrain { readonly assigner: { readonly type?: string; readonly topk: number } }
  interface MmHead {
    readonly num_classes: number;
    readonly stacked_convs?: number;
    readonly anchor_generator: MmAnchors;
    readonly reg_max?: number;
    readonly bbox_coder?: MmCoder;
    readonly loss_cls: { readonly beta: number; readonly gamma: number; readonly alpha: number; readonly loss_weight: number };
    readonly loss_dfl?: { readonly loss_weight: number };
    readonly loss_bbox: { readonly type: string; readonly loss_weight: number };
    readonly loss_centerness?: { readonly loss_weight: number };
    readonly train_cfg?: MmTrain;
  }

  /** What both heads have in common; fails for settings that have no counterpart here. */
  function commonOptions(head: MmHead, train: MmTrain, test: MmDenseTest): Pick<GflOptions, "classes" | "anchors" | "assign" | "decode"> & { readonly preset: "mmdet" } {
    checkKeys("bbox_head", head, ["type", "num_classes", "in_channels", "stacked_convs", "feat_channels", "anchor_generator", "reg_max", "bbox_coder", "loss_cls", "loss_dfl", "loss_bbox", "loss_centerness", "train_cfg"]);
    checkKeys("assigner", train.assigner, ["type", "topk"]);
    checkKeys("loss_bbox", head.loss_bbox, ["type", "loss_weight"]);
    checkDenseTrain(train);
    expect([head.loss_cls.loss_weight, head.loss_bbox.type, train.assigner.type ?? "ATSSAssigner"]).toEqual([1, "GIoULoss", "ATSSAssigner"]);
    return { preset: "mmdet", classes: head.num_classes, anchors: mmdetAnchors(head.anchor_generator), assign: { candidates: train.assigner.topk }, decode: mmdetDecode(test) };
  }

  function gflOptions(head: MmHead, train: MmTrain, test: MmDenseTest): Omit<GflOptions, "seed" | "head"> & { head: { bins: number } } {
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "beta", "loss_weight"]);
    return {
      ...commonOptions(head, train, test),
      head: { bins: head.reg_max! + 1 },
      loss: { beta: head.loss_cls.beta, box: head.loss_bbox.loss_weight, distribution: head.loss_dfl!.loss_weight },
    };
  }

  type HeadParams = MmHeadParams<MmHead & { train_cfg: MmTrain }, MmDenseTest>;

  it.each(casesOf<HeadParams, MmHeadInputs, MmHeadExpected>("mmdet GFLHead."))("%s", (_, one) => {
    const { head, test } = one.params;
    const options = gflOptions(head, head.train_cfg, test);
    compareMmdetHead(gfl({ ...options, ...headNetwork(head.anchor_generator.strides), head: { ...options.head, convs: 0, norm: "none" } }), one, gflLosses);
  });

  it.each(casesOf<HeadParams, MmHeadInputs, MmHeadExpected>("mmdet ATSSHead."))("%s", (_, one) => {
    const { head, test } = one.params;
    checkKeys("loss_cls", head.loss_cls, ["type", "use_sigmoid", "gamma", "alpha", "loss_weight"]);
    expect(head.loss_centerness!.loss_weight).toBe(1);
    const detector = atss({
      ...commonOptions(head, head.train_cfg, test),
      ...headNetwork(head.anchor_generator.strides),
      head: { convs: 0, norm: "none" },
      coder: mmdetWeights(head.bbox_coder!),
      focal: { alpha: head.loss_cls.alpha, gamma: head.loss_cls.gamma },
      boxLoss: { weight: head.loss_bbox.loss_weight },
    });
    compareMmdetHead(detector, one, atssLosses);
  });

  interface MmParams extends MmdetParams { readonly model: MmFeatures & { readonly bbox_head: MmHead; readonly train_cfg: MmTrain }; readonly test: MmDenseTest }

  it.each(casesOf<MmParams, MmdetInputs, MmdetExpected>("mmdet GFL.loss"))("%s", (_, one) => {
    const { model, test } = one.params;
    const { bbox_head: head } = model;
    checkKeys("model", model, ["backbone", "type", "neck", "bbox_head", "train_cfg"]);
    const options = gflOptions(head, model.train_cfg, test);
    const detector = gfl({ ...options, seed: 0, ...mmdetFeatures(model), head: { ...options.head, convs: head.stacked_convs ?? 4 } });
    expect(detector.strides).toEqual(head.anchor_generator.strides);
    compareMmdet(detector, one, { heads: ({ logits, boxes }) => ({ cls: logits, reg: boxes }), losses: gflLosses });
  });
});
