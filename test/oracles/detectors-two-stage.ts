import { expect } from "vitest";
import type { FasterRcnnOptions } from "../../lib/detector/options/faster-rcnn.ts";
import type { Proposals } from "../../lib/detector/rpn/proposals.ts";
import { checkKeys, expectTensor, nchw, type Expected, type OracleCase, type Whole } from "./detectors-oracle.ts";
import { torchvisionBackbone, torchvisionExpected, torchvisionKeys, type Found, type Seen, type TorchvisionExpected, type TorchvisionParams } from "./detectors-whole.ts";

export interface TwoStageParams extends TorchvisionParams {
  readonly classes_with_background: number; readonly anchor_sizes: number[]; readonly ratios: number[];
  readonly rpn_pre_nms: number; readonly rpn_post_nms: number; readonly rpn_nms: number; readonly rpn_fg: number; readonly rpn_bg: number;
  readonly box_fg: number; readonly box_bg: number; readonly box_weights: [number, number, number, number]; readonly sampling: string; readonly roi: string;
}

export interface TwoStageExpected<F extends Found = Found> extends TorchvisionExpected<F> {
  readonly rpn_head: Record<"objectness" | "deltas", Expected[]>; readonly proposals: { count: number; first: Whole; all: Expected }[];
  readonly training_proposals_per_image: number[]; readonly box_head: Record<"class_logits" | "box_regression", Expected>;
}

/** torchvision's names of the losses, and ours. */
export const twoStageLosses = { loss_objectness: "rpn.class", loss_rpn_box_reg: "rpn.box", loss_classifier: "roi.class", loss_box_reg: "roi.box" } as const;

/** As `7x7 (masks 14x14), sampling ratio 2, not aligned, canonical 224 at level 4 on P2-P5`. */
const roiText = /^(\d+)x(\d+) \(masks (\d+)x(\d+)\), sampling ratio (\d+), (not )?aligned, canonical (\d+) at level 4 on P2-P5$/;

/** What a case states, over the torchvision preset. */
export function twoStageOptions(one: Pick<OracleCase<TwoStageParams>, "function" | "params"> & { readonly expected: object }): { readonly options: Omit<FasterRcnnOptions, "preset"> & { readonly preset: "torchvision" }; readonly maskSize: [number, number] } {
  const { params } = one;
  checkKeys("params", params, [...torchvisionKeys, "classes_with_background", "anchor_sizes", "ratios", "rpn_pre_nms", "rpn_post_nms", "rpn_nms", "rpn_fg", "rpn_bg", "box_fg", "box_bg", "box_weights", "sampling", "roi"]);
  checkKeys("expected", one.expected, [...torchvisionExpected, "rpn_head", "proposals", "training_proposals_per_image", "box_head", "mask_logits"]);
  const roi = roiText.exec(params.roi);
  expect(roi, `"${params.roi}" is a known way of reading regions`).not.toBeNull();
  expect([params.sampling, params.classes_with_background]).toEqual(["every candidate is used (batch sizes 10^6)", params.classes + 1]);
  const [, rows, columns, maskRows, maskColumns, ratio, not, canonical] = roi!;
  const filter = { perLevel: params.rpn_pre_nms, total: params.rpn_post_nms, nms: params.rpn_nms };
  return {
    options: {
      preset: "torchvision",
      classes: params.classes,
      seed: 0,
      backbone: torchvisionBackbone(one),
      rpn: { anchors: { sizes: params.anchor_sizes.map((size) => [size]), ratios: params.ratios }, assign: { positive: params.rpn_fg, negative: params.rpn_bg }, sampling: { count: 1e6 }, train: filter, test: filter },
      roi: { samplingRatio: Number(ratio), aligned: not === undefined, levels: { canonical: Number(canonical) } },
      box: { size: [Number(rows), Number(columns)], assign: { positive: params.box_fg, negative: params.box_bg }, coder: { weights: params.box_weights }, sampling: { count: 1e6 } },
      decode: { scoreThreshold: params.score_thresh, nms: params.nms, maxDetections: params.detections_per_img },
    },
    maskSize: [Number(maskRows), Number(maskColumns)],
  };
}

/** The proposal network: its outputs, its proposals, and how many there are in training. */
export function compareFirstStage({ prediction, targets, close }: Seen, expected: TwoStageExpected, { tolerance, propose }: { readonly tolerance: number; readonly propose: (phase: "train" | "test") => Proposals[] }): Proposals[] {
  for (const [key, maps] of [["objectness", prediction.logits], ["deltas", prediction.boxes]] as const) {
    expect(maps.length, `levels of ${key}`).toBe(expected.rpn_head[key].length);
    for (const [l, wanted] of expected.rpn_head[key].entries()) close(`${key} ${l}`, nchw(maps[l]), wanted);
  }
  const regions = propose("test");
  expect(regions.length).toBe(targets.length);
  for (const [i, { count, first, all }] of expected.proposals.entries()) expectProposals(`image ${i}`, regions[i], { count, first, all }, tolerance);
  expect(propose("train").map(({ scores }) => scores.length)).toEqual(expected.training_proposals_per_image);
  return regions;
}

export function expectProposals(what: string, { boxes, scores }: Proposals, { count, first, all }: { readonly count: number; readonly first: Whole; readonly all: Expected }, tolerance: number): void {
  expect(scores.length, `${what}: number of proposals`).toBe(count);
  expectTensor(`${what}: first proposals`, { shape: first.shape, data: boxes.subarray(0, 4 * first.shape[0]) }, first, tolerance);
  expectTensor(`${what}: proposals`, { shape: [count, 4], data: boxes }, all, tolerance);
}
