import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Target } from "../../../lib/data/batch.ts";
import { cascadeRcnn, type CascadeRcnnOptions } from "../../../lib/detector/cascade-rcnn.ts";
import { resolveCascadeRcnn } from "../../../lib/detector/options/cascade-rcnn.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const small: CascadeRcnnOptions = { preset: "tiny", backbone: "tiny-8", channels: 16, classes: 3, seed: 1 };

function target(boxes: readonly number[], labels: readonly number[]): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: 64, height: 64, scaleX: 1, scaleY: 1, flipped: false };
}

const some = [target([4, 6, 30, 28, 20, 20, 50, 60], [0, 2]), target([10, 10, 34, 34], [1])];
const images = () => normal([2, 64, 64, 3], "images") as tf.Tensor4D;

function withDetector(options: CascadeRcnnOptions, f: (detector: Detector) => void): void {
  const detector = cascadeRcnn(options);
  try {
    tf.tidy(() => { f(detector); });
  } finally {
    detector.dispose();
  }
}

function lossesOf(detector: Detector): Record<string, number> {
  return Object.fromEntries(Object.entries(detector.loss(detector.forward(images()), some)).map(([name, value]) => [name, value.dataSync()[0]]));
}

describe("a cascade without masks", () => {
  it("has no mask heads, asks for no masks, and detects boxes alone", () => {
    withDetector(small, (detector) => {
      expect(Object.keys(lossesOf(detector))).toEqual(["rpn.class", "rpn.box", ...[1, 2, 3].flatMap((s) => [`stage${s}.class`, `stage${s}.box`])]);
      expect(detector.parameters().some(({ name }) => name.includes("mask"))).toBe(false);
      const found = detector.decode(detector.forward(images()), some);
      expect(found.map((image) => "masks" in image)).toEqual([false, false]);
    });
    expectNoLeak(() => { withDetector(small, (detector) => { lossesOf(detector); }); });
  });

  it("weighs its stages", () => {
    const stages = resolveCascadeRcnn(small).stages;
    let [once, twice]: Record<string, number>[] = [{}, {}];
    withDetector(small, (detector) => { once = lossesOf(detector); });
    withDetector({ ...small, stages: stages.map((stage, s) => ({ ...stage, weight: stage.weight * (s === 2 ? 2 : 1) })) }, (detector) => { twice = lossesOf(detector); });
    for (const [name, value] of Object.entries(once)) expect(twice[name], name).toBeCloseTo(value * (name.startsWith("stage3") ? 2 : 1), 6);
  });

  it("reads every stage from the boxes that the one before it moved", () => {
    withDetector(small, (detector) => {
      const before = lossesOf(detector);
      const moving = detector.parameters().find(({ name }) => name === "roi_head.bbox_head.0.fc_reg.bias")!;
      moving.variable.assign(tf.tensor1d([3, 3, 0, 0])); // σ is 0.1: every box moves by 0.3 of its sides
      const after = lossesOf(detector);
      expect(after["stage1.class"]).toBe(before["stage1.class"]);
      for (const name of ["stage2.class", "stage3.class"]) expect(after[name], name).not.toBe(before[name]);
    });
  });

  it("keeps regions where they are when its network has diverged", () => {
    withDetector(small, (detector) => {
      detector.parameters().find(({ name }) => name === "roi_head.bbox_head.0.fc_reg.bias")!.variable.assign(tf.fill([4], NaN));
      const losses = lossesOf(detector);
      expect(losses["stage1.box"]).toBeNaN();
      expect(Number.isFinite(losses["stage2.class"])).toBe(true);
      expect(detector.decode(detector.forward(images()), some)).toHaveLength(2);
    });
  });

  const ofMmdet = resolveCascadeRcnn("mmdet").stages;

  it.each<[string, Partial<Record<string, unknown>>, string]>([
    ["a preset", { preset: "mmdet-x152" }, 'preset "mmdet-x152" of cascadeRcnn is unknown; allowed: mmdet, mmdet-mask, mmdet-x101-32x4d-dconv, tiny'],
    ["boxes per class", { box: { agnostic: false } }, 'cascadeRcnn box has no option "agnostic"'],
    ["no stage", { stages: [] }, "cascadeRcnn option stages is []; it must be a list of at least one stage"],
    ["a weight", { stages: ofMmdet.map((stage) => ({ ...stage, weight: -1 })) }, "cascadeRcnn option stages[0].weight is -1"],
    ["an assignment", { stages: ofMmdet.map((stage) => ({ ...stage, assign: { ...stage.assign, negative: 0.9 } })) }, "cascadeRcnn option stages[0].assign.negative is 0.9; it must be at most stages[0].assign.positive (0.5)"],
  ])("that has %s it cannot have is refused by name", (_, change, message) => {
    expect(() => cascadeRcnn({ ...small, ...change })).toThrow(message);
  });
});

describe("Cascade R-CNN's presets", () => {
  it("mmdet's trains 69.2 million parameters for 80 classes", () => {
    const detector = cascadeRcnn("mmdet");
    const size = detector.parameters().reduce((sum, { variable, frozen }) => (frozen ? sum : sum + variable.size), 0);
    expect((size / 1e6).toFixed(1)).toBe("69.2");
    detector.dispose();
  });

  it("Shared-KD's teacher deforms C3 to C5 of ResNeXt-101 32×4d and has masks", () => {
    const { backbone, masks, stages, rpn, box, name } = resolveCascadeRcnn("mmdet-x101-32x4d-dconv");
    expect(backbone).toMatchObject({ name: "resnext-101-32x4d", groups: 32, width: 4, dcn: { stages: [3, 4, 5], version: 1 }, norm: { kind: "affine" }, frozenStages: 1, stride: "3x3" });
    expect([masks, box.beta, rpn.beta, rpn.train.total, rpn.region]).toEqual([true, 1, 1 / 9, 2000, "whole"]);
    expect(stages.map(({ assign, weight, coder }) => [assign.positive, weight, coder.weights.map((w) => Number((1 / w).toFixed(3)))])).toEqual([
      [0.5, 1, [0.1, 0.1, 0.2, 0.2]], [0.6, 0.5, [0.05, 0.05, 0.1, 0.1]], [0.7, 0.25, [0.033, 0.033, 0.067, 0.067]],
    ]);
    expect(name).toBe("cascade-mask-rcnn-mmdet-x101-32x4d-dconv-resnext-101-32x4d");
  });
});
