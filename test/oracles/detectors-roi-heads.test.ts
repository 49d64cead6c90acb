import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { encodeDeltas } from "../../lib/detector/coder/delta.ts";
import type { BoxOutput } from "../../lib/detector/heads/box.ts";
import { softmaxCrossEntropy } from "../../lib/detector/loss/softmax-cross-entropy.ts";
import { roiBoxLoss, roiBoxTargets, type RoiBoxLossOptions } from "../../lib/detector/loss/roi-box.ts";
import { sampleRois, type RoiSample, type RoiSamplingOptions } from "../../lib/detector/roi/sampling.ts";
import { fasterRcnnPresets as presets } from "../../lib/detector/presets/faster-rcnn.ts";
import { slopes } from "./detectors-mmdet-roi.ts";
import { allCases, casesOf, checkKeys, expectClose, expectLive, expectTensor, tensorOf, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { target } from "./detectors-whole.ts";

const floats = (whole: Whole) => Float32Array.from(whole.data, Number);

describe.skipIf(allCases.length === 0)("oracles: RoI heads", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface CrossEntropy { readonly mean: number; readonly dlogits_of_mean: Expected; readonly weighted: number; readonly dlogits_of_weighted: Expected }

  it.each(casesOf<{ avg_factor: number }, { logits: Formula; labels: number[]; weight: Whole }, CrossEntropy>("torch cross_entropy"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["mean", "dlogits_of_mean", "weighted", "dlogits_of_weighted"]);
    tf.tidy(() => {
      const labels = Int32Array.from(inputs.labels);
      const run = (rows: Float32Array) => slopes(([x]) => ({ loss: softmaxCrossEntropy(x as tf.Tensor2D, labels, rows) }), [tensorOf(inputs.logits)]);
      const mean = run(new Float32Array(labels.length).fill(1 / labels.length));
      const weighted = run(floats(inputs.weight).map((w) => w / params.avg_factor));
      expectClose("mean", [mean.values.loss], [expected.mean], tolerance as number);
      expectClose("weighted", [weighted.values.loss], [expected.weighted], tolerance as number);
      expectLive("gradient of the mean", mean.grads[0], expected.dlogits_of_mean, tolerance as number);
      expectLive("gradient of the weighted sum", weighted.grads[0], expected.dlogits_of_weighted, tolerance as number);
    });
  });

  it.each(casesOf<unknown, { class_logits: Formula; box_regression: Formula; labels: number[]; targets: Whole }, { classification: number; box: number; dclass: Expected; dbox: Expected }>("torchvision fastrcnn_loss"))("%s", (_, { inputs, expected, tolerance }) => {
    checkKeys("expected", expected, ["classification", "box", "dclass", "dbox"]);
    const labels = Int32Array.from(inputs.labels, (label) => label - 1);
    const regression = floats(inputs.targets).filter((_v, k) => labels[k >> 2] >= 0);
    const options = { ...presets.torchvision.box, classes: inputs.class_logits.shape[1] - 1 };
    tf.tidy(() => {
      const { values, grads: [dclass, dbox] } = slopes(([logits, deltas]) => ({ ...roiBoxLoss({ logits, deltas } as BoxOutput, { labels, regression }, options) }), [tensorOf(inputs.class_logits), tensorOf(inputs.box_regression)]);
      expectClose("classification", [values.class], [expected.classification], tolerance as number);
      expectClose("box", [values.box], [expected.box], tolerance as number);
      expectLive("gradient of the logits", dclass, expected.dclass, tolerance as number);
      expectLive("gradient of the boxes", dbox, expected.dbox, tolerance as number);
    });
  });

  interface D2Inputs { readonly scores: Formula; readonly deltas: Formula; readonly proposals: Whole; readonly gt: Whole; readonly classes: number[] }

  it.each(casesOf<{ weights: [number, number, number, number]; classes: number }, D2Inputs, { losses: Record<string, number>; dscores: Expected; ddeltas: Expected }>("FastRCNNOutputLayers"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["weights", "classes"]);
    checkKeys("expected", expected, ["losses", "dscores", "ddeltas"]);
    const sample: RoiSample = {
      boxes: floats(inputs.proposals),
      labels: Int32Array.from(inputs.classes, (c) => (c === params.classes ? -1 : c)),
      objects: Int32Array.from(inputs.classes.keys()),
      truths: new Uint8Array(inputs.classes.length),
    };
    const { box } = presets["detectron2-lgd"];
    const options: RoiBoxLossOptions = { ...box, classes: params.classes, agnostic: inputs.deltas.shape[1] === 4, coder: { ...box.coder, weights: params.weights } };
    tf.tidy(() => {
      const { values, grads } = slopes(([logits, deltas]) => ({ ...roiBoxLoss({ logits, deltas } as BoxOutput, roiBoxTargets([sample], [{ boxes: floats(inputs.gt) }], options.coder), options) }), [tensorOf(inputs.scores), tensorOf(inputs.deltas)]);
      expectClose("loss_cls", [values.class], [expected.losses.loss_cls], tolerance as number);
      expectClose("loss_box_reg", [values.box], [expected.losses.loss_box_reg], tolerance as number);
      expectLive("gradient of the scores", grads[0], expected.dscores, tolerance as number);
      expectLive("gradient of the boxes", grads[1], expected.ddeltas, tolerance as number);
    });
  });

  interface Sampling {
    readonly torchvision: { readonly proposals: Expected; readonly matched: number[]; readonly labels: number[]; readonly targets: Whole };
    readonly mmdet: { readonly pos_index: number[]; readonly neg_index: number[]; readonly pos_gt: number[]; readonly pos_is_gt: number[] };
  }

  it.each(casesOf<{ weights: [number, number, number, number] }, { proposals: Whole; gt: Whole; labels: number[] }, Sampling>("torchvision RoIHeads.select_training_samples"))("%s", (_, { params, inputs, expected, tolerance }) => {
    checkKeys("params", params, ["weights"]);
    checkKeys("expected", expected, ["torchvision", "mmdet"]);
    checkKeys("torchvision", expected.torchvision, ["proposals", "matched", "labels", "targets"]);
    checkKeys("mmdet", expected.mmdet, ["pos_index", "neg_index", "pos_gt", "pos_is_gt"]);
    const objects = floats(inputs.gt);
    const sample = (preset: "torchvision" | "mmdet"): RoiSample => {
      const { assign, truth, sampling } = presets[preset].box;
      const options: RoiSamplingOptions = { classes: 1 + Math.max(0, ...inputs.labels), assign, truth, ...sampling, count: 1e6, seed: 0 }; // every candidate
      return sampleRois([{ boxes: floats(inputs.proposals) }], [target(objects, inputs.labels, [1000, 1000])], options, { iteration: 0 })[0];
    };
    const appended = sample("torchvision");
    expectTensor("proposals", { shape: [appended.labels.length, 4], data: appended.boxes }, expected.torchvision.proposals, tolerance as number);
    const positives = Array.from(appended.labels.keys()).filter((r) => appended.labels[r] >= 0);
    expect(Array.from(appended.labels, (label, r) => (label < 0 ? 0 : inputs.labels[appended.objects[r]]))).toEqual(expected.torchvision.labels);
    for (const r of positives) expect(appended.objects[r]).toBe(expected.torchvision.matched[r]);
    const rows = (from: Float32Array, indices: readonly number[]) => indices.flatMap((i) => [...from.subarray(4 * i, 4 * i + 4)]);
    const deltas = encodeDeltas(rows(appended.boxes, positives), rows(objects, positives.map((r) => appended.objects[r])), { ...presets.torchvision.box.coder, weights: params.weights });
    expectClose("regression targets", deltas, expected.torchvision.targets.data, tolerance as number);
    const first = sample("mmdet");
    const of = (wanted: (r: number) => boolean) => Array.from(first.labels.keys()).filter(wanted);
    const found = of((r) => first.labels[r] >= 0);
    expect(found).toEqual(expected.mmdet.pos_index);
    expect(of((r) => first.labels[r] < 0)).toEqual(expected.mmdet.neg_index);
    expect(found.map((r) => first.objects[r])).toEqual(expected.mmdet.pos_gt);
    expect(found.map((r) => first.truths[r])).toEqual(expected.mmdet.pos_is_gt);
  });
});
