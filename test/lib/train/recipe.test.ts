import { describe, expect, it } from "vitest";
import { fcosPresets } from "../../../lib/detector/presets/fcos.ts";
import { atssPresets } from "../../../lib/detector/presets/atss.ts";
import { cascadeRcnnPresets } from "../../../lib/detector/presets/cascade-rcnn.ts";
import { gflPresets } from "../../../lib/detector/presets/gfl.ts";
import { fasterRcnnPresets } from "../../../lib/detector/presets/faster-rcnn.ts";
import { maskRcnnPresets } from "../../../lib/detector/presets/mask-rcnn.ts";
import { retinaNetPresets } from "../../../lib/detector/presets/retinanet.ts";
import { optimiserOf, recipeSettings } from "../../../lib/train/recipe.ts";

/** COCO's train2017 with objects. */
const images = 117_266;

describe("recipeSettings", () => {
  it("is mmdetection's FCOS to the letter at its own batch size", () => {
    expect(recipeSettings(fcosPresets.mmdet.recipe.schedule, { images })).toEqual({
      iterations: Math.round((12 * images) / 16),
      learningRate: { base: 0.01, warmup: 500, warmupKind: "constant", warmupFactor: 1 / 3, drops: [Math.round((8 * images) / 16), Math.round((11 * images) / 16)] },
      momentum: 0.9, weightDecay: 1e-4, clipNorm: 35, biases: { learningRate: 2, weightDecay: 0 },
    });
  });

  it("sees as many images in small batches, at a rate in proportion; epochs keep their warm-up, iterations do not", () => {
    const lgd = recipeSettings(fasterRcnnPresets["detectron2-lgd"].recipe.schedule, { images, batchSize: 4 });
    expect(lgd).toMatchObject({ iterations: 720_000, learningRate: { base: 0.005, warmup: 4000, drops: [480_000, 640_000] }, clipValue: 1 });
    expect(lgd.norms).toBeUndefined(); // LGD's configurations decay norms, too
    const mmdet = recipeSettings(retinaNetPresets.mmdet.recipe.schedule, { images: 1000, batchSize: 8 });
    expect(mmdet).toMatchObject({ iterations: 1500, learningRate: { base: 0.005, warmup: 500, drops: [1000, 1375] } });
  });

  it("shrinks as a whole to another length", () => {
    const short = recipeSettings(retinaNetPresets.mmdet.recipe.schedule, { images: 1000, batchSize: 8, iterations: 150 });
    expect(short).toMatchObject({ iterations: 150, learningRate: { warmup: 50, drops: [100, 138] } });
    expect(recipeSettings(retinaNetPresets.mmdet.recipe.schedule, { images: 1000, batchSize: 8, iterations: 3000 }).learningRate).toMatchObject({ warmup: 500, drops: [2000, 2750] });
  });

  it("has a warm-up that fits few images: a third of a published recipe at most, a tenth of a tiny one", () => {
    const warmup = (schedule: Parameters<typeof recipeSettings>[0], count: number) => recipeSettings(schedule, { images: count }).learningRate.warmup;
    expect(recipeSettings(fcosPresets.tiny.recipe.schedule, { images: 205 })).toMatchObject({ iterations: 154, learningRate: { base: 0.01, warmup: 16, drops: [103, 141] } });
    expect(warmup(retinaNetPresets.mmdet.recipe.schedule, 205)).toBe(52);
    for (const { tiny } of [retinaNetPresets, fcosPresets, fasterRcnnPresets, maskRcnnPresets, gflPresets, atssPresets, cascadeRcnnPresets]) {
      expect(warmup(tiny.recipe.schedule, 205)).toBe(16);
      expect(warmup(tiny.recipe.schedule, images)).toBe(500);
    }
  });

  it("says AdamW and the decay of norms where the origin does", () => {
    expect(recipeSettings(retinaNetPresets["torchvision-v2"].recipe.schedule, { images })).toMatchObject({ optimiser: "adamw", weightDecay: 0.05, norms: { weightDecay: 0 }, learningRate: { base: 1e-4, warmup: 1000 } });
    expect(recipeSettings(maskRcnnPresets.detectron2.recipe.schedule, { images })).toMatchObject({ norms: { weightDecay: 0 }, learningRate: { base: 0.02 } });
  });

  it.each([{ images: 0 }, { images: 10, batchSize: 1.5 }, { images: 10, iterations: 0 }])("refuses %j", (options) => {
    expect(() => recipeSettings(retinaNetPresets.mmdet.recipe.schedule, options)).toThrow(/it must be a whole number above 0/);
  });
});

describe("optimiserOf", () => {
  it("gives each optimiser its own options", () => {
    const settings = { iterations: 10, learningRate: { base: 0.1 }, weightDecay: 0, momentum: 0.5, betas: [0.8, 0.9] as const };
    expect(optimiserOf(settings)).toMatchObject({ kind: "sgd", momentum: 0.5, weightDecay: 0 });
    expect(optimiserOf({ ...settings, optimiser: "adamw" })).toMatchObject({ kind: "adamw", betas: [0.8, 0.9], weightDecay: 0 });
    expect(optimiserOf({ ...settings, optimiser: "adamw" })).not.toHaveProperty("momentum");
  });
});
