import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
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
import { ellipses, expectMaskDetections, mmdetRoi, mmdetRpn, ourTerm, type FoundMasks, type MmRoiHead, type MmRoiTest, type MmRoiTrain, type MmRpnHead, type MmRpnTest, type MmRpnTrain } from "./detectors-mmdet-roi.ts";
import { mmdetFeatures, type MmFeatures } from "./detectors-mmdet.ts";
import { allCases, casesOf, checkKeys, expectTensor, nchw, weights, type Expected, type Sampled } from "./detectors-oracle.ts";
import { compareFirstStage, twoStageLosses, twoStageOptions, type TwoStageExpected, type TwoStageParams } from "./detectors-two-stage.ts";
import { compareMmdet, compareTorchvision, patience, type MmdetExpected, type MmdetInputs, type MmdetParams, type Seen, type Size, type TorchvisionInputs, type WholeTolerance } from "./detectors-whole.ts";

describe.skipIf(allCases.length === 0)("oracles: Mask R-CNN and Cascade Mask R-CNN", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  interface TvExpected extends TwoStageExpected<FoundMasks & { mask_sample: Sampled }> { readonly mask_logits: Expected }

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

  it.each(casesOf<TwoStageParams, TorchvisionInputs, TvExpected>("torchvision mask_rcnn with"))("%s", (_, one) => {
    const { params, inputs, expected } = one;
    const tolerance = one.tolerance as WholeTolerance;
    const { options, maskSize } = twoStageOptions(one);
    const settings: MaskRcnnOptions = { ...options, mask: { size: maskSize } };
    const parts = torchvisionParts(settings, weights(one, params.seed_prefix));
    const originals = inputs.images.map(({ shape: [, height, width] }) => ({ height, width }));
    compareTorchvision(maskRcnn(settings), one, {
      losses: { ...twoStageLosses, loss_mask: "mask" },
      first: 1,
      complete: (own, i) => ({
        ...own,
        imageId: i,
        masks: ellipses(Float32Array.from(inputs.targets[i].boxes.flat()), originals[i]).map((mask) => nearest(mask, [own.height, own.width])),
      }),
      heads: (seen) => { compareHeads(parts, seen, { expected, tolerance }); },
      detections: ({ prediction, targets, found, raw, image }) => {
        const probabilities = maskProbabilities(parts, prediction.pyramid, { found: raw, image });
        expect(raw.masks, `image ${image}: masks in the batch's pixels`).toEqual(pasteMasks(probabilities, raw.boxes, { convention: "torchvision", size: targets[image] }));
        const masks = pasteMasks(probabilities, found.boxes, { convention: "torchvision", size: originals[image] });
        expectMaskDetections(`image ${image}`, { ...found, masks, labels: found.labels.map((label) => label + 1) }, expected.detections[image], tolerance);
        expectPixels(`image ${image}: pasted probabilities`, { probabilities, boxes: found.boxes, size: originals[image] }, expected.detections[image].mask_sample);
      },
    });
    parts.store.dispose();
  }, patience);

  /** Proposals, and what box and mask head say about them. */
  function compareHeads({ first, box, mask, masks, decode }: ReturnType<typeof torchvisionParts>, seen: Seen, { expected, tolerance }: { readonly expected: TvExpected; readonly tolerance: WholeTolerance }): void {
    const { prediction, targets, close } = seen;
    const proposals = compareFirstStage(seen, expected, { tolerance: tolerance.boxes, propose: (phase) => first.proposals(prediction, targets, phase) });
    const output = box.run(prediction.pyramid, proposals);
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

  interface MmModel extends MmFeatures {
    readonly rpn_head: MmRpnHead;
    readonly roi_head: Omit<MmRoiHead, "train_cfg">;
    readonly train_cfg: { readonly rpn: MmRpnTrain; readonly rpn_proposal: MmRpnTest; readonly rcnn: MmRoiTrain[] };
  }
  interface MmParams extends MmdetParams { readonly model: MmModel; readonly test: { readonly rpn: MmRpnTest; readonly rcnn: MmRoiTest } }

  /** mmdet's configuration as ours; fails for settings that have no counterpart here. */
  function mmdetOptions({ model, test }: MmParams): CascadeRcnnOptions {
    checkKeys("model", model, ["backbone", "type", "neck", "rpn_head", "roi_head", "train_cfg", "test_cfg"]);
    checkKeys("rpn_head", model.rpn_head, ["type", "in_channels", "feat_channels", "anchor_generator", "bbox_coder", "loss_cls", "loss_bbox"]);
    checkKeys("train_cfg", model.train_cfg, ["rpn", "rpn_proposal", "rcnn"]);
    const { rpn_head: head, train_cfg: { rpn, rpn_proposal: proposal, rcnn } } = model;
    const { agnostic, strides, mask, ...options } = mmdetRoi({ ...model.roi_head, train_cfg: rcnn }, test.rcnn);
    expect([agnostic, strides]).toEqual([true, head.anchor_generator.strides.slice(0, strides.length)]);
    return { ...options, preset: mask ? "mmdet-mask" : "mmdet", seed: 0, ...mmdetFeatures(model), rpn: mmdetRpn(head, rpn, { train: proposal, test: test.rpn }), ...(mask && { mask }) };
  }

  it.each(casesOf<MmParams, MmdetInputs, MmdetExpected<FoundMasks>>("mmdet CascadeRCNN"))("%s", (_, one) => {
    const { params, expected } = one;
    const detector = cascadeRcnn(mmdetOptions(params));
    expect(detector.strides).toEqual(params.model.rpn_head.anchor_generator.strides);
    const compared = Object.keys(expected.losses).filter((name) => !name.endsWith("acc"));
    compareMmdet(detector, one, {
      heads: ({ logits, boxes }) => ({ objectness: logits, deltas: boxes }),
      losses: Object.fromEntries(compared.map((name) => [name, ourTerm(name)])),
      complete: (own, i) => ({ ...own, image: i, imageId: i, masks: ellipses(own.boxes, own) }),
      detections: (what, found, i) => { expectMaskDetections(what, found, expected.detections[i], one.tolerance as WholeTolerance); },
    });
  });
});
