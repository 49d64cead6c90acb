import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { gridAnchors } from "../../lib/detector/anchors.ts";
import { resolveFasterRcnn, type FasterRcnnOptions } from "../../lib/detector/options/faster-rcnn.ts";
import { fasterRcnn } from "../../lib/detector/faster-rcnn.ts";
import { rpnLoss } from "../../lib/detector/loss/rpn.ts";
import { proposals } from "../../lib/detector/rpn/proposals.ts";
import { assignRpn, sampleRpn, type RpnAssignment, type RpnTargets } from "../../lib/detector/rpn/targets.ts";
import { headNetwork, mapsOf, type HeadTolerance, type MmHeadExpected, type MmHeadInputs, type MmHeadParams } from "./detectors-heads.ts";
import { mmdetRpn, type MmRpnHead, type MmRpnTest, type MmRpnTrain } from "./detectors-mmdet-roi.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, expectTensor, nchw, tensorOf, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { compareFirstStage, expectProposals, twoStageLosses, twoStageOptions, type TwoStageExpected, type TwoStageParams } from "./detectors-two-stage.ts";
import { compareTorchvision, expectDetections, patience, target, type Size, type TorchvisionInputs, type WholeTolerance } from "./detectors-whole.ts";

/** A proposal network over the preset's settings, and its anchors on these maps. */
function proposalNetwork(options: Omit<FasterRcnnOptions, "seed" | "classes">, { maps, image, strides }: { readonly maps: readonly Size[]; readonly image: Size; readonly strides?: readonly number[] }) {
  const { rpn } = resolveFasterRcnn({ ...options, classes: 100, seed: 0 });
  const grids = maps.map(([height, width], l) => {
    const [strideY, strideX] = rpn.anchors.strides === "level" ? [strides![l], strides![l]] : [Math.floor(image[0] / height), Math.floor(image[1] / width)];
    return { height, width, strideY, strideX };
  });
  return { rpn, anchors: gridAnchors(rpn.anchors, grids) };
}

describe.skipIf(allCases.length === 0)("oracles: Faster R-CNN", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface FilterParams { readonly image_size: Size; readonly image_sizes: Size[]; readonly feature_sizes: Size[]; readonly sizes: number[]; readonly pre_nms: number; readonly post_nms: number; readonly score_thresh: number }
  interface Filtered { readonly count: number; readonly boxes_first: Whole; readonly boxes: Expected; readonly scores: Expected }

  it.each(casesOf<FilterParams, { objectness: Formula[]; deltas: Formula[] }, Filtered[]>("torchvision RegionProposalNetwork"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["image_size", "image_sizes", "feature_sizes", "sizes", "pre_nms", "post_nms", "score_thresh"]);
    const { backbone, neck } = headNetwork(params.sizes.map((_size, l) => 4 * 2 ** l));
    const { rpn, anchors } = proposalNetwork({
      preset: "torchvision", backbone, neck,
      rpn: { anchors: { sizes: params.sizes.map((size) => [size]) }, test: { perLevel: params.pre_nms, total: params.post_nms, scoreThreshold: params.score_thresh } },
    }, { maps: params.feature_sizes, image: params.image_size });
    tf.tidy(() => {
      const maps = (list: Formula[]) => list.map((formula) => tf.reshape<tf.Rank.R4>(tensorOf(formula), [formula.shape[0], formula.shape[1], formula.shape[2], -1]));
      const sizes = params.image_sizes.map(([height, width]) => ({ height, width }));
      const found = proposals({ logits: maps(inputs.objectness), boxes: maps(inputs.deltas) }, sizes, { ...rpn.test, coder: rpn.coder, anchors });
      for (const [i, wanted] of expected.entries()) {
        checkKeys("expected", wanted, ["count", "boxes_first", "boxes", "scores"]);
        expectProposals(`image ${i}`, found[i], { count: wanted.count, first: wanted.boxes_first, all: wanted.boxes }, tolerance as number);
        expectTensor(`image ${i}: scores`, { shape: [wanted.count], data: found[i].scores }, wanted.scores, tolerance as number);
      }
    });
  });

  type MmParams = MmHeadParams<MmRpnHead & { readonly train_cfg: MmRpnTrain }, MmRpnTest & { readonly score_thr: number }>;

  it.each(casesOf<MmParams, MmHeadInputs, MmHeadExpected>("mmdet RPNHead"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["head", "test", "image_shapes", "feature_sizes"]);
    checkKeys("head", params.head, ["type", "anchor_generator", "bbox_coder", "loss_cls", "loss_bbox", "train_cfg"]);
    checkKeys("expected", expected, ["losses", "gradients", "detections"]);
    checkKeys("losses", expected.losses, ["loss_rpn_cls", "loss_rpn_bbox"]);
    const { head, test: { score_thr: scoreThreshold, ...test } } = params;
    const { strides } = head.anchor_generator;
    const { backbone, neck } = headNetwork(strides);
    const settings = mmdetRpn(head, head.train_cfg, { train: test, test });
    const { rpn, anchors } = proposalNetwork({ preset: "mmdet", backbone, neck, rpn: { ...settings, test: { ...settings.test, scoreThreshold } } }, { maps: params.feature_sizes, image: params.image_shapes[0], strides });
    const allowed = tolerance as HeadTolerance;
    const targets = inputs.gt.map(({ boxes, labels }, i) => target(boxes.data.map(Number), labels, params.image_shapes[i]));
    tf.tidy(() => {
      const [logits, deltas] = [mapsOf(inputs.predictions.cls), mapsOf(inputs.predictions.box)];
      const assignments = assignRpn(targets, anchors, { ...rpn, classes: 100 });
      const sampled = sampleRpn(assignments, anchors, { ...rpn, seed: 0 }, { iteration: 0 });
      const losses: Record<string, number> = {};
      const grads = tf.grads((...xs: tf.Tensor[]) => {
        const maps = { logits: xs.slice(0, logits.length) as tf.Tensor4D[], boxes: xs.slice(logits.length) as tf.Tensor4D[] };
        const terms = { loss_rpn_cls: rpnLoss(maps, objectnessOfFirstClass(sampled, assignments, targets), rpn).class, loss_rpn_bbox: rpnLoss(maps, sampled, rpn).box };
        for (const [name, value] of Object.entries(terms)) losses[name] = value.dataSync()[0];
        return tf.add(terms.loss_rpn_cls, terms.loss_rpn_bbox);
      })([...logits, ...deltas]);
      for (const [name, perLevel] of Object.entries(expected.losses)) expectRelative(name, losses[name], [perLevel].flat().reduce((a, b) => a + b), allowed.losses_rel);
      for (const [l, wanted] of expected.gradients.cls!.entries()) expectLive(`gradient of cls${l}`, nchw(grads[l]), wanted, allowed.gradients);
      for (const [l, wanted] of expected.gradients.box!.entries()) expectLive(`gradient of box${l}`, nchw(grads[logits.length + l]), wanted, allowed.gradients);
      const found = proposals({ logits, boxes: deltas }, targets, { ...rpn.test, coder: rpn.coder, anchors });
      for (const [i, image] of found.entries()) expectDetections(`image ${i}`, { ...image, labels: new Int32Array(image.scores.length) }, expected.detections[i], allowed);
    });
  });

  /**
   * The cases hand objects of several classes to a head of one class (background = 1), which the whole detector never does:
   * anchors of objects whose label is not 0 are positive for the boxes and for the normaliser, but background for the objectness.
   */
  function objectnessOfFirstClass(sampled: RpnTargets, assignments: readonly RpnAssignment[], targets: readonly Target[]): RpnTargets {
    const count = assignments[0].assignment.length;
    const isFirst = (row: number) => targets[Math.floor(row / count)].labels[assignments[Math.floor(row / count)].assignment[row % count]] === 0;
    const positives = Array.from(sampled.rows.subarray(0, sampled.positives));
    const ones = positives.filter(isFirst);
    const rows = Int32Array.from([...ones, ...positives.filter((row) => !isFirst(row)), ...sampled.rows.subarray(sampled.positives)]);
    return { ...sampled, rows, positives: ones.length, regression: new Float32Array(4 * ones.length) };
  }

  it.each(casesOf<TwoStageParams, TorchvisionInputs, TwoStageExpected>("torchvision faster_rcnn with"))("%s", (_, one) => {
    const detector = fasterRcnn(twoStageOptions(one).options);
    const { expected } = one;
    compareTorchvision(detector, one, {
      heads: (seen) => {
        const regions = compareFirstStage(seen, expected, { tolerance: (one.tolerance as WholeTolerance).boxes, propose: (phase) => detector.proposals(seen.prediction, seen.targets, phase) });
        const { logits, deltas } = detector.classify(seen.prediction.pyramid, regions);
        seen.close("class_logits", logits, expected.box_head.class_logits);
        seen.close("box_regression", deltas, expected.box_head.box_regression);
      },
      losses: twoStageLosses,
      first: 1,
    });
  }, patience);
});
