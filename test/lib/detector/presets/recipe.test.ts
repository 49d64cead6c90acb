import { describe, expect, it } from "vitest";
import { checkTransforms } from "../../../../lib/data/transforms.ts";
import { atssPresets } from "../../../../lib/detector/presets/atss.ts";
import { fcosPresets } from "../../../../lib/detector/presets/fcos.ts";
import { gflPresets } from "../../../../lib/detector/presets/gfl.ts";
import type { Recipe } from "../../../../lib/detector/presets/recipe.ts";
import { retinaNetPresets } from "../../../../lib/detector/presets/retinanet.ts";

const detectors: Readonly<Record<string, Readonly<Record<string, { readonly recipe: Recipe }>>>> = { retinanet: retinaNetPresets, fcos: fcosPresets, gfl: gflPresets, atss: atssPresets };
const all = Object.entries(detectors).flatMap(([detector, presets]) => Object.entries(presets).map(([preset, { recipe }]): [string, Recipe] => [`${detector} ${preset}`, recipe]));

describe("a preset's recipe", () => {
  it.each(all)("of %s prepares images as the data loader takes it, and drops its rate before it ends", (_, { input, schedule }) => {
    expect(() => { checkTransforms(input.train); checkTransforms(input.test); }).not.toThrow();
    expect(schedule.drops.every((drop) => drop > 0 && drop < schedule.length)).toBe(true);
  });

  it("of torchvision's second RetinaNet draws the short edge from 480, 512, … 800 (--data-augmentation multiscale); the first's is 800", () => {
    const resizeOf = (preset: "torchvision" | "torchvision-v2", use: "train" | "test") => retinaNetPresets[preset].recipe.input[use].resize;
    expect(resizeOf("torchvision-v2", "train")).toEqual({ kind: "edge", short: [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800], long: 1333, rule: "torchvision" });
    expect(resizeOf("torchvision-v2", "test")).toEqual(resizeOf("torchvision", "test"));
    expect(resizeOf("torchvision", "train")).toMatchObject({ short: 800 });
  });

  it("differs between 1x and 2x in the schedule alone, and for FCOS and GFL also in the sizes", () => {
    const network = ({ recipe: _, ...rest }: { recipe: Recipe }) => rest;
    expect(network(retinaNetPresets["mmdet-2x"])).toEqual(network(retinaNetPresets.mmdet));
    expect(retinaNetPresets["mmdet-2x"].recipe.input).toEqual(retinaNetPresets.mmdet.recipe.input);
    for (const [once, twice] of [[fcosPresets.mmdet, fcosPresets["mmdet-2x"]], [gflPresets.mmdet, gflPresets["mmdet-2x"]]]) {
      expect(network(twice)).toEqual(network(once));
      expect([once.recipe.schedule.length, twice.recipe.schedule.length]).toEqual([12, 24]);
      expect(twice.recipe.input.train).not.toEqual(once.recipe.input.train);
    }
  });
});
