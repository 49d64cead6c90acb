import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { buildTraining } from "../../../lib/papers/build.ts";
import { buildDetector, detectorKinds, recipeOf, segments, type DetectorSpec } from "../../../lib/papers/detectors.ts";
import { calibrationExperiment, calibrationSetting } from "../../../lib/papers/sssd.ts";
import { recipeSettings } from "../../../lib/train/recipe.ts";
import type { Step } from "../../../lib/train/step.ts";
import { tinyExperiment, tinyScenes } from "../train/tiny.ts";

beforeAll(async () => { await loadBackend(); });

const dataset = tinyScenes(4);

/** Each with the tiny preset's recipe: two steps of it. */
async function twoSteps(detector: DetectorSpec, changes: Parameters<typeof tinyExperiment>[1] = {}): Promise<Step[]> {
  const training = recipeSettings(recipeOf(detector).schedule, { images: 4, batchSize: 2, iterations: 2 });
  const built = await buildTraining(tinyExperiment(2, { detector, training, ...changes }), { dataset, seed: 1 });
  const steps: Step[] = [];
  try {
    for await (const step of built.training.steps()) steps.push(step);
  } finally {
    built.dispose();
  }
  return steps;
}

const tiny = { preset: "tiny", backbone: "tiny-4" } as const;

describe("an experiment", () => {
  it.each(detectorKinds)("trains a %s by its preset's recipe, and gives everything back", async (kind) => {
    const before = tf.memory().numTensors;
    const steps = await twoSteps({ kind, ...tiny }, { method: undefined });
    expect(steps).toHaveLength(2);
    expect(steps.every(({ total, gradientNorm }) => Number.isFinite(total) && gradientNorm > 0)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("learns from masks where its detector does", async () => {
    expect(segments({ kind: "cascadeRcnn", ...tiny })).toBe(false);
    expect(segments({ kind: "cascadeRcnn", ...tiny, masks: true })).toBe(true);
    expect(segments({ kind: "cascadeRcnn", preset: "mmdet-mask" })).toBe(true);
    const [{ losses }] = await twoSteps({ kind: "maskRcnn", ...tiny }, { method: undefined });
    expect(Object.keys(losses)).toContain("mask");
  });

  it("distils into a detector of two stages, as the paper's calibration does", async () => {
    const steps = await twoSteps({ kind: "fasterRcnn", ...tiny }, { method: { name: "sssd", lambda: [[0, 5]], options: { heads: 2, distillFrom: 1 } } });
    expect(Object.keys(steps[1].losses)).toEqual(expect.arrayContaining(["rpn.class", "roi.box", "teacher.roi.class", "distill"]));
    expect(Number.isFinite(steps[1].total)).toBe(true);
  });

  it("of the paper's calibration is LGD's Faster R-CNN from MSRA weights", () => {
    const { detector, weights, data, training, method } = calibrationExperiment(calibrationSetting("paper", 640), { method: "lgd", lambda: 1 });
    expect(detector).toMatchObject({ kind: "fasterRcnn", preset: "detectron2-lgd", channels: 256 });
    expect({ weights, ...data }).toMatchObject({ weights: "detectron2/MSRA/R-50", batchSize: 16, transforms: { normalise: "caffe", resize: { long: 1333, rule: "detectron2" } } });
    expect(training).toMatchObject({ iterations: 1000, learningRate: { base: 0.02, warmup: 1000 }, clipValue: 1 });
    // Its file is faster_rcnn_R_50_2xMS_stuGuided_addCtxBox=NO_detachAppearanceEmbed=YES….
    expect(method).toMatchObject({ options: { addContextBox: false, detachAppearanceEmbed: true } });
  });

  it("says which detectors and presets there are", () => {
    expect(() => buildDetector({ kind: "yolo" } as never, { classes: 2, seed: 0 })).toThrow(/no detector "yolo"; allowed: retinanet, fcos, gfl, atss, fasterRcnn, maskRcnn, cascadeRcnn/);
    expect(() => buildDetector({ kind: "fcos", classes: 7 } as never, { classes: 2, seed: 0 })).toThrow("detector.classes follows from the data's categories; leave it out");
    expect(() => recipeOf({ kind: "gfl", preset: "torchvision" as never })).toThrow(/preset "torchvision" of gfl is unknown; allowed: mmdet, mmdet-2x, tiny/);
  });
});
